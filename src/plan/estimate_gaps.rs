//! Estimates how often an item is in a batch if its count is not known beforehand (Yi et al. 2019,
//! algorithm 2): for each distinct item of the step, updates a moving mean of the gaps between the
//! steps that contain it.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Dims, Work};

pub(super) const ESTIMATE_GAPS: Shader = shader!(
    "estimate_gaps",
    [step: Step, order: Read, gaps: Write, last_seen: Write, log_q: Write]
);

/// Buffers of the estimate.
#[derive(Debug, Clone, Copy)]
pub struct GapHandles {
    /// (I) mean gap between the steps that contain an item.
    pub gaps: Buffer,
    /// (I) number of the last step that contained it, 0 before the first.
    pub last_seen: Buffer,
}

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
    /// Read and written.
    pub at: GapHandles,
    /// (I) log of the probability that an item is in a batch, written for the step's items.
    pub log_q: Buffer,
}

impl EstimateGaps {
    pub(super) fn work(&self) -> Work {
        let items = self.dims.candidates;
        Work::new(2 * items.next_power_of_two() + 5 * items, items)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let places = self.dims.candidates.next_power_of_two();
        vec![Dispatch {
            shader: &ESTIMATE_GAPS,
            buffers: vec![self.step, self.order, self.at.gaps, self.at.last_seen, self.log_q],
            constants: vec![("P", places.into()), ("RATE", self.rate.into())],
            groups: threads(places),
            chunk: 0,
        }]
    }
}
