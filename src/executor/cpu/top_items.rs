//! Twin of `shaders/top_items_*.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{IMPOSSIBLE, NO_ID, TOP_K, TopItems};

impl Twin for TopItems {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let rows = memory.step(self.step, slot).rows as usize;
        let items_padded = self.dims.items_padded();
        let [scores, top, top_scores] = memory.many([self.scores, self.top, self.top_scores]);
        let scores = view::<f32>(scores).chunks_exact(items_padded).take(rows);
        let top = top.chunks_exact_mut(TOP_K).zip(view::<f32>(top_scores).chunks_exact_mut(TOP_K));
        for (scores, (top, top_scores)) in scores.zip(top) {
            let mut best = [(IMPOSSIBLE, NO_ID); TOP_K];
            for (item, &score) in scores[..self.dims.items].iter().enumerate() {
                if score > best[TOP_K - 1].0 {
                    // The first place with a lower score: of equal scores, the earlier item stays
                    // ahead.
                    let place = best.partition_point(|entry| entry.0 >= score);
                    best[place..].rotate_right(1);
                    best[place] = (score, item as u32);
                }
            }
            for (n, (score, item)) in best.into_iter().enumerate() {
                (top[n], top_scores[n]) = (item, score);
            }
        }
    }
}
