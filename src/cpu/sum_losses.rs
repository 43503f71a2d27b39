//! Twin of `shaders/sum_losses.wgsl`.

use super::memory::{Memory, view};
use crate::plan::SumLosses;

pub fn run(op: &SumLosses, memory: &mut Memory) {
    for slot in 0..op.dims.window {
        let step = memory.step(op.steps, slot);
        let [row_loss, losses] = memory.many([op.row_loss, op.losses]);
        let rows = &view::<f32>(row_loss)[slot * op.dims.batch..][..step.rows as usize];
        if !rows.is_empty() {
            view::<f32>(losses)[step.ring as usize] = rows.iter().sum::<f32>() / rows.len() as f32;
        }
    }
}
