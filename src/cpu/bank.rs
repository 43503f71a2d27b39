//! Twins of `shaders/bank_push_*.wgsl` and `enqueue_*.wgsl`.

use twotower_simd::{STAGGER, add_by_rows, bank_weights, by_rows, pack_columns, pack_rows};

use super::memory::{Memory, view};
use crate::plan::{BankPush, Enqueue, Entry, NO_ID, TILE};

/// Number of banked users whose weights are computed at once; see the softmax's chunk.
const CHUNK: usize = 64;

pub fn push(op: &BankPush, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    let live = step.bank as usize;
    if live == 0 || step.rows == 0 {
        return;
    }
    let (dim, candidates) = (op.dims.out, op.dims.candidates);
    let columns = candidates.next_multiple_of(TILE);
    let bank_padded = live.next_multiple_of(TILE);
    let stride = columns + STAGGER;
    let mut scratch =
        memory.take_scratch((columns + bank_padded) * dim + CHUNK * stride + 2 * columns);
    let (item_rows, rest) = scratch.split_at_mut(columns * dim);
    let (user_columns, rest) = rest.split_at_mut(bank_padded * dim);
    let (weights, rest) = rest.split_at_mut(CHUNK * stride);
    let (correction, rest) = rest.split_at_mut(columns);
    let column_ids: &mut [u32] = bytemuck::cast_slice_mut(&mut rest[..columns]);

    let [users, entries, items, ids, log_q, d_item] =
        memory.many([op.bank_users, op.bank_entries, op.items, op.item_ids, op.log_q, op.d_item]);
    let ids = &ids[slot * candidates..][..candidates];
    let entries = &view::<Entry>(entries)[..live];
    let users = &view::<f32>(users)[..bank_padded * dim];
    pack_rows(&[&view::<f32>(items)[..columns * dim]], dim, item_rows);
    pack_columns(&[users], dim, user_columns);
    column_ids.fill(NO_ID);
    column_ids[..candidates].copy_from_slice(ids);
    correction.fill(0.0);
    if op.corrected {
        let log_q = view::<f32>(log_q);
        for (correction, &id) in correction.iter_mut().zip(ids) {
            *correction = if id == NO_ID { 0.0 } else { log_q[id as usize] };
        }
    }
    let row_candidates = (step.rows as usize + candidates - op.dims.batch + live) as f32;
    let inverse_temperature = 1.0 / op.temperature;
    let scale = inverse_temperature / step.rows as f32;
    let d_item = &mut view::<f32>(d_item)[..columns * dim];
    for first in (0..bank_padded).step_by(CHUNK) {
        let rows = (bank_padded - first).min(CHUNK);
        let weights = &mut weights[..rows * stride];
        by_rows(&users[first * dim..][..rows * dim], dim, item_rows, stride, weights);
        for (n, weights) in weights.chunks_exact_mut(stride).enumerate() {
            let weights = &mut weights[..columns];
            let Some(entry) = entries.get(first + n) else {
                weights.fill(0.0);
                continue;
            };
            let offset = entry.mean_logit + row_candidates.ln();
            let (item, ids) = (entry.item, &*column_ids);
            bank_weights(weights, correction, ids, item, inverse_temperature, offset, scale);
        }
        let panels = user_columns.chunks_exact(bank_padded * TILE);
        let mut panels = panels.map(|panel| &panel[first * TILE..]);
        add_by_rows(weights, stride, columns, &mut panels, dim, d_item);
    }
    memory.give_scratch(scratch);
}

pub fn enqueue(op: &Enqueue, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    let (rows, bank, dim) = (step.rows as usize, op.dims.bank, op.dims.out);
    let place = |row: usize| (step.cursor as usize + row) % bank;
    let kept = rows.saturating_sub(bank)..rows;
    let sides = [Some((op.items, op.bank.items)), op.bank.users.map(|users| (op.users, users))];
    for (from, to) in sides.into_iter().flatten() {
        let [from, to] = memory.many([from, to]);
        for row in kept.clone() {
            to[place(row) * dim..][..dim].copy_from_slice(&from[row * dim..][..dim]);
        }
    }
    let [ids, log_q, row_lse, entries] =
        memory.many([op.item_ids, op.log_q, op.row_lse, op.bank.entries]);
    let (log_q, row_lse) = (view::<f32>(log_q), view::<f32>(row_lse));
    let entries = view::<Entry>(entries);
    let candidates = (rows + op.dims.candidates - op.dims.batch + step.bank as usize) as f32;
    for row in kept {
        let item = ids[slot * op.dims.candidates + row];
        entries[place(row)] = Entry {
            item,
            log_q: if op.corrected { log_q[item as usize] } else { 0.0 },
            mean_logit: row_lse[row] - candidates.ln(),
            padding: 0,
        };
    }
}
