//! Sorts each step's ids together with their rows, so that the uses of a table's row are
//! neighbours.

use super::dispatch::{Dispatch, Shader, folded, shader};
use super::{Buffer, Work};

pub(super) const SORT_IDS: Shader = shader!("sort_ids", [ids: Read, order: Write]);

/// See the module.
#[derive(Debug)]
pub struct SortIds {
    /// S.
    pub window: usize,
    /// Number of ids of a step.
    pub ids_per_slot: usize,
    /// (S, `ids_per_slot`) read.
    pub ids: Buffer,
    /// (S, P) id and row, written; P is `ids_per_slot` rounded up to a power of two, the rest is
    /// [`super::NO_ID`].
    pub order: Buffer,
}

impl SortIds {
    pub(super) fn work(&self) -> Work {
        Work::new(self.window * (self.ids_per_slot + 2 * self.ids_per_slot.next_power_of_two()), 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &SORT_IDS,
            buffers: vec![self.ids, self.order],
            constants: vec![
                ("IDS", self.ids_per_slot.into()),
                ("P", self.ids_per_slot.next_power_of_two().into()),
            ],
            groups: folded(self.window),
            chunk: 0,
        }]
    }
}
