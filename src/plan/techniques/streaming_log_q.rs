//! The streaming estimate of log q (Yi et al. 2019, algorithm 2): the mean gap between the batches
//! that contain an item. Each step updates it before its loss.

use super::super::builder::Builder;
use super::super::run::Run;
use super::super::{Buffer, Dims, EstimateGaps, Handles, Op, Word};
use super::{Part, Technique};
use crate::config::LogQ;

/// Buffers of the estimate.
#[derive(Debug, Clone, Copy)]
pub struct GapHandles {
    /// (I) mean gap between the steps that contain an item.
    pub gaps: Buffer,
    /// (I) number of the last step that contained it, 0 before the first.
    pub last_seen: Buffer,
}

struct StreamingLogQ {
    dims: Dims,
    rate: f32,
    handles: GapHandles,
}

pub(super) fn add(builder: &mut Builder<'_>) -> Option<Part> {
    let items = builder.dims.items;
    let LogQ::Estimated(_) = builder.config.negatives.log_q else { return None };
    let handles = GapHandles {
        gaps: builder.state("gaps", items, &[Word::Size]),
        last_seen: builder.state("last_seen", items, &[Word::Step]),
    };
    let rate = builder.config.negatives.gap_rate;
    Some(Box::new(StreamingLogQ { dims: builder.dims, rate, handles }))
}

impl Technique for StreamingLogQ {
    fn publish(&self, handles: &mut Handles) {
        handles.gaps = Some(self.handles);
    }

    fn before_loss(&self, run: &Run) -> Vec<Op> {
        let GapHandles { gaps, last_seen } = self.handles;
        vec![Op::from(EstimateGaps {
            dims: self.dims,
            rate: self.rate,
            step: run.step.records,
            order: run.step.item_order,
            gaps,
            last_seen,
            log_q: run.handles.log_q,
        })]
    }
}
