//! Forward pass of an id tower: gathers a step's rows, scaled to length 1 if `normalize`.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Work};

pub(super) const GATHER_ROWS: Shader =
    shader!("gather_rows", [step: Step, shard: Shard, ids: Read, table: ReadRows, out: WriteRows]);

/// See the module.
#[derive(Debug)]
pub struct GatherRows {
    /// The step's record: its slot in the window.
    pub step: Buffer,
    /// (S, `ids_per_slot`) read; [`super::NO_ID`] if a step has fewer ids.
    pub ids: Buffer,
    /// (R, D) read.
    pub table: Buffer,
    /// (`rows`, D) written; zero where there is no id.
    pub out: Buffer,
    /// D.
    pub dim: usize,
    /// Number of ids from one slot of the window to the next.
    pub ids_per_slot: usize,
    /// Rows of `out`.
    pub rows: usize,
    /// Whether rows are scaled to length 1.
    pub normalize: bool,
}

impl GatherRows {
    pub(super) fn work(&self) -> Work {
        let ids = self.rows.min(self.ids_per_slot);
        let lengths = if self.normalize { ids * self.dim } else { 0 };
        Work::new(ids + 2 * ids * self.dim, lengths)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &GATHER_ROWS,
            buffers: vec![self.step, self.step, self.ids, self.table, self.out],
            constants: vec![
                ("D4", (self.dim / 4).into()),
                ("SLOT", self.ids_per_slot.into()),
                ("ROWS", self.rows.into()),
                ("NORMALIZE", self.normalize.into()),
            ],
            groups: threads(self.rows),
            chunk: 0,
        }]
    }
}
