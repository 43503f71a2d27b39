//! Draws the batches of a window of steps from a keyed permutation of the pairs, so that an epoch
//! visits each pair once and needs no upload.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads_in_rows};
use crate::plan::optimizers::{LOG_BETA_M, LOG_BETA_V};
use crate::plan::{Buffer, Dims, Operation, RING, STEP_WORDS, Schedule, Work};
use crate::random::{FEISTEL_ROUNDS, stream};

shader!(
    DrawBatchesShader,
    "draw_batches",
    [
        shard: Shard, counters: Read, pairs: ReadRows, steps: Write, user_ids: WriteExact,
        item_ids: WriteExact,
    ]
);

/// Largest number of steps of the walk in `permute`. A walk this long has a probability of at most
/// 2^-1000.
pub const WALK_LIMIT: u32 = 1000;

/// See the module.
#[derive(Debug)]
pub struct DrawBatches {
    /// Sizes of the run.
    pub dims: Dims,
    /// The run's seed.
    pub seed: u32,
    /// Whether the pairs are permuted.
    pub shuffled: bool,
    /// The learning rate of each step.
    pub schedule: Schedule,
    /// [`crate::plan::Counters`], read.
    pub counters: Buffer,
    /// (N) pairs of the epoch, read.
    pub pairs: Buffer,
    /// (S) [`crate::plan::Step`]s, written.
    pub steps: Buffer,
    /// (S, B) written.
    pub user_ids: Buffer,
    /// (S, K) the first B of each row are written.
    pub item_ids: Buffer,
}

impl Operation for DrawBatches {
    fn work(&self, _: usize) -> Work {
        let Dims { batch, window, .. } = self.dims;
        Work::new(window * (4 * batch + STEP_WORDS), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { counters, pairs, steps, user_ids, item_ids, .. } = *self;
        let shader = DrawBatchesShader { shard: Shard, counters, pairs, steps, user_ids, item_ids };
        vec![shader.dispatch(
            threads_in_rows(self.dims.batch, self.dims.window),
            vec![
                ("B", self.dims.batch.into()),
                ("K", self.dims.candidates.into()),
                ("M", self.dims.bank.into()),
                ("RING", RING.into()),
                ("SEED", self.seed.into()),
                ("SHUFFLE", self.shuffled.into()),
                ("STREAM_ORDER", stream::ORDER.into()),
                ("FEISTEL_ROUNDS", FEISTEL_ROUNDS.into()),
                ("WALK_LIMIT", WALK_LIMIT.into()),
                ("LOG_BETA_M", LOG_BETA_M.into()),
                ("LOG_BETA_V", LOG_BETA_V.into()),
                ("LEARNING_RATE", self.schedule.rate.into()),
                ("WARMUP", self.schedule.warmup.into()),
                ("COSINE", self.schedule.cosine.into()),
            ],
        )]
    }
}
