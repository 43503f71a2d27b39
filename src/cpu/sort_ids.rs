//! Twin of `shaders/sort_ids.wgsl`.

use twotower_simd::sort_pairs;

use super::memory::Memory;
use crate::plan::{NO_ID, SortIds};

pub fn run(op: &SortIds, memory: &mut Memory) {
    let [ids, order] = memory.many([op.ids, op.order]);
    let order: &mut [[u32; 2]] = bytemuck::cast_slice_mut(order);
    let steps = ids.chunks_exact(op.ids_per_slot);
    let steps = steps.zip(order.chunks_exact_mut(op.ids_per_slot.next_power_of_two()));
    for (ids, order) in steps {
        for (row, entry) in order.iter_mut().enumerate() {
            *entry = [ids.get(row).copied().unwrap_or(NO_ID), row as u32];
        }
        sort_pairs(order);
    }
}
