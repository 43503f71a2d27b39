//! Activity of a sample of the pairs, from which the host chooses a threshold.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::draw_batches::WALK_LIMIT;
use super::{Buffer, Dims, Work};
use crate::random::{FEISTEL_ROUNDS, stream};

pub(super) const SAMPLE_PAIRS: Shader = shader!(
    "sample_pairs",
    [shard: Shard, clock: Read, pairs: ReadRows, user_activity: Read, item_activity: Read, sample: Write]
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
    /// [`super::Clock`], read.
    pub clock: Buffer,
    /// (N) all pairs, read.
    pub pairs: Buffer,
    /// (U) read.
    pub user_activity: Buffer,
    /// (I) read.
    pub item_activity: Buffer,
    /// (`count`) activity of each sampled pair, written.
    pub sample: Buffer,
}

impl SamplePairs {
    pub(super) fn work(&self) -> Work {
        Work::new(5 * self.count, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &SAMPLE_PAIRS,
            buffers: vec![
                self.clock,
                self.clock,
                self.pairs,
                self.user_activity,
                self.item_activity,
                self.sample,
            ],
            constants: vec![
                ("N", self.dims.pairs.into()),
                ("SAMPLE", self.count.into()),
                ("SEED", self.seed.into()),
                ("STREAM_SAMPLE", stream::SAMPLE.into()),
                ("FEISTEL_ROUNDS", FEISTEL_ROUNDS.into()),
                ("WALK_LIMIT", WALK_LIMIT.into()),
            ],
            groups: threads(self.count),
            chunk: 0,
        }]
    }
}
