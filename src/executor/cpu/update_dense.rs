//! Twin of `shaders/update_dense_*.wgsl`.

use super::memory::Memory;
use super::{Twin, optimizers};
use crate::plan::UpdateDense;

impl Twin for UpdateDense {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot);
        optimizers::of(self.rule.kind).update_dense(self, memory, step);
    }
}
