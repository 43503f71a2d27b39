//! Twin of `shaders/normalize_rows*.wgsl`.

use twotower_simd::dot;

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{MIN_NORM, NO_ID, NormalizeRows, NormalizeRowsBack};

impl Twin for NormalizeRows {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [out, norms] = memory.many([self.out, self.norms]);
        let rows = view::<f32>(out)[..self.rows * self.dim].chunks_exact_mut(self.dim);
        for (row, norm) in rows.zip(view::<f32>(norms)) {
            *norm = dot(row, row).sqrt().max(MIN_NORM);
            row.iter_mut().for_each(|x| *x /= *norm);
        }
    }
}

impl Twin for NormalizeRowsBack {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let slot = memory.step(self.step, slot).slot as usize;
        let [ids, out, norms, d_out] = memory.many([self.ids, self.out, self.norms, self.d_out]);
        let ids = &ids[slot * self.ids_per_slot..][..self.ids_per_slot.min(self.rows)];
        let (out, norms) = (view::<f32>(out), view::<f32>(norms));
        let gradients = view::<f32>(d_out)[..self.rows * self.dim].chunks_exact_mut(self.dim);
        for (row, gradient) in gradients.enumerate() {
            let is_short = self.normalize && norms[row] <= MIN_NORM;
            if is_short || ids.get(row).is_none_or(|&id| id == NO_ID) {
                gradient.fill(0.0);
            } else if self.normalize {
                let x = &out[row * self.dim..][..self.dim];
                let along = dot(x, gradient);
                for (g, x) in gradient.iter_mut().zip(x) {
                    *g = (*g - x * along) / norms[row];
                }
            }
        }
    }
}
