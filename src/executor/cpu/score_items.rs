//! Twin of `shaders/score_items.wgsl`.

use twotower_simd::{by_rows, pack_rows, row_by_rows};

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{ScoreItems, TILE};

impl Twin for ScoreItems {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let rows = memory.step(self.step, slot).rows as usize;
        let dim = self.dims.out;
        let items_padded = self.dims.items_padded();
        let mut scratch = memory.take_scratch(TILE * dim);
        let [queries, items, scores] = memory.many([self.queries, self.items, self.scores]);
        let (queries, items, scores) =
            (view::<f32>(queries), view::<f32>(items), view::<f32>(scores));
        let panel = &mut scratch[..TILE * dim];
        let queries = &queries[..rows.next_multiple_of(TILE) * dim];
        for (tile, eight) in items.chunks_exact(TILE * dim).enumerate() {
            pack_rows(&[eight], dim, panel);
            let scores = &mut scores[tile * TILE..];
            if rows == 1 {
                row_by_rows(&queries[..dim], panel, &mut scores[..TILE]);
            } else {
                by_rows(queries, dim, panel, items_padded, scores);
            }
        }
        memory.give_scratch(scratch);
    }
}
