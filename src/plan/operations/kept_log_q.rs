//! Log of each item's probability to be a candidate, from its share of the kept pairs: the
//! correction follows the pairs that are trained on.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads};
use crate::plan::{Buffer, Dims, Operation, Work};

shader!(
    KeptLogQCountShader,
    "kept_log_q_count",
    [shard: Shard, counters: Read, kept_pairs: ReadRows, item_counts: WriteExact]
);
shader!(KeptLogQShareShader, "kept_log_q_share", [counters: Read, item_counts: Read, log_q: Write]);

/// Probability that stands for 0, for an item that is in no kept pair and is never drawn. No loss
/// reads its logarithm, which must still be finite, as every number in a buffer.
pub const NEVER: f32 = 1e-30;

/// See the module.
#[derive(Debug)]
pub struct KeptLogQ {
    /// Sizes of the run.
    pub dims: Dims,
    /// Share of a step's candidates that are drawn uniformly from all items.
    pub drawn: f32,
    /// [`crate::plan::Counters`], read.
    pub counters: Buffer,
    /// (N) the kept pairs first, read.
    pub kept_pairs: Buffer,
    /// (I) number of kept pairs of each item, added to; zero before.
    pub item_counts: Buffer,
    /// (I) written; finite even if an item has no kept pair.
    pub log_q: Buffer,
}

impl Operation for KeptLogQ {
    fn work(&self, _: usize) -> Work {
        Work::new(2 * self.dims.pairs + 2 * self.dims.items, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let constants = || {
            vec![
                ("ITEMS", self.dims.items.into()),
                ("DRAWN", self.drawn.into()),
                ("NEVER", NEVER.into()),
            ]
        };
        let Self { counters, kept_pairs, item_counts, log_q, .. } = *self;
        vec![
            KeptLogQCountShader { shard: Shard, counters, kept_pairs, item_counts }
                .dispatch(threads(self.dims.pairs), constants()),
            KeptLogQShareShader { counters, item_counts, log_q }
                .dispatch(threads(self.dims.items), constants()),
        ]
    }
}
