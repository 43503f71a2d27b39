//! Leaves stale pairs out of the coming epoch: the kept ones move together, in their order, and their
//! number becomes the length of the epoch.

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

/// Which of the stale pairs stay in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Those whose draw among all u32, anew each epoch, is below this.
    Drawn(u32),
    /// A user's take turns, so that each is trained as often as the others: their activity is the share
    /// of them that an epoch has. With share p, a pair of phase φ is in epoch e where (φ + e·p) mod 1 < p.
    Turns,
}

/// Pairs that a workgroup looks at.
const BLOCK: usize = ROW_BLOCK;

/// Blocks of a list of pairs.
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
    /// Which stale pairs stay.
    pub stay: Stay,
    /// [`super::Clock`], its number of pairs written.
    pub clock: Buffer,
    /// (1) read: a pair is stale when the activities of its user and its item are both below.
    pub threshold: Buffer,
    /// (N) all pairs, read.
    pub pairs: Buffer,
    /// (U) read; in 0..1 where pairs take turns.
    pub user_activity: Buffer,
    /// (I) read.
    pub item_activity: Buffer,
    /// (blocks) scratch.
    pub blocks: Buffer,
    /// (N) the kept pairs, written from the start.
    pub kept_pairs: Buffer,
    /// [`super::Tally`]: stale pairs are added, kept ones set.
    pub tally: Buffer,
}

impl CompactPairs {
    /// Counted work.
    pub(super) fn work(&self) -> Work {
        // Pair, two activities, and the pair again if it stays.
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
