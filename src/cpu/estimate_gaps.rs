//! Twin of `shaders/estimate_gaps.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{EstimateGaps, NO_ID};

pub fn run(op: &EstimateGaps, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    let [order, gaps, last_seen, log_q] =
        memory.many([op.order, op.at.gaps, op.at.last_seen, op.log_q]);
    let order: &[[u32; 2]] = bytemuck::cast_slice(order);
    let (gaps, log_q) = (view::<f32>(gaps), view::<f32>(log_q));
    let places = op.dims.candidates.next_power_of_two();
    let order = &order[step.slot as usize * places..][..places];
    let present = order.partition_point(|[id, _]| *id != NO_ID);
    for uses in order[..present].chunk_by(|a, b| a[0] == b[0]) {
        let item = uses[0][0] as usize;
        let newest = (step.number - last_seen[item]) as f32;
        gaps[item] = (1.0 - op.rate) * gaps[item] + op.rate * newest;
        last_seen[item] = step.number;
        log_q[item] = -gaps[item].max(1.0).ln();
    }
}
