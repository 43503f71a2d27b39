//! Twin of `shaders/sampled_loss_*.wgsl`: one pass over the rows, each turned into gradients while its
//! candidates are in the cache.

use super::memory::{Memory, view};
use super::softmax_loss::softmax;
use super::vector::{add_scaled, dot};
use crate::plan::{Dims, IMPOSSIBLE, SampledLoss, TILE};

pub fn run(op: &SampledLoss, memory: &mut Memory, slot: usize) {
    let rows = memory.step(op.step, slot).rows as usize;
    let Dims { batch, candidates, dim, .. } = op.dims;
    let per_row = op.dims.per_row();
    let width = (1 + per_row).next_multiple_of(TILE);
    let mut scratch = memory.take_scratch(width);
    let logits = &mut scratch[..width];

    let mut d_user_words = op.gradients.user.map(|buffer| std::mem::take(memory.owned(buffer)));
    let [users, items, ids, log_q, row_loss, d_item] =
        memory.many([op.users, op.items, op.item_ids, op.log_q, op.row_loss, op.gradients.item]);
    let ids = &ids[slot * candidates..][..candidates];
    let losses = &mut view::<f32>(row_loss)[slot * batch..][..rows];
    let (users, items) = (view::<f32>(users), view::<f32>(items));
    let (log_q, d_item) = (view::<f32>(log_q), view::<f32>(d_item));

    let scale = 1.0 / (op.temperature * rows as f32);
    for ((row, loss), user) in losses.iter_mut().enumerate().zip(users.chunks_exact(dim)) {
        let negatives = batch + row * per_row..batch + (row + 1) * per_row;
        let columns = std::iter::once(row).chain(negatives);
        logits.fill(IMPOSSIBLE);
        for (logit, column) in logits.iter_mut().zip(columns.clone()) {
            let correction = if op.corrected { log_q[ids[column] as usize] } else { 0.0 };
            *logit = dot(user, &items[column * dim..][..dim]) / op.temperature - correction;
        }
        (*loss, _) = softmax(logits, 0, scale);
        for (weight, column) in logits.iter().zip(columns.clone()) {
            for (d_item, u) in d_item[column * dim..][..dim].iter_mut().zip(user) {
                *d_item = weight * u;
            }
        }
        if let Some(d_user) = &mut d_user_words {
            let d_user = &mut view::<f32>(d_user)[row * dim..][..dim];
            d_user.fill(0.0);
            for (weight, column) in logits.iter().zip(columns) {
                add_scaled(d_user, *weight, &items[column * dim..][..dim]);
            }
        }
    }
    if let (Some(buffer), Some(words)) = (op.gradients.user, d_user_words) {
        *memory.owned(buffer) = words;
    }
    memory.give_scratch(scratch);
}
