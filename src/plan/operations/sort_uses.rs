//! Lists each step's uses of a table's rows by the members of lists, and sorts them as `sort_ids`
//! does. The gradient of a table of lists is summed in this order. Depends on no parameter of the
//! model.

use crate::plan::dispatch::{Dispatch, Kernel, folded, shader};
use crate::plan::{Buffer, Lists, Operation, Positives, Work};

shader!(
    SortUsesShader,
    "sort_uses",
    [owners: Read, item_ids: Read, offsets: Read, members: Read, order: WriteExact]
);

/// See the module.
#[derive(Debug)]
pub struct SortUses {
    /// S, steps in a window.
    pub window: usize,
    /// (S, `owners_per_slot`) ids whose lists are used, read; [`crate::plan::NO_ID`] if a step has fewer.
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
    /// power of two, the rest is [`crate::plan::NO_ID`].
    pub order: Buffer,
}

impl SortUses {
    /// Returns the largest number of uses of a step.
    pub fn uses(&self) -> usize {
        self.candidates.map_or(0, |all| all.candidates) + self.owners_per_slot * self.lists.most
    }
}

impl Operation for SortUses {
    fn work(&self, _: usize) -> Work {
        let uses = self.uses();
        Work::new(self.window * (uses + 3 * self.owners_per_slot + 2 * uses.next_power_of_two()), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let items = self.candidates.or(self.left_out);
        let Self { owners, order, .. } = *self;
        let shader = SortUsesShader {
            owners,
            item_ids: items.map_or(self.owners, |items| items.item_ids),
            offsets: self.lists.offsets,
            members: self.lists.members,
            order,
        };
        vec![shader.dispatch(
            folded(self.window),
            vec![
                ("IDS", self.candidates.map_or(0, |all| all.candidates).into()),
                ("K", items.map_or(0, |items| items.candidates).into()),
                ("ROWS", self.owners_per_slot.into()),
                ("MOST", self.lists.most.into()),
                ("FIRST", self.first_row.into()),
                ("LEAVES_OUT", self.left_out.is_some().into()),
                ("P", self.uses().next_power_of_two().into()),
            ],
        )]
    }
}
