//! Twin of `shaders/scale_rows.wgsl`.

use super::memory::{Memory, view};
use crate::plan::ScaleRows;

pub fn run(op: &ScaleRows, memory: &mut Memory) {
    let dim = op.dim;
    let [d_out, weights, out] = memory.many([op.d_out, op.weights, op.out]);
    let rows = view::<f32>(d_out)[..op.rows * dim].chunks_exact(dim).zip(view::<f32>(weights));
    let out = view::<f32>(out)[op.first_row * dim..].chunks_exact_mut(dim);
    for (out, (row, weight)) in out.zip(rows) {
        for (out, g) in out.iter_mut().zip(row) {
            *out = *weight * g;
        }
    }
}
