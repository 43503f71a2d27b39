//! Lists the best items of each query: of each segment of the catalogue, then of all.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Dims, Operation, TOP_K};

shader!(
    TopItemsSegmentsShader,
    "top_items_segments",
    [step: Step, scores: Read, best_scores: Write, best_items: WriteExact]
);
shader!(
    TopItemsMergeShader,
    "top_items_merge",
    [step: Step, best_scores: Read, best_items: Read, top: WriteExact, top_scores: Write]
);

/// Number of items that one thread searches: a catalogue of a few thousand items already fills a
/// GPU.
const SEGMENT: usize = 1024;

/// Returns the number of segments of a catalogue.
pub fn segments(items: usize) -> usize {
    items.div_ceil(SEGMENT)
}

/// The [`TOP_K`] best items of each query, ties to the lower index; [`crate::plan::NO_ID`] if there are
/// fewer.
#[derive(Debug)]
pub struct TopItems {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (Q, IP) read.
    pub scores: Buffer,
    /// (Q, segments, [`TOP_K`]) scratch.
    pub best_scores: Buffer,
    /// (Q, segments, [`TOP_K`]) scratch.
    pub best_items: Buffer,
    /// (Q, [`TOP_K`]) written: the items.
    pub top: Buffer,
    /// (Q, [`TOP_K`]) written: their scores; [`crate::plan::IMPOSSIBLE`] if there is no item.
    pub top_scores: Buffer,
}

impl Operation for TopItems {
    fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { items, queries, .. } = self.dims;
        let segments = segments(items);
        let constants = vec![
            ("IP", self.dims.items_padded().into()),
            ("ITEMS", items.into()),
            ("TOP", TOP_K.into()),
            ("SEGMENT", SEGMENT.into()),
            ("SEGMENTS", segments.into()),
        ];
        let Self { step, scores, best_scores, best_items, top, top_scores, .. } = *self;
        vec![
            TopItemsSegmentsShader { step, scores, best_scores, best_items }
                .dispatch(threads(queries * segments), constants.clone()),
            TopItemsMergeShader { step, best_scores, best_items, top, top_scores }
                .dispatch(threads(queries), constants),
        ]
    }
}
