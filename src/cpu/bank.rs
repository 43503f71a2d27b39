//! Twins of `shaders/bank_push_*.wgsl` and `enqueue_*.wgsl`.

use super::memory::{Memory, view};
use super::product::{columns_by_panel, four_rows, pack_columns, pack_rows, rows_by_panel};
use super::vector::add;
use crate::plan::{BankPush, Enqueue, Entry, NO_ID, TILE};

/// Banked users whose weights are computed at once; see the softmax's chunk.
const CHUNK: usize = 64;

pub fn push(op: &BankPush, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    let live = step.bank as usize;
    if live == 0 || step.rows == 0 {
        return;
    }
    let (dim, candidates) = (op.dims.dim, op.dims.candidates);
    let columns = candidates.next_multiple_of(TILE);
    let bank_padded = live.next_multiple_of(TILE);
    let mut scratch =
        memory.take_scratch((columns + bank_padded) * dim + CHUNK * columns + columns);
    let (item_rows, rest) = scratch.split_at_mut(columns * dim);
    let (user_columns, rest) = rest.split_at_mut(bank_padded * dim);
    let (weights, rest) = rest.split_at_mut(CHUNK * columns);
    let correction = &mut rest[..columns];

    let [users, entries, items, ids, log_q, d_item] =
        memory.many([op.bank_users, op.bank_entries, op.items, op.item_ids, op.log_q, op.d_item]);
    let ids = &ids[slot * candidates..][..candidates];
    let entries = &view::<Entry>(entries)[..live];
    let users = &view::<f32>(users)[..bank_padded * dim];
    pack_rows(&[&view::<f32>(items)[..columns * dim]], dim, item_rows);
    pack_columns(&[users], dim, user_columns);
    correction.fill(0.0);
    if op.corrected {
        let log_q = view::<f32>(log_q);
        for (correction, &id) in correction.iter_mut().zip(ids) {
            *correction = if id == NO_ID { 0.0 } else { log_q[id as usize] };
        }
    }
    let row_candidates = (step.rows as usize + candidates - op.dims.batch + live) as f32;
    let scale = 1.0 / (op.temperature * step.rows as f32);
    let d_item = &mut view::<f32>(d_item)[..columns * dim];
    for first in (0..bank_padded).step_by(CHUNK) {
        let rows = (bank_padded - first).min(CHUNK);
        let weights = &mut weights[..rows * columns];
        for (tile, panel) in item_rows.chunks_exact(TILE * dim).enumerate() {
            for row in (0..rows).step_by(4) {
                let sums = rows_by_panel(four_rows(users, dim, first + row), panel);
                for (n, sum) in sums.iter().enumerate() {
                    weights[(row + n) * columns + tile * TILE..][..TILE]
                        .copy_from_slice(sum.as_array());
                }
            }
        }
        for (n, weights) in weights.chunks_exact_mut(columns).enumerate() {
            let Some(entry) = entries.get(first + n) else {
                weights.fill(0.0);
                continue;
            };
            let offset = entry.mean_logit + row_candidates.ln();
            let (present, absent) = weights.split_at_mut(candidates);
            for ((weight, &id), correction) in present.iter_mut().zip(ids).zip(&*correction) {
                let logit = *weight / op.temperature - correction;
                let is_absent = id == NO_ID || id == entry.item;
                *weight = if is_absent { 0.0 } else { (logit - offset).min(0.0).exp() * scale };
            }
            absent.fill(0.0);
        }
        for (tile, panel) in user_columns.chunks_exact(bank_padded * TILE).enumerate() {
            for column in (0..columns).step_by(4) {
                let sums = columns_by_panel(weights, columns, column, &panel[first * TILE..]);
                for (n, sum) in sums.iter().enumerate() {
                    add(&mut d_item[(column + n) * dim + tile * TILE..][..TILE], sum.as_array());
                }
            }
        }
    }
    memory.give_scratch(scratch);
}

pub fn enqueue(op: &Enqueue, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    let (rows, bank, dim) = (step.rows as usize, op.dims.bank, op.dims.dim);
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
