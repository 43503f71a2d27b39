//! Tower forward over lists: each id's features, or each user's items but the positive, as the sum of
//! their rows over a power of their number.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Work};

pub(super) const GATHER_BAGS: Shader = shader!(
    "gather_bags",
    [
        step: Step, shard: Shard, ids: Read, positives: Read, offsets: Read, members: Read,
        table: ReadRows,
        weights: Write, out: Write,
    ]
);

/// Lists of rows of a table, one for each id.
#[derive(Debug, Clone, Copy)]
pub struct Lists {
    /// (R + 1) where each id's list begins.
    pub offsets: Buffer,
    /// The lists, one behind the other; each ascends.
    pub members: Buffer,
    /// Members of the longest list; at least 1.
    pub most: usize,
    /// Members of a list in the mean, rounded up: what work counts by.
    pub mean: usize,
}

/// The positives that rows leave out of their lists.
#[derive(Debug, Clone, Copy)]
pub struct Positives {
    /// (S, K) read; row b's positive is candidate b.
    pub item_ids: Buffer,
    /// K.
    pub candidates: usize,
}

/// See the module.
#[derive(Debug)]
pub struct GatherBags {
    /// Which slot of the window.
    pub step: Buffer,
    /// (S, `ids_per_slot`) read; [`super::NO_ID`] where a step is shorter.
    pub ids: Buffer,
    /// What is left out of the lists, if anything is.
    pub left_out: Option<Positives>,
    /// The lists, read.
    pub lists: Lists,
    /// (F, D) read.
    pub table: Buffer,
    /// p.
    pub power: f32,
    /// (`rows`) over what each row's sum is, as a factor; written, 0 for an empty list.
    pub weights: Buffer,
    /// (`rows`, D) written, or added to.
    pub out: Buffer,
    /// Whether it is added to.
    pub adds: bool,
    /// D.
    pub dim: usize,
    /// Ids from one slot of the window to the next.
    pub ids_per_slot: usize,
    /// Rows of `out`.
    pub rows: usize,
}

impl GatherBags {
    /// Counted work, as if every list were as long as they are in the mean.
    pub(super) fn work(&self) -> Work {
        let ids = self.rows.min(self.ids_per_slot);
        let members = ids * self.lists.mean;
        let out = if self.adds { 2 } else { 1 };
        Work::new(3 * ids + members + (members + out * ids) * self.dim, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &GATHER_BAGS,
            buffers: vec![
                self.step,
                self.step,
                self.ids,
                self.left_out.map_or(self.ids, |positives| positives.item_ids),
                self.lists.offsets,
                self.lists.members,
                self.table,
                self.weights,
                self.out,
            ],
            constants: vec![
                ("D4", (self.dim / 4).into()),
                ("SLOT", self.ids_per_slot.into()),
                ("ROWS", self.rows.into()),
                ("K", self.left_out.map_or(0, |positives| positives.candidates).into()),
                ("LEAVES_OUT", self.left_out.is_some().into()),
                ("POWER", self.power.into()),
                ("ADDS", self.adds.into()),
            ],
            groups: threads(self.rows * self.dim / 4),
            chunk: 0,
        }]
    }
}
