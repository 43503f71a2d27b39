//! Twin of `shaders/update_rows_*.wgsl`.

use super::memory::Memory;
use super::{Twin, optimizers};
use crate::plan::UpdateRows;

impl Twin for UpdateRows {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot);
        optimizers::of(self.rule.kind).update_rows(self, memory, step);
    }
}
