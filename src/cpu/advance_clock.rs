//! Twin of `shaders/advance_clock.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{AdvanceClock, Clock};

pub fn run(op: &AdvanceClock, memory: &mut Memory) {
    let clock = &mut view::<Clock>(memory.words(op.clock))[0];
    let steps_in_epoch = clock.pairs.div_ceil(op.dims.batch as u32);
    let steps_done = (op.dims.window as u32).min(steps_in_epoch - clock.done);
    let (batch, bank) = (op.dims.batch as u32, op.dims.bank as u32);
    let rows_done = (steps_done * batch).min(clock.pairs - clock.done * batch);
    clock.cursor = (clock.cursor + rows_done) % bank.max(1);
    clock.filled = (clock.filled + rows_done).min(bank);
    clock.steps += steps_done;
    clock.done += steps_done;
    if clock.done == steps_in_epoch {
        clock.done = 0;
        clock.epoch += 1;
    }
}
