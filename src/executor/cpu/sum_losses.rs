//! Twin of `shaders/sum_losses.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::SumLosses;

impl Twin for SumLosses {
    fn run(&self, memory: &mut Memory, _: usize) {
        for slot in 0..self.dims.window {
            let step = memory.step(self.steps, slot);
            let [row_loss, losses] = memory.many([self.row_loss, self.losses]);
            let rows = &view::<f32>(row_loss)[slot * self.dims.batch..][..step.rows as usize];
            if !rows.is_empty() {
                view::<f32>(losses)[step.ring as usize] =
                    rows.iter().sum::<f32>() / rows.len() as f32;
            }
        }
    }
}
