//! Twin of `shaders/draw_batches.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{
    Clock, DrawBatches, LOG_BETA_M, LOG_BETA_V, NO_ID, RING, STEP_STRIDE, STEP_WORDS, Step,
};
use crate::random::{self, stream};

pub fn run(op: &DrawBatches, memory: &mut Memory) {
    let batch = op.dims.batch;
    let [clock, pairs, steps, user_ids, item_ids] =
        memory.many([op.clock, op.pairs, op.steps, op.user_ids, op.item_ids]);
    let clock = view::<Clock>(clock)[0];
    let pairs: &[[u32; 2]] = bytemuck::cast_slice(pairs);
    let key = random::hash(op.seed, stream::ORDER, clock.epoch);
    for slot in 0..op.dims.window {
        let first = (clock.done as usize + slot) * batch;
        let rows = (clock.pairs as usize).saturating_sub(first).min(batch);
        let number = clock.steps + slot as u32 + 1;
        let record = Step {
            number,
            slot: slot as u32,
            rows: rows as u32,
            ring: (number - 1) % RING as u32,
            adam_m: bias_correction(LOG_BETA_M, number),
            adam_v: bias_correction(LOG_BETA_V, number),
            bank: if number > clock.warmup {
                (clock.filled + (slot * batch) as u32).min(op.dims.bank as u32)
            } else {
                0
            },
            cursor: (clock.cursor + (slot * batch) as u32) % (op.dims.bank as u32).max(1),
            rate: op.schedule.at(&clock, clock.done + slot as u32, op.dims.batch as u32),
        };
        steps[slot * STEP_STRIDE..][..STEP_WORDS]
            .copy_from_slice(bytemuck::cast_slice(std::slice::from_ref(&record)));
        for row in 0..batch {
            let n = (first + row) as u32;
            let pair = match row < rows {
                true if op.shuffled => pairs[random::permute(n, clock.pairs, key) as usize],
                true => pairs[n as usize],
                false => [NO_ID; 2],
            };
            user_ids[slot * batch + row] = pair[0];
            item_ids[slot * op.dims.candidates + row] = pair[1];
        }
    }
}

/// Returns 1 / (1 − β^t).
fn bias_correction(log_beta: f32, number: u32) -> f32 {
    -1.0 / (log_beta * number as f32).exp_m1()
}
