//! Estimates how often an item is in a batch if its count is not known beforehand (Yi et al. 2019,
//! algorithm 2): for each distinct item of the step, updates a moving mean of the gaps between the
//! steps that contain it.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Dims, Operation, Work};

shader!(
    EstimateGapsShader,
    "estimate_gaps",
    [step: Step, order: Read, gaps: Write, last_seen: WriteExact, log_q: Write]
);

/// See the module.
#[derive(Debug)]
pub struct EstimateGaps {
    /// Sizes of the run.
    pub dims: Dims,
    /// Share by which a mean moves towards a new gap.
    pub rate: f32,
    /// The step's record.
    pub step: Buffer,
    /// (S, P) sorted item ids and their rows, read.
    pub order: Buffer,
    /// (I) mean gap between the steps that contain an item, read and written.
    pub gaps: Buffer,
    /// (I) number of the last step that contained it, 0 before the first; read and written.
    pub last_seen: Buffer,
    /// (I) log of the probability that an item is in a batch, written for the step's items.
    pub log_q: Buffer,
}

impl Operation for EstimateGaps {
    fn work(&self, _: usize) -> Work {
        let items = self.dims.candidates;
        Work::new(2 * items.next_power_of_two() + 5 * items, items)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let places = self.dims.candidates.next_power_of_two();
        let Self { step, order, gaps, last_seen, log_q, .. } = *self;
        let shader = EstimateGapsShader { step, order, gaps, last_seen, log_q };
        vec![
            shader
                .dispatch(threads(places), vec![("P", places.into()), ("RATE", self.rate.into())]),
        ]
    }
}
