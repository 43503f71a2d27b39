//! Change of the hot rows of a tower between two snapshots of its outputs.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Work};

pub(super) const ROW_CHANGE: Shader = shader!("row_change", [shard: Shard, hot: Read, before: ReadRows, now: ReadRows, activity: Write]);

/// See the module.
#[derive(Debug)]
pub struct RowChange {
    /// H, number of rows of the snapshots.
    pub rows: usize,
    /// D.
    pub dim: usize,
    /// (H) distinct ids read, then [`super::NO_ID`].
    pub hot: Buffer,
    /// (H, D) the earlier snapshot, read.
    pub before: Buffer,
    /// (H, D) the later snapshot, read.
    pub now: Buffer,
    /// (R) largest change of an element, written for the hot rows.
    pub activity: Buffer,
}

impl RowChange {
    pub(super) fn work(&self) -> Work {
        Work::new(2 * self.rows * (self.dim + 1), 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &ROW_CHANGE,
            buffers: vec![self.hot, self.hot, self.before, self.now, self.activity],
            constants: vec![("D4", (self.dim / 4).into()), ("ROWS", self.rows.into())],
            groups: threads(self.rows),
            chunk: 0,
        }]
    }
}
