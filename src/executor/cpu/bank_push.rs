//! Twin of `shaders/bank_push_*.wgsl`.

use twotower_simd::{STAGGER, add_by_rows, bank_weights, by_rows, pack_columns, pack_rows};

use super::Twin;
use super::columns::Columns;
use super::memory::{Memory, view};
use crate::plan::{BankPush, Entry, TILE};

/// Number of banked users whose weights are computed at once: these weights fit in the cache, as
/// the chunks of `softmax_loss` do.
const CHUNK: usize = 64;

impl Twin for BankPush {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot);
        let live = step.bank as usize;
        if live == 0 || step.rows == 0 {
            return;
        }
        let (dim, candidates) = (self.dims.out, self.dims.candidates);
        let columns = candidates.next_multiple_of(TILE);
        let bank_padded = live.next_multiple_of(TILE);
        let stride = columns + STAGGER;
        let mut scratch = memory
            .take_scratch((columns + bank_padded) * dim + CHUNK * stride + Columns::room(columns));
        let (item_rows, rest) = scratch.split_at_mut(columns * dim);
        let (user_columns, rest) = rest.split_at_mut(bank_padded * dim);
        let (weights, rest) = rest.split_at_mut(CHUNK * stride);

        let [users, entries, items, ids, log_q, d_item] = memory.many([
            self.bank_users,
            self.bank_entries,
            self.items,
            self.item_ids,
            self.log_q,
            self.d_item,
        ]);
        let ids = &ids[slot * candidates..][..candidates];
        let entries = &view::<Entry>(entries)[..live];
        let users = &view::<f32>(users)[..bank_padded * dim];
        pack_rows(&[&view::<f32>(items)[..columns * dim]], dim, item_rows);
        pack_columns(&[users], dim, user_columns);
        let log_q = self.corrected.then(|| &*view(log_q));
        let named = Columns::new(rest, columns, ids, log_q);
        let row_candidates = (step.rows as usize + candidates - self.dims.batch + live) as f32;
        let inverse_temperature = 1.0 / self.temperature;
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
                let Columns { ids, correction } = &named;
                bank_weights(
                    weights,
                    correction,
                    ids,
                    entry.item,
                    inverse_temperature,
                    offset,
                    scale,
                );
            }
            let panels = user_columns.chunks_exact(bank_padded * TILE);
            let mut panels = panels.map(|panel| &panel[first * TILE..]);
            add_by_rows(weights, stride, columns, &mut panels, dim, d_item);
        }
        memory.give_scratch(scratch);
    }
}
