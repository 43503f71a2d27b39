//! Twin of `shaders/gather_rows.wgsl`.

use twotower_simd::dot;

use super::memory::{Memory, view};
use crate::plan::{GatherRows, MIN_NORM, NO_ID};

pub fn run(op: &GatherRows, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    let [ids, table, out] = memory.many([op.ids, op.table, op.out]);
    let ids = &ids[step.slot as usize * op.ids_per_slot..][..op.ids_per_slot.min(op.rows)];
    let table = view::<f32>(table);
    let out = &mut view::<f32>(out)[..op.rows * op.dim];
    let (listed, rest) = out.split_at_mut(ids.len() * op.dim);
    for (&id, out) in ids.iter().zip(listed.chunks_exact_mut(op.dim)) {
        if id == NO_ID {
            out.fill(0.0);
            continue;
        }
        let row = &table[id as usize * op.dim..][..op.dim];
        let scale = if op.normalize { 1.0 / dot(row, row).sqrt().max(MIN_NORM) } else { 1.0 };
        for (out, w) in out.iter_mut().zip(row) {
            *out = w * scale;
        }
    }
    rest.fill(0.0);
}
