//! Draws the negatives of a window of steps, behind the positives that `draw_batches` put there.

use super::dispatch::{Dispatch, Shader, shader, threads_in_rows};
use super::{Buffer, Dims, Work};
use crate::random::stream;

pub(super) const UNIFORM: Shader = shader!(
    "draw_negatives_uniform",
    [steps: Read, user_ids: Read, train_offsets: Read, train_items: Read, item_ids: Write]
);
pub(super) const POPULARITY: Shader =
    shader!("draw_negatives_popularity", [steps: Read, cumulative: Read, item_ids: Write]);
pub(super) const MIXED: Shader = shader!("draw_negatives_mixed", [steps: Read, item_ids: Write]);

/// What negatives are drawn from, and for whom.
#[derive(Debug, Clone, Copy)]
pub enum Pool {
    /// For each row: the items that its user does not have, all alike.
    Uniform {
        /// (U + 1) where each user's items in `items` begin.
        offsets: Buffer,
        /// (N) the users' train items, user after user, ascending and without repeats.
        items: Buffer,
    },
    /// For each row: all items but the positive, by weight.
    Popularity {
        /// (I) sums of the weights up to and with each item, see [`crate::negatives::cumulative`].
        cumulative: Buffer,
    },
    /// For the whole batch: all items, all alike.
    Mixed,
}

/// See the module.
#[derive(Debug)]
pub struct DrawNegatives {
    /// Sizes of the run.
    pub dims: Dims,
    /// The run's seed.
    pub seed: u32,
    /// What is drawn from; read.
    pub pool: Pool,
    /// (S) [`super::Step`]s, read.
    pub steps: Buffer,
    /// (S, B) read.
    pub user_ids: Buffer,
    /// (S, K) read in the first B of each row, written behind; [`super::NO_ID`] for rows that a step lacks.
    pub item_ids: Buffer,
}

impl DrawNegatives {
    /// Counted work.
    pub(super) fn work(&self) -> Work {
        // The users in, the negatives out: B and K − B words a step.
        Work::new(self.dims.window * self.dims.candidates, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let (shader, buffers) = match self.pool {
            Pool::Uniform { offsets, items } => {
                (&UNIFORM, vec![self.steps, self.user_ids, offsets, items, self.item_ids])
            }
            Pool::Popularity { cumulative } => {
                (&POPULARITY, vec![self.steps, cumulative, self.item_ids])
            }
            Pool::Mixed => (&MIXED, vec![self.steps, self.item_ids]),
        };
        let draws = self.dims.candidates - self.dims.batch;
        vec![Dispatch {
            shader,
            buffers,
            constants: vec![
                ("B", self.dims.batch.into()),
                ("K", self.dims.candidates.into()),
                ("PER_ROW", self.dims.per_row().into()),
                ("ITEMS", self.dims.items.into()),
                ("SEED", self.seed.into()),
                ("STREAM_NEGATIVES", stream::NEGATIVES.into()),
            ],
            groups: threads_in_rows(draws, self.dims.window),
            chunk: 0,
        }]
    }
}
