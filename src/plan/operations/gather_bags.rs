//! Forward pass of a tower over lists: the rows of each id's features, or of each user's items
//! except the positive, summed and divided by a power of their number.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads};
use crate::plan::{Buffer, Operation, Work};

shader!(
    GatherBagsShader,
    "gather_bags",
    [
        step: Step, shard: Shard, ids: Read, positives: Read, offsets: Read, members: Read,
        table: ReadRows, weights: Write, out: Write,
    ]
);

/// Lists of rows of a table, one for each id.
#[derive(Debug, Clone, Copy)]
pub struct Lists {
    /// (R + 1) start of each id's list.
    pub offsets: Buffer,
    /// The lists, one after another; each is ascending.
    pub members: Buffer,
    /// Number of members of the longest list; at least 1.
    pub most: usize,
    /// Mean number of members of a list, rounded up; used to count work.
    pub mean: usize,
}

/// The positives, which rows skip in their own lists.
#[derive(Debug, Clone, Copy)]
pub struct Positives {
    /// (S, K) read; row b's positive is candidate b.
    pub item_ids: Buffer,
    /// K, candidates of a step.
    pub candidates: usize,
}

/// See the module.
#[derive(Debug)]
pub struct GatherBags {
    /// The step's record: its slot in the window.
    pub step: Buffer,
    /// (S, `ids_per_slot`) read; [`crate::plan::NO_ID`] if a step has fewer ids.
    pub ids: Buffer,
    /// Items that are skipped in the lists, if any.
    pub left_out: Option<Positives>,
    /// The lists, read.
    pub lists: Lists,
    /// (F, D) read.
    pub table: Buffer,
    /// p, the power of a list's length that divides its sum.
    pub power: f32,
    /// (`rows`) factor of each row's sum, 1 / n^p; written, 0 for an empty list.
    pub weights: Buffer,
    /// (`rows`, D) written, or added to.
    pub out: Buffer,
    /// Whether `out` is added to.
    pub adds: bool,
    /// D, width of a stored row.
    pub dim: usize,
    /// Number of ids from one slot of the window to the next.
    pub ids_per_slot: usize,
    /// Rows of `out`.
    pub rows: usize,
}

impl Operation for GatherBags {
    /// Returns the counted work, as if every list had the mean length.
    fn work(&self, _: usize) -> Work {
        let ids = self.rows.min(self.ids_per_slot);
        let members = ids * self.lists.mean;
        let out = if self.adds { 2 } else { 1 };
        Work::new(3 * ids + members + (members + out * ids) * self.dim, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { step, ids, table, weights, out, .. } = *self;
        let shader = GatherBagsShader {
            step,
            shard: Shard,
            ids,
            positives: self.left_out.map_or(self.ids, |positives| positives.item_ids),
            offsets: self.lists.offsets,
            members: self.lists.members,
            table,
            weights,
            out,
        };
        vec![shader.dispatch(
            threads(self.rows * self.dim / 4),
            vec![
                ("D4", (self.dim / 4).into()),
                ("SLOT", self.ids_per_slot.into()),
                ("ROWS", self.rows.into()),
                ("K", self.left_out.map_or(0, |positives| positives.candidates).into()),
                ("LEAVES_OUT", self.left_out.is_some().into()),
                ("POWER", self.power.into()),
                ("ADDS", self.adds.into()),
            ],
        )]
    }
}
