//! Lists each step's uses of a table's rows by the members of lists, and sorts them as `sort_ids`
//! does. The gradient of a table of lists is summed in this order. Depends on no parameter of the
//! model.

use super::dispatch::{Dispatch, Shader, folded, shader};
use super::{Buffer, Lists, Positives, Work};

pub(super) const SORT_USES: Shader = shader!(
    "sort_uses",
    [owners: Read, item_ids: Read, offsets: Read, members: Read, order: Write]
);

/// See the module.
#[derive(Debug)]
pub struct SortUses {
    /// S.
    pub window: usize,
    /// (S, `owners_per_slot`) ids whose lists are used, read; [`super::NO_ID`] if a step has fewer.
    pub owners: Buffer,
    /// Number of owners of a step.
    pub owners_per_slot: usize,
    /// Items that are skipped in the lists, if any.
    pub left_out: Option<Positives>,
    /// The candidates, if they use the same table: their gradients come first.
    pub candidates: Option<Positives>,
    /// Row of the gradient for the members of the first owner.
    pub first_row: usize,
    /// The lists, read.
    pub lists: Lists,
    /// (S, P) member and row of the gradient, written; P is [`SortUses::uses`] rounded up to a
    /// power of two, the rest is [`super::NO_ID`].
    pub order: Buffer,
}

impl SortUses {
    /// Returns the largest number of uses of a step.
    pub fn uses(&self) -> usize {
        self.candidates.map_or(0, |all| all.candidates) + self.owners_per_slot * self.lists.most
    }

    pub(super) fn work(&self) -> Work {
        let uses = self.uses();
        Work::new(self.window * (uses + 3 * self.owners_per_slot + 2 * uses.next_power_of_two()), 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let items = self.candidates.or(self.left_out);
        vec![Dispatch {
            shader: &SORT_USES,
            buffers: vec![
                self.owners,
                items.map_or(self.owners, |items| items.item_ids),
                self.lists.offsets,
                self.lists.members,
                self.order,
            ],
            constants: vec![
                ("IDS", self.candidates.map_or(0, |all| all.candidates).into()),
                ("K", items.map_or(0, |items| items.candidates).into()),
                ("ROWS", self.owners_per_slot.into()),
                ("MOST", self.lists.most.into()),
                ("FIRST", self.first_row.into()),
                ("LEAVES_OUT", self.left_out.is_some().into()),
                ("P", self.uses().next_power_of_two().into()),
            ],
            groups: folded(self.window),
            chunk: 0,
        }]
    }
}
