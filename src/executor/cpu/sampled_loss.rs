//! Twin of `shaders/sampled_loss_*.wgsl`: one pass over the rows, which computes each row's
//! gradients while its candidates are in the cache.

use twotower_simd::{add_scaled, dot, softmax};

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Dims, IMPOSSIBLE, SampledLoss, TILE};

impl Twin for SampledLoss {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let loss = &self.loss;
        let rows = memory.step(loss.step, slot).rows as usize;
        let Dims { batch, candidates, out: dim, .. } = loss.dims;
        let per_row = loss.dims.per_row();
        let width = (1 + per_row).next_multiple_of(TILE);
        let mut scratch = memory.take_scratch(width);
        let logits = &mut scratch[..width];

        let wanted =
            [loss.users, loss.items, loss.item_ids, loss.log_q, loss.row_loss, loss.gradients.item];
        let ([users, items, ids, log_q, losses, d_item], [mut d_user]) =
            memory.many_and(wanted, [loss.gradients.user]);
        let ids = &ids[slot * candidates..][..candidates];
        let losses = &mut view::<f32>(losses)[slot * batch..][..rows];
        let (users, items) = (view::<f32>(users), view::<f32>(items));
        let (log_q, d_item) = (view::<f32>(log_q), view::<f32>(d_item));

        let scale = 1.0 / (loss.temperature * rows as f32);
        for ((row, row_loss), user) in losses.iter_mut().enumerate().zip(users.chunks_exact(dim)) {
            let negatives = batch + row * per_row..batch + (row + 1) * per_row;
            let columns = std::iter::once(row).chain(negatives);
            logits.fill(IMPOSSIBLE);
            for (logit, column) in logits.iter_mut().zip(columns.clone()) {
                let correction = if loss.corrected { log_q[ids[column] as usize] } else { 0.0 };
                *logit = dot(user, &items[column * dim..][..dim]) / loss.temperature - correction;
            }
            (*row_loss, _) = softmax(logits, 0, scale);
            for (weight, column) in logits.iter().zip(columns.clone()) {
                for (d_item, u) in d_item[column * dim..][..dim].iter_mut().zip(user) {
                    *d_item = weight * u;
                }
            }
            if let Some(d_user) = &mut d_user {
                let d_user = &mut view::<f32>(d_user)[row * dim..][..dim];
                d_user.fill(0.0);
                for (weight, column) in logits.iter().zip(columns) {
                    add_scaled(d_user, *weight, &items[column * dim..][..dim]);
                }
            }
        }
        memory.give_scratch(scratch);
    }
}
