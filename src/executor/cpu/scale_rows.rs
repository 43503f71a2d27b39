//! Twin of `shaders/scale_rows.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::ScaleRows;

impl Twin for ScaleRows {
    fn run(&self, memory: &mut Memory, _: usize) {
        let dim = self.dim;
        let [d_out, weights, out] = memory.many([self.d_out, self.weights, self.out]);
        let rows =
            view::<f32>(d_out)[..self.rows * dim].chunks_exact(dim).zip(view::<f32>(weights));
        let out = view::<f32>(out)[self.first_row * dim..].chunks_exact_mut(dim);
        for (out, (row, weight)) in out.zip(rows) {
            for (out, g) in out.iter_mut().zip(row) {
                *out = *weight * g;
            }
        }
    }
}
