//! Log of each item's probability to be a candidate, from its share of the kept pairs: the
//! correction follows the pairs that are trained on.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Dims, Work};

pub(super) const COUNT: Shader = shader!("kept_log_q_count", [shard: Shard, clock: Read, kept_pairs: ReadRows, item_counts: Write]);
pub(super) const SHARE: Shader =
    shader!("kept_log_q_share", [clock: Read, item_counts: Read, log_q: Write]);

/// Probability of an item that is in no kept pair and is never drawn: it is not read, and its
/// logarithm is finite.
pub const NEVER: f32 = 1e-30;

/// See the module.
#[derive(Debug)]
pub struct KeptLogQ {
    /// Sizes of the run.
    pub dims: Dims,
    /// Share of a step's candidates that are drawn uniformly from all items.
    pub drawn: f32,
    /// [`super::Clock`], read.
    pub clock: Buffer,
    /// (N) the kept pairs first, read.
    pub kept_pairs: Buffer,
    /// (I) number of kept pairs of each item, added to; zero before.
    pub item_counts: Buffer,
    /// (I) written; finite even if an item has no kept pair.
    pub log_q: Buffer,
}

impl KeptLogQ {
    pub(super) fn work(&self) -> Work {
        Work::new(2 * self.dims.pairs + 2 * self.dims.items, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let dispatch = |shader, buffers, count: usize| Dispatch {
            shader,
            buffers,
            constants: vec![
                ("ITEMS", self.dims.items.into()),
                ("DRAWN", self.drawn.into()),
                ("NEVER", NEVER.into()),
            ],
            groups: threads(count),
            chunk: 0,
        };
        vec![
            dispatch(
                &COUNT,
                vec![self.clock, self.clock, self.kept_pairs, self.item_counts],
                self.dims.pairs,
            ),
            dispatch(&SHARE, vec![self.clock, self.item_counts, self.log_q], self.dims.items),
        ]
    }
}
