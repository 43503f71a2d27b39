//! Twin of `shaders/softmax_loss_*.wgsl`: one pass over chunks of rows whose logits fit in the
//! cache; each chunk's gradients are computed before the next chunk's logits.

use twotower_simd::{
    STAGGER, add_by_rows, by_columns, by_rows, mask, pack_columns, pack_rows, softmax,
};

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Entry, NO_ID, SoftmaxLoss, TILE};

/// Number of rows of logits at once: with 1,024 columns they take 256 KB, a part of a core's L2
/// cache.
pub const CHUNK: usize = 64;

impl Twin for SoftmaxLoss {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let loss = &self.loss;
        let step = memory.step(loss.step, slot);
        let rows = step.rows as usize;
        if rows == 0 {
            return;
        }
        let (batch, dim) = (loss.dims.batch, loss.dims.out);
        let candidates = loss.dims.candidates;
        let rows_padded = rows.next_multiple_of(TILE);
        // If the candidates are only positives, a smaller batch has fewer columns.
        let own = if candidates == batch { rows_padded } else { candidates.next_multiple_of(TILE) };
        let live = step.bank as usize;
        // The batch's candidates, then the bank's.
        let columns = own + live.next_multiple_of(TILE);
        let stride = columns + STAGGER;
        let mut scratch =
            memory.take_scratch((2 * columns + rows_padded) * dim + CHUNK * stride + 2 * columns);
        let (item_rows, rest) = scratch.split_at_mut(columns * dim);
        let (item_columns, rest) = rest.split_at_mut(columns * dim);
        let (user_columns, rest) = rest.split_at_mut(rows_padded * dim);
        let (logits, rest) = rest.split_at_mut(CHUNK * stride);
        let (correction, rest) = rest.split_at_mut(columns);
        let column_ids: &mut [u32] = bytemuck::cast_slice_mut(&mut rest[..columns]);

        let wanted = [
            loss.users,
            loss.items,
            loss.item_ids,
            loss.log_q,
            loss.row_loss,
            self.row_lse,
            loss.gradients.item,
        ];
        let optional = [
            loss.gradients.user,
            self.bank.map(|bank| bank.items),
            self.bank.map(|bank| bank.entries),
        ];
        let ([users, items, ids, log_q, row_loss, row_lse, d_item], [mut d_user, banked, entries]) =
            memory.many_and(wanted, optional);
        let ids = &ids[slot * candidates..][..candidates.min(own)];
        let losses = &mut view::<f32>(row_loss)[slot * batch..][..rows];
        let row_lse = view::<f32>(row_lse);
        let users = &view::<f32>(users)[..rows_padded * dim];
        let d_item = view::<f32>(d_item);
        let mut parts = [&view::<f32>(items)[..own * dim], &[]];
        column_ids.fill(NO_ID);
        column_ids[..ids.len()].copy_from_slice(ids);
        correction.fill(0.0);
        if loss.corrected {
            let log_q = view::<f32>(log_q);
            for (correction, &id) in correction.iter_mut().zip(ids) {
                *correction = if id == NO_ID { 0.0 } else { log_q[id as usize] };
            }
        }
        if let (Some(banked), Some(entries)) = (banked, entries) {
            parts[1] = &view::<f32>(banked)[..(columns - own) * dim];
            let entries = view::<Entry>(entries);
            let places = correction[own..].iter_mut().zip(&mut column_ids[own..]);
            for ((correction, id), entry) in places.zip(&entries[..live]) {
                (*correction, *id) = (entry.log_q, entry.item);
            }
        }
        pack_rows(&parts, dim, item_rows);
        if d_user.is_some() {
            pack_columns(&parts, dim, item_columns);
        }
        pack_columns(&[users], dim, user_columns);
        d_item[..loss.dims.candidates_padded() * dim].fill(0.0);
        let d_item = &mut d_item[..own * dim];

        let scale = 1.0 / (loss.temperature * rows as f32);
        for first in (0..rows_padded).step_by(CHUNK) {
            let chunk_rows = (rows_padded - first).min(CHUNK);
            let chunk = &mut logits[..chunk_rows * stride];
            by_rows(&users[first * dim..][..chunk_rows * dim], dim, item_rows, stride, chunk);
            for (row, logits) in (first..).zip(chunk.chunks_exact_mut(stride)) {
                let logits = &mut logits[..columns];
                if row < rows {
                    mask(logits, correction, column_ids, row, 1.0 / loss.temperature);
                    (losses[row], row_lse[row]) = softmax(logits, row, scale);
                } else {
                    logits.fill(0.0);
                }
            }
            let user_panels = user_columns.chunks_exact(rows_padded * TILE);
            let mut user_panels = user_panels.map(|panel| &panel[first * TILE..]);
            add_by_rows(chunk, stride, own, &mut user_panels, dim, d_item);
            if let Some(d_user) = &mut d_user {
                let d_user = &mut view::<f32>(d_user)[first * dim..][..chunk_rows * dim];
                let item_panels = &mut item_columns.chunks_exact(columns * TILE);
                by_columns(chunk, stride, item_panels, dim, d_user);
            }
        }
        memory.give_scratch(scratch);
    }
}
