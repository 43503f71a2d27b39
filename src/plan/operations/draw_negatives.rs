//! Draws the negatives of a window of steps, and stores them after the positives that
//! `draw_batches` wrote.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads_in_rows};
use crate::plan::{Buffer, Dims, Operation, Work};
use crate::random::stream;

shader!(
    DrawNegativesUniformShader,
    "draw_negatives_uniform",
    [steps: Read, user_ids: Read, train_offsets: Read, train_items: Read, item_ids: WriteExact]
);
shader!(
    DrawNegativesPopularityShader,
    "draw_negatives_popularity",
    [steps: Read, cumulative: Read, item_ids: WriteExact]
);
shader!(DrawNegativesMixedShader, "draw_negatives_mixed", [steps: Read, item_ids: WriteExact]);

/// Source of the negatives, and the rows that use them.
#[derive(Debug, Clone, Copy)]
pub enum Pool {
    /// For each row: the items that are not among its user's training items, uniformly.
    Uniform {
        /// (U + 1) start of each user's items in `items`.
        offsets: Buffer,
        /// (N) the users' training items, user after user, ascending and without repeats.
        items: Buffer,
    },
    /// For each row: all items except the positive, by weight.
    Popularity {
        /// (I) sums of the weights up to and including each item, see
        /// [`crate::negatives::cumulative`].
        cumulative: Buffer,
    },
    /// For the whole batch: all items, uniformly.
    Mixed,
}

/// See the module.
#[derive(Debug)]
pub struct DrawNegatives {
    /// Sizes of the run.
    pub dims: Dims,
    /// The run's seed.
    pub seed: u32,
    /// Source of the negatives, read.
    pub pool: Pool,
    /// (S) [`crate::plan::Step`]s, read.
    pub steps: Buffer,
    /// (S, B) read.
    pub user_ids: Buffer,
    /// (S, K) the first B of each row are read, the rest written; [`crate::plan::NO_ID`] for rows that a
    /// step does not have.
    pub item_ids: Buffer,
}

impl Operation for DrawNegatives {
    fn work(&self, _: usize) -> Work {
        // Reads the users and writes the negatives: B and K − B words per step.
        Work::new(self.dims.window * self.dims.candidates, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let constants = vec![
            ("B", self.dims.batch.into()),
            ("K", self.dims.candidates.into()),
            ("PER_ROW", self.dims.per_row().into()),
            ("ITEMS", self.dims.items.into()),
            ("SEED", self.seed.into()),
            ("STREAM_NEGATIVES", stream::NEGATIVES.into()),
        ];
        let draws = self.dims.candidates - self.dims.batch;
        let groups = threads_in_rows(draws, self.dims.window);
        let Self { steps, user_ids, item_ids, .. } = *self;
        vec![match self.pool {
            Pool::Uniform { offsets: train_offsets, items: train_items } => {
                DrawNegativesUniformShader { steps, user_ids, train_offsets, train_items, item_ids }
                    .dispatch(groups, constants)
            }
            Pool::Popularity { cumulative } => {
                DrawNegativesPopularityShader { steps, cumulative, item_ids }
                    .dispatch(groups, constants)
            }
            Pool::Mixed => DrawNegativesMixedShader { steps, item_ids }.dispatch(groups, constants),
        }]
    }
}
