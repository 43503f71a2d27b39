//! Twin of `shaders/enqueue_*.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Enqueue, Entry};

impl Twin for Enqueue {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot);
        let (rows, bank, dim) = (step.rows as usize, self.dims.bank, self.dims.out);
        let place = |row: usize| (step.cursor as usize + row) % bank;
        let kept = rows.saturating_sub(bank)..rows;
        let sides =
            [Some((self.items, self.bank.items)), self.bank.users.map(|users| (self.users, users))];
        for (from, to) in sides.into_iter().flatten() {
            let [from, to] = memory.many([from, to]);
            for row in kept.clone() {
                to[place(row) * dim..][..dim].copy_from_slice(&from[row * dim..][..dim]);
            }
        }
        let [ids, log_q, row_lse, entries] =
            memory.many([self.item_ids, self.log_q, self.row_lse, self.bank.entries]);
        let (log_q, row_lse) = (view::<f32>(log_q), view::<f32>(row_lse));
        let entries = view::<Entry>(entries);
        let candidates =
            (rows + self.dims.candidates - self.dims.batch + step.bank as usize) as f32;
        for row in kept {
            let item = ids[slot * self.dims.candidates + row];
            entries[place(row)] = Entry {
                item,
                log_q: if self.corrected { log_q[item as usize] } else { 0.0 },
                mean_logit: row_lse[row] - candidates.ln(),
                padding: 0,
            };
        }
    }
}
