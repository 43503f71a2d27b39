//! Sorts each step's ids together with their rows, so that the uses of a table's row are
//! neighbours.

use crate::plan::dispatch::{Dispatch, Kernel, folded, shader};
use crate::plan::{Buffer, Operation, Work};

shader!(SortIdsShader, "sort_ids", [ids: Read, order: WriteExact]);

/// See the module.
#[derive(Debug)]
pub struct SortIds {
    /// S, steps in a window.
    pub window: usize,
    /// Number of ids of a step.
    pub ids_per_slot: usize,
    /// (S, `ids_per_slot`) read.
    pub ids: Buffer,
    /// (S, P) id and row, written; P is `ids_per_slot` rounded up to a power of two, the rest is
    /// [`crate::plan::NO_ID`].
    pub order: Buffer,
}

impl Operation for SortIds {
    fn work(&self, _: usize) -> Work {
        Work::new(self.window * (self.ids_per_slot + 2 * self.ids_per_slot.next_power_of_two()), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { ids, order, .. } = *self;
        let shader = SortIdsShader { ids, order };
        vec![shader.dispatch(
            folded(self.window),
            vec![
                ("IDS", self.ids_per_slot.into()),
                ("P", self.ids_per_slot.next_power_of_two().into()),
            ],
        )]
    }
}
