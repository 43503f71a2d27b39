//! Forward pass of an id tower: gathers a step's rows, scaled to length 1 if `normalize`.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads};
use crate::plan::{Buffer, Operation, Work};

shader!(
    GatherRowsShader,
    "gather_rows",
    [step: Step, shard: Shard, ids: Read, table: ReadRows, out: WriteRows]
);

/// See the module.
#[derive(Debug)]
pub struct GatherRows {
    /// The step's record: its slot in the window.
    pub step: Buffer,
    /// (S, `ids_per_slot`) read; [`crate::plan::NO_ID`] if a step has fewer ids.
    pub ids: Buffer,
    /// (R, D) read.
    pub table: Buffer,
    /// (`rows`, D) written; zero where there is no id.
    pub out: Buffer,
    /// D, width of a stored row.
    pub dim: usize,
    /// Number of ids from one slot of the window to the next.
    pub ids_per_slot: usize,
    /// Rows of `out`.
    pub rows: usize,
    /// Whether rows are scaled to length 1.
    pub normalize: bool,
}

impl Operation for GatherRows {
    fn work(&self, _: usize) -> Work {
        let ids = self.rows.min(self.ids_per_slot);
        let lengths = if self.normalize { ids * self.dim } else { 0 };
        Work::new(ids + 2 * ids * self.dim, lengths)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { step, ids, table, out, .. } = *self;
        let shader = GatherRowsShader { step, shard: Shard, ids, table, out };
        vec![shader.dispatch(
            threads(self.rows),
            vec![
                ("D4", (self.dim / 4).into()),
                ("SLOT", self.ids_per_slot.into()),
                ("ROWS", self.rows.into()),
                ("NORMALIZE", self.normalize.into()),
            ],
        )]
    }
}
