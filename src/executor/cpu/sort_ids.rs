//! Twin of `shaders/sort_ids.wgsl`.

use twotower_simd::sort_pairs;

use super::Twin;
use super::memory::Memory;
use crate::plan::{NO_ID, SortIds};

impl Twin for SortIds {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [ids, order] = memory.many([self.ids, self.order]);
        let order: &mut [[u32; 2]] = bytemuck::cast_slice_mut(order);
        let steps = ids.chunks_exact(self.ids_per_slot);
        let steps = steps.zip(order.chunks_exact_mut(self.ids_per_slot.next_power_of_two()));
        for (ids, order) in steps {
            for (row, entry) in order.iter_mut().enumerate() {
                *entry = [ids.get(row).copied().unwrap_or(NO_ID), row as u32];
            }
            sort_pairs(order);
        }
    }
}
