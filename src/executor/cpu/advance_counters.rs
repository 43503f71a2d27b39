//! Twin of `shaders/advance_counters.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{AdvanceCounters, Counters};

impl Twin for AdvanceCounters {
    fn run(&self, memory: &mut Memory, _: usize) {
        let counters = &mut view::<Counters>(memory.words(self.counters))[0];
        let steps_in_epoch = counters.pairs.div_ceil(self.dims.batch as u32);
        let steps_done = (self.dims.window as u32).min(steps_in_epoch - counters.done);
        let (batch, bank) = (self.dims.batch as u32, self.dims.bank as u32);
        let rows_done = (steps_done * batch).min(counters.pairs - counters.done * batch);
        counters.cursor = (counters.cursor + rows_done) % bank.max(1);
        counters.filled = (counters.filled + rows_done).min(bank);
        counters.steps += steps_done;
        counters.done += steps_done;
        if counters.done == steps_in_epoch {
            counters.done = 0;
            counters.epoch += 1;
        }
    }
}
