//! Full ranking for a block of queries: scores against the catalogue, without seen and barred
//! items, and the best items of each query. The whole score matrix is never in memory.

use super::dispatch::{Dispatch, Shader, folded, shader, threads, tiles};
use super::{Buffer, Dims, TOP_K};

pub(super) const SCORE_ITEMS: Shader = shader!("score_items", [step: Step, shard: Shard, queries: Read, items: ReadRows, scores: Write]);
pub(super) const MASK_SEEN: Shader = shader!(
    "mask_seen",
    [step: Step, shard: Shard, users: Read, seen_offsets: Read, seen_items: ReadRows, scores: Write]
);
pub(super) const MASK_BARRED: Shader =
    shader!("mask_barred", [step: Step, barred: Read, scores: Write]);
pub(super) const TOP_ITEMS_SEGMENTS: Shader = shader!(
    "top_items_segments",
    [step: Step, scores: Read, best_scores: Write, best_items: Write]
);
pub(super) const TOP_ITEMS_MERGE: Shader = shader!(
    "top_items_merge",
    [step: Step, best_scores: Read, best_items: Read, top: Write, top_scores: Write]
);

/// Number of items that one thread searches: a catalogue of a few thousand items already fills a
/// GPU.
const SEGMENT: usize = 1024;

/// Returns the number of segments of a catalogue.
pub(super) fn segments(items: usize) -> usize {
    items.div_ceil(SEGMENT)
}

/// Scores of a block of queries against every item. IP is I padded to a multiple of 8.
#[derive(Debug)]
pub struct ScoreItems {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (Q, D) read.
    pub queries: Buffer,
    /// (IP, D) read.
    pub items: Buffer,
    /// (Q, IP) written.
    pub scores: Buffer,
}

impl ScoreItems {
    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let items_padded = self.dims.items_padded();
        vec![Dispatch {
            shader: &SCORE_ITEMS,
            buffers: vec![self.step, self.step, self.queries, self.items, self.scores],
            constants: vec![("D4", (self.dims.out / 4).into()), ("IP", items_padded.into())],
            groups: tiles(items_padded, self.dims.queries),
            chunk: 0,
        }]
    }
}

/// Masks the scores of each user's seen items.
#[derive(Debug)]
pub struct MaskSeen {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (Q) read.
    pub users: Buffer,
    /// (U + 1) read.
    pub offsets: Buffer,
    /// (N) read.
    pub items: Buffer,
    /// (Q, IP) written at the seen items.
    pub scores: Buffer,
}

impl MaskSeen {
    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &MASK_SEEN,
            buffers: vec![self.step, self.step, self.users, self.offsets, self.items, self.scores],
            constants: vec![
                ("IP", self.dims.items_padded().into()),
                // A user's list has some tens of items.
                ("LANES", 32u32.into()),
            ],
            groups: folded(self.dims.queries),
            chunk: 0,
        }]
    }
}

/// Masks the scores of barred items for a whole block.
#[derive(Debug)]
pub struct MaskBarred {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (⌈I/32⌉) read: one bit per item, the lowest bit first.
    pub barred: Buffer,
    /// (Q, IP) written at the barred items.
    pub scores: Buffer,
}

impl MaskBarred {
    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { items, queries, .. } = self.dims;
        let words = items.div_ceil(32);
        vec![Dispatch {
            shader: &MASK_BARRED,
            buffers: vec![self.step, self.barred, self.scores],
            constants: vec![
                ("IP", self.dims.items_padded().into()),
                ("ITEMS", items.into()),
                ("WORDS", words.into()),
            ],
            groups: threads(queries * words),
            chunk: 0,
        }]
    }
}

/// The [`TOP_K`] best items of each query, ties to the lower index; [`super::NO_ID`] if there are
/// fewer.
#[derive(Debug)]
pub struct TopItems {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (Q, IP) read.
    pub scores: Buffer,
    /// (Q, segments, K) scratch.
    pub best_scores: Buffer,
    /// (Q, segments, K) scratch.
    pub best_items: Buffer,
    /// (Q, K) written: the items.
    pub top: Buffer,
    /// (Q, K) written: their scores; [`super::IMPOSSIBLE`] if there is no item.
    pub top_scores: Buffer,
}

impl TopItems {
    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { items, queries, .. } = self.dims;
        let segments = segments(items);
        let constants = vec![
            ("IP", self.dims.items_padded().into()),
            ("ITEMS", items.into()),
            ("TOP", TOP_K.into()),
            ("SEGMENT", SEGMENT.into()),
            ("SEGMENTS", segments.into()),
        ];
        vec![
            Dispatch {
                shader: &TOP_ITEMS_SEGMENTS,
                buffers: vec![self.step, self.scores, self.best_scores, self.best_items],
                constants: constants.clone(),
                groups: threads(queries * segments),
                chunk: 0,
            },
            Dispatch {
                shader: &TOP_ITEMS_MERGE,
                buffers: vec![
                    self.step,
                    self.best_scores,
                    self.best_items,
                    self.top,
                    self.top_scores,
                ],
                constants,
                groups: threads(queries),
                chunk: 0,
            },
        ]
    }
}
