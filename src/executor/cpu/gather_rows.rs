//! Twin of `shaders/gather_rows.wgsl`.

use twotower_simd::dot;

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{GatherRows, MIN_NORM, NO_ID};

impl Twin for GatherRows {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot);
        let [ids, table, out] = memory.many([self.ids, self.table, self.out]);
        let ids =
            &ids[step.slot as usize * self.ids_per_slot..][..self.ids_per_slot.min(self.rows)];
        let table = view::<f32>(table);
        let out = &mut view::<f32>(out)[..self.rows * self.dim];
        let (listed, rest) = out.split_at_mut(ids.len() * self.dim);
        for (&id, out) in ids.iter().zip(listed.chunks_exact_mut(self.dim)) {
            if id == NO_ID {
                out.fill(0.0);
                continue;
            }
            let row = &table[id as usize * self.dim..][..self.dim];
            let scale = if self.normalize { 1.0 / dot(row, row).sqrt().max(MIN_NORM) } else { 1.0 };
            for (out, w) in out.iter_mut().zip(row) {
                *out = w * scale;
            }
        }
        rest.fill(0.0);
    }
}
