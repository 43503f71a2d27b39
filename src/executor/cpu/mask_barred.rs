//! Twin of `shaders/mask_barred.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Dims, IMPOSSIBLE, MaskBarred};

impl Twin for MaskBarred {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let rows = memory.step(self.step, slot).rows as usize;
        let Dims { items, .. } = self.dims;
        let [barred, scores] = memory.many([self.barred, self.scores]);
        let scores = view::<f32>(scores).chunks_exact_mut(self.dims.items_padded());
        for scores in scores.take(rows) {
            for (&bits, scores) in barred.iter().zip(scores[..items].chunks_mut(32)) {
                if bits == 0 {
                    continue;
                }
                for (n, score) in scores.iter_mut().enumerate() {
                    if bits >> n & 1 == 1 {
                        *score = IMPOSSIBLE;
                    }
                }
            }
        }
    }
}
