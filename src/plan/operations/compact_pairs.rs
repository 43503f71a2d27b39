//! Skips stale pairs in the next epoch: copies the kept pairs, in their order, and sets the length of
//! the epoch to their number.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, folded, shader};
use crate::plan::{Buffer, Dims, Operation, ROW_BLOCK, Work};
use crate::random::stream;

shader!(
    CompactPairsCountShader,
    "compact_pairs_count",
    [
        shard: Shard, counters: Read, threshold: Read, pairs: ReadRows, user_activity: Read,
        item_activity: Read, blocks: WriteExact, tally: WriteExact,
    ]
);
shader!(
    CompactPairsScanShader,
    "compact_pairs_scan",
    [counters: WriteExact, blocks: WriteExact, tally: WriteExact]
);
shader!(
    CompactPairsScatterShader,
    "compact_pairs_scatter",
    [
        shard: Shard, counters: Read, threshold: Read, pairs: ReadRows, user_activity: Read,
        item_activity: Read, blocks: Read, kept_pairs: WriteRowsExact,
    ]
);

/// Rule that decides which stale pairs are kept in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Draws a u32 for each pair and epoch, and keeps the pair if the u32 is below this bound.
    Drawn(u32),
    /// Rotates a user's pairs, so that each is trained equally often: the user's activity is the
    /// share p of the pairs that an epoch keeps. A pair of phase φ is in epoch e if
    /// (φ + e·p) mod 1 < p.
    Turns,
}

/// Number of pairs that a workgroup processes.
const BLOCK: usize = ROW_BLOCK;

/// Returns the number of blocks of a list of pairs.
pub fn blocks(pairs: usize) -> usize {
    pairs.div_ceil(BLOCK)
}

/// See the module.
#[derive(Debug)]
pub struct CompactPairs {
    /// Sizes of the run.
    pub dims: Dims,
    /// The run's seed.
    pub seed: u32,
    /// Rule for the stale pairs that are kept.
    pub stay: Stay,
    /// [`crate::plan::Counters`]; its number of pairs is written.
    pub counters: Buffer,
    /// (1) read: a pair is stale if the activities of its user and its item are both below it.
    pub threshold: Buffer,
    /// (N) all pairs, read.
    pub pairs: Buffer,
    /// (U) read; in 0..1 if pairs rotate.
    pub user_activity: Buffer,
    /// (I) read.
    pub item_activity: Buffer,
    /// (blocks) scratch.
    pub blocks: Buffer,
    /// (N) the kept pairs, written from the start.
    pub kept_pairs: Buffer,
    /// [`crate::plan::Tally`]: adds the number of stale pairs, and sets the number of kept pairs.
    pub tally: Buffer,
}

impl Operation for CompactPairs {
    fn work(&self, _: usize) -> Work {
        // A pair, two activities, and the pair again if it is kept.
        Work::new(6 * self.dims.pairs, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let workgroups = blocks(self.dims.pairs);
        let constants = vec![
            ("N", self.dims.pairs.into()),
            ("BLOCK", BLOCK.into()),
            ("BLOCKS", workgroups.into()),
            ("SEED", self.seed.into()),
            ("STREAM_KEEP", stream::KEEP.into()),
            ("TURNS", (self.stay == Stay::Turns).into()),
            (
                "KEEP",
                match self.stay {
                    Stay::Drawn(below) => below.into(),
                    Stay::Turns => 0u32.into(),
                },
            ),
        ];
        let Self { counters, threshold, pairs, user_activity, item_activity, .. } = *self;
        let Self { blocks, kept_pairs, tally, .. } = *self;
        let count = CompactPairsCountShader {
            shard: Shard,
            counters,
            threshold,
            pairs,
            user_activity,
            item_activity,
            blocks,
            tally,
        };
        let scatter = CompactPairsScatterShader {
            shard: Shard,
            counters,
            threshold,
            pairs,
            user_activity,
            item_activity,
            blocks,
            kept_pairs,
        };
        vec![
            count.dispatch(folded(workgroups), constants.clone()),
            CompactPairsScanShader { counters, blocks, tally }
                .dispatch(folded(1), constants.clone()),
            scatter.dispatch(folded(workgroups), constants),
        ]
    }
}
