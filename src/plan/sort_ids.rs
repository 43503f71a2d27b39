//! Sorts each step's ids with the rows they stand in, so that the uses of a row are neighbours.

use super::dispatch::{Dispatch, Shader, folded, shader};
use super::{Buffer, Work};

pub(super) const SORT_IDS: Shader = shader!("sort_ids", [ids: Read, order: Write]);

/// See the module.
#[derive(Debug)]
pub struct SortIds {
    /// S.
    pub window: usize,
    /// Ids of a step.
    pub ids_per_slot: usize,
    /// (S, `ids_per_slot`) read.
    pub ids: Buffer,
    /// (S, P) id and row, written; P is `ids_per_slot` up to a power of two, the rest [`super::NO_ID`].
    pub order: Buffer,
}

impl SortIds {
    /// Counted work.
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
