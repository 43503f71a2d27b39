//! Twin of `shaders/estimate_gaps.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{EstimateGaps, NO_ID};

impl Twin for EstimateGaps {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot);
        let [order, gaps, last_seen, log_q] =
            memory.many([self.order, self.gaps, self.last_seen, self.log_q]);
        let order: &[[u32; 2]] = bytemuck::cast_slice(order);
        let (gaps, log_q) = (view::<f32>(gaps), view::<f32>(log_q));
        let places = self.dims.candidates.next_power_of_two();
        let order = &order[step.slot as usize * places..][..places];
        let present = order.partition_point(|[id, _]| *id != NO_ID);
        for uses in order[..present].chunk_by(|a, b| a[0] == b[0]) {
            let item = uses[0][0] as usize;
            let newest = (step.number - last_seen[item]) as f32;
            gaps[item] = (1.0 - self.rate) * gaps[item] + self.rate * newest;
            last_seen[item] = step.number;
            log_q[item] = -gaps[item].max(1.0).ln();
        }
    }
}
