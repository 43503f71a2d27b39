//! Twin of `shaders/normalize_rows*.wgsl`.

use twotower_simd::dot;

use super::memory::{Memory, view};
use crate::plan::{MIN_NORM, NO_ID, NormalizeRows, NormalizeRowsBack};

pub fn forward(op: &NormalizeRows, memory: &mut Memory) {
    let [out, norms] = memory.many([op.out, op.norms]);
    let rows = view::<f32>(out)[..op.rows * op.dim].chunks_exact_mut(op.dim);
    for (row, norm) in rows.zip(view::<f32>(norms)) {
        *norm = dot(row, row).sqrt().max(MIN_NORM);
        row.iter_mut().for_each(|x| *x /= *norm);
    }
}

pub fn back(op: &NormalizeRowsBack, memory: &mut Memory, slot: usize) {
    let slot = memory.step(op.step, slot).slot as usize;
    let [ids, out, norms, d_out] = memory.many([op.ids, op.out, op.norms, op.d_out]);
    let ids = &ids[slot * op.ids_per_slot..][..op.ids_per_slot.min(op.rows)];
    let (out, norms) = (view::<f32>(out), view::<f32>(norms));
    let gradients = view::<f32>(d_out)[..op.rows * op.dim].chunks_exact_mut(op.dim);
    for (row, gradient) in gradients.enumerate() {
        let is_short = op.normalize && norms[row] <= MIN_NORM;
        if is_short || ids.get(row).is_none_or(|&id| id == NO_ID) {
            gradient.fill(0.0);
        } else if op.normalize {
            let x = &out[row * op.dim..][..op.dim];
            let along = dot(x, gradient);
            for (g, x) in gradient.iter_mut().zip(x) {
                *g = (*g - x * along) / norms[row];
            }
        }
    }
}
