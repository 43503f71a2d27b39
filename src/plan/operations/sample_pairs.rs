//! Activity of a sample of the pairs, from which the host chooses a threshold.

use super::draw_batches::WALK_LIMIT;
use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads};
use crate::plan::{Buffer, Dims, Operation, Work};
use crate::random::{FEISTEL_ROUNDS, stream};

shader!(
    SamplePairsShader,
    "sample_pairs",
    [
        shard: Shard, counters: Read, pairs: ReadRows, user_activity: Read, item_activity: Read,
        sample: Write,
    ]
);

/// See the module.
#[derive(Debug)]
pub struct SamplePairs {
    /// Sizes of the run.
    pub dims: Dims,
    /// The run's seed.
    pub seed: u32,
    /// Number of pairs in the sample, at most N; no pair is drawn twice.
    pub count: usize,
    /// [`crate::plan::Counters`], read.
    pub counters: Buffer,
    /// (N) all pairs, read.
    pub pairs: Buffer,
    /// (U) read.
    pub user_activity: Buffer,
    /// (I) read.
    pub item_activity: Buffer,
    /// (`count`) activity of each sampled pair, written.
    pub sample: Buffer,
}

impl Operation for SamplePairs {
    fn work(&self, _: usize) -> Work {
        Work::new(5 * self.count, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { counters, pairs, user_activity, item_activity, sample, .. } = *self;
        let shader = SamplePairsShader {
            shard: Shard,
            counters,
            pairs,
            user_activity,
            item_activity,
            sample,
        };
        vec![shader.dispatch(
            threads(self.count),
            vec![
                ("N", self.dims.pairs.into()),
                ("SAMPLE", self.count.into()),
                ("SEED", self.seed.into()),
                ("STREAM_SAMPLE", stream::SAMPLE.into()),
                ("FEISTEL_ROUNDS", FEISTEL_ROUNDS.into()),
                ("WALK_LIMIT", WALK_LIMIT.into()),
            ],
        )]
    }
}
