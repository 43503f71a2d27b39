//! Skips stale pairs in the next epoch: moves the kept ones together, in their order, and sets the
//! length of the epoch to their number.

use super::dispatch::{Dispatch, Shader, folded, shader};
use super::{Buffer, Dims, ROW_BLOCK, Work};
use crate::random::stream;

pub(super) const COUNT: Shader = shader!(
    "compact_pairs_count",
    [
        shard: Shard,
        clock: Read,
        threshold: Read,
        pairs: ReadRows,
        user_activity: Read,
        item_activity: Read,
        blocks: Write,
        tally: Write,
    ]
);
pub(super) const SCAN: Shader =
    shader!("compact_pairs_scan", [clock: Write, blocks: Write, tally: Write]);
pub(super) const SCATTER: Shader = shader!(
    "compact_pairs_scatter",
    [
        shard: Shard,
        clock: Read,
        threshold: Read,
        pairs: ReadRows,
        user_activity: Read,
        item_activity: Read,
        blocks: Read,
        kept_pairs: WriteRows,
    ]
);

/// Rule that decides which stale pairs are kept in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Keeps a pair if its draw from all u32, made anew each epoch, is below this.
    Drawn(u32),
    /// Rotates a user's pairs, so that each is trained equally often: the user's activity is the
    /// share of them in an epoch. With share p, a pair of phase φ is in epoch e if
    /// (φ + e·p) mod 1 < p.
    Turns,
}

/// Number of pairs that a workgroup processes.
const BLOCK: usize = ROW_BLOCK;

/// Returns the number of blocks of a list of pairs.
pub(super) fn blocks(pairs: usize) -> usize {
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
    /// [`super::Clock`]; its number of pairs is written.
    pub clock: Buffer,
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
    /// [`super::Tally`]: the number of stale pairs is added, that of kept pairs is set.
    pub tally: Buffer,
}

impl CompactPairs {
    pub(super) fn work(&self) -> Work {
        // A pair, two activities, and the pair again if it is kept.
        Work::new(6 * self.dims.pairs, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let blocks = blocks(self.dims.pairs);
        let constants = vec![
            ("N", self.dims.pairs.into()),
            ("BLOCK", BLOCK.into()),
            ("BLOCKS", blocks.into()),
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
        let judged = [
            self.clock,
            self.clock,
            self.threshold,
            self.pairs,
            self.user_activity,
            self.item_activity,
        ];
        let dispatch = |shader, buffers, groups| Dispatch {
            shader,
            buffers,
            constants: constants.clone(),
            groups,
            chunk: 0,
        };
        vec![
            dispatch(&COUNT, [&judged[..], &[self.blocks, self.tally]].concat(), folded(blocks)),
            dispatch(&SCAN, vec![self.clock, self.blocks, self.tally], folded(1)),
            dispatch(
                &SCATTER,
                [&judged[..], &[self.blocks, self.kept_pairs]].concat(),
                folded(blocks),
            ),
        ]
    }
}
