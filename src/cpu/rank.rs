//! Twins of `shaders/score_items.wgsl`, `mask_seen.wgsl`, `mask_barred.wgsl` and
//! `top_items_*.wgsl`.

use twotower_simd::{by_rows, pack_rows, row_by_rows};

use super::memory::{Memory, view};
use crate::plan::{
    Dims, IMPOSSIBLE, MaskBarred, MaskSeen, NO_ID, ScoreItems, TILE, TOP_K, TopItems,
};

pub fn score_items(op: &ScoreItems, memory: &mut Memory, slot: usize) {
    let rows = memory.step(op.step, slot).rows as usize;
    let dim = op.dims.out;
    let items_padded = op.dims.items_padded();
    let mut scratch = memory.take_scratch(TILE * dim);
    let [queries, items, scores] = memory.many([op.queries, op.items, op.scores]);
    let (queries, items, scores) = (view::<f32>(queries), view::<f32>(items), view::<f32>(scores));
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

pub fn mask_seen(op: &MaskSeen, memory: &mut Memory, slot: usize) {
    let rows = memory.step(op.step, slot).rows as usize;
    let items_padded = op.dims.items_padded();
    let [users, offsets, items, scores] = memory.many([op.users, op.offsets, op.items, op.scores]);
    let scores = view::<f32>(scores).chunks_exact_mut(items_padded);
    for (&user, scores) in users[..rows].iter().zip(scores) {
        let user = user as usize;
        for &item in &items[offsets[user] as usize..offsets[user + 1] as usize] {
            scores[item as usize] = IMPOSSIBLE;
        }
    }
}

pub fn mask_barred(op: &MaskBarred, memory: &mut Memory, slot: usize) {
    let rows = memory.step(op.step, slot).rows as usize;
    let Dims { items, .. } = op.dims;
    let [barred, scores] = memory.many([op.barred, op.scores]);
    let scores = view::<f32>(scores).chunks_exact_mut(op.dims.items_padded());
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

pub fn top_items(op: &TopItems, memory: &mut Memory, slot: usize) {
    let rows = memory.step(op.step, slot).rows as usize;
    let items_padded = op.dims.items_padded();
    let [scores, top, top_scores] = memory.many([op.scores, op.top, op.top_scores]);
    let scores = view::<f32>(scores).chunks_exact(items_padded).take(rows);
    let top = top.chunks_exact_mut(TOP_K).zip(view::<f32>(top_scores).chunks_exact_mut(TOP_K));
    for (scores, (top, top_scores)) in scores.zip(top) {
        let mut best = [(IMPOSSIBLE, NO_ID); TOP_K];
        for (item, &score) in scores[..op.dims.items].iter().enumerate() {
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
