//! Change of the hot rows of a tower between two snapshots of its outputs.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads};
use crate::plan::{Buffer, Operation, Work};

shader!(
    RowChangeShader,
    "row_change",
    [shard: Shard, hot: Read, before: ReadRows, now: ReadRows, activity: Write]
);

/// See the module.
#[derive(Debug)]
pub struct RowChange {
    /// H, number of rows of the snapshots.
    pub rows: usize,
    /// O, width of a stored output.
    pub dim: usize,
    /// (H) distinct ids read, then [`crate::plan::NO_ID`].
    pub hot: Buffer,
    /// (H, O) the earlier snapshot, read.
    pub before: Buffer,
    /// (H, O) the later snapshot, read.
    pub now: Buffer,
    /// (R) largest change of an element, written for the hot rows.
    pub activity: Buffer,
}

impl Operation for RowChange {
    fn work(&self, _: usize) -> Work {
        Work::new(2 * self.rows * (self.dim + 1), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { hot, before, now, activity, .. } = *self;
        let shader = RowChangeShader { shard: Shard, hot, before, now, activity };
        vec![shader.dispatch(
            threads(self.rows),
            vec![("D4", (self.dim / 4).into()), ("ROWS", self.rows.into())],
        )]
    }
}
