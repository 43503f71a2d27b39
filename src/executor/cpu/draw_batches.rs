//! Twin of `shaders/draw_batches.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{
    Counters, DrawBatches, LOG_BETA_M, LOG_BETA_V, NO_ID, RING, STEP_STRIDE, STEP_WORDS, Step,
};
use crate::random::{self, stream};

impl Twin for DrawBatches {
    fn run(&self, memory: &mut Memory, _: usize) {
        let batch = self.dims.batch;
        let [counters, pairs, steps, user_ids, item_ids] =
            memory.many([self.counters, self.pairs, self.steps, self.user_ids, self.item_ids]);
        let counters = view::<Counters>(counters)[0];
        let pairs: &[[u32; 2]] = bytemuck::cast_slice(pairs);
        let key = random::hash(self.seed, stream::ORDER, counters.epoch);
        for slot in 0..self.dims.window {
            let first = (counters.done as usize + slot) * batch;
            let rows = (counters.pairs as usize).saturating_sub(first).min(batch);
            let number = counters.steps + slot as u32 + 1;
            let record = Step {
                number,
                slot: slot as u32,
                rows: rows as u32,
                ring: (number - 1) % RING as u32,
                adam_m: bias_correction(LOG_BETA_M, number),
                adam_v: bias_correction(LOG_BETA_V, number),
                bank: if number > counters.warmup {
                    (counters.filled + (slot * batch) as u32).min(self.dims.bank as u32)
                } else {
                    0
                },
                cursor: (counters.cursor + (slot * batch) as u32) % (self.dims.bank as u32).max(1),
                rate: self.schedule.at(
                    &counters,
                    counters.done + slot as u32,
                    self.dims.batch as u32,
                ),
            };
            steps[slot * STEP_STRIDE..][..STEP_WORDS]
                .copy_from_slice(bytemuck::cast_slice(std::slice::from_ref(&record)));
            for row in 0..batch {
                let n = (first + row) as u32;
                let pair = match row < rows {
                    true if self.shuffled => {
                        pairs[random::permute(n, counters.pairs, key) as usize]
                    }
                    true => pairs[n as usize],
                    false => [NO_ID; 2],
                };
                user_ids[slot * batch + row] = pair[0];
                item_ids[slot * self.dims.candidates + row] = pair[1];
            }
        }
    }
}

/// Returns 1 / (1 − β^t).
fn bias_correction(log_beta: f32, number: u32) -> f32 {
    -1.0 / (log_beta * number as f32).exp_m1()
}
