//! Scores a block of queries against the whole catalogue, for a full ranking. Only the scores of
//! one block are in memory at a time.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, tiles};
use crate::plan::{Buffer, Dims, Operation};

shader!(
    ScoreItemsShader,
    "score_items",
    [step: Step, shard: Shard, queries: Read, items: ReadRows, scores: Write]
);

/// Scores of a block of queries against every item. IP is I padded to a multiple of 8.
#[derive(Debug)]
pub struct ScoreItems {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (Q, O) read.
    pub queries: Buffer,
    /// (IP, O) read.
    pub items: Buffer,
    /// (Q, IP) written.
    pub scores: Buffer,
}

impl Operation for ScoreItems {
    fn dispatches(&self) -> Vec<Dispatch> {
        let items_padded = self.dims.items_padded();
        let Self { step, queries, items, scores, .. } = *self;
        let shader = ScoreItemsShader { step, shard: Shard, queries, items, scores };
        vec![shader.dispatch(
            tiles(items_padded, self.dims.queries),
            vec![("D4", (self.dims.out / 4).into()), ("IP", items_padded.into())],
        )]
    }
}
