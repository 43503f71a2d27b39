//! The CPU executor: runs a plan's operations as SIMD passes over whole slices. Each operation's
//! file computes the same as the shaders of that stem; it does not emulate their lanes.

mod advance_clock;
mod affine;
mod aggregate_users;
mod bank;
mod compact_pairs;
mod count_stale;
mod draw_batches;
mod draw_negatives;
mod estimate_gaps;
mod gather_bags;
mod gather_rows;
mod item_drift;
mod kept_log_q;
mod memory;
mod normalize_rows;
#[cfg(feature = "verify")]
pub mod probe;
mod rank;
mod row_change;
mod sample_pairs;
mod sampled_loss;
mod scale_rows;
mod softmax_loss;
mod sort_ids;
mod sort_uses;
mod sum_losses;
mod update_dense;
mod update_rows;

use std::ops::Range;

use bytemuck::Pod;
use web_time::Instant;

use crate::error::Result;
use crate::executor::Timed;
use crate::plan::{Buffer, Op, Plan, Program};
use memory::Memory;
pub use memory::{check, wasm_memory};

/// Runs a plan on the calling thread.
#[derive(Debug)]
pub struct Executor {
    memory: Memory,
    /// Timed runs, if timing is on.
    timed: Option<Vec<Timed>>,
}

impl Executor {
    /// Allocates the plan's buffers, all zero.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub fn new(plan: &Plan) -> Result<Self> {
        Ok(Self { memory: Memory::new(plan)?, timed: None })
    }

    /// Creates an executor without buffers, which cannot run anything.
    pub fn released() -> Self {
        Self { memory: Memory::default(), timed: None }
    }

    /// Returns whether it has no buffers.
    pub fn is_released(&self) -> bool {
        self.memory.is_empty()
    }

    /// Writes elements of 4-byte words at a word offset of a buffer.
    pub fn write<T: Pod>(&mut self, buffer: Buffer, offset: usize, data: &[T]) {
        let words: &[u32] = bytemuck::cast_slice(data);
        self.memory.words(buffer)[offset..][..words.len()].copy_from_slice(words);
    }

    /// Sets a buffer to zero.
    pub fn clear(&mut self, buffer: Buffer) {
        self.memory.words(buffer).fill(0);
    }

    /// Returns a copy of a range of words of a buffer.
    pub fn read<T: Pod>(&mut self, buffer: Buffer, words: Range<usize>) -> Vec<T> {
        bytemuck::cast_slice(&self.memory.words(buffer)[words]).to_vec()
    }

    /// Copies the first `words` of a buffer to an offset of another one.
    pub fn copy(&mut self, from: Buffer, to: Buffer, offset: usize, words: usize) {
        let [from, to] = self.memory.many([from, to]);
        to[offset..][..words].copy_from_slice(&from[..words]);
    }

    /// Runs a program for a slot of the window.
    pub fn run(&mut self, plan: &Plan, program: Program, slot: usize) {
        let ops = plan.program(program).iter();
        if self.timed.is_none() {
            return ops.for_each(|op| self.run_op(op, slot));
        }
        let operations = ops.map(|op| vec![milliseconds(|| self.run_op(op, slot))]).collect();
        self.timed.get_or_insert_default().push(Timed { program, operations });
    }

    /// Times each operation from now on.
    pub fn start_clock(&mut self) {
        self.timed = Some(Vec::new());
    }

    /// Returns the runs of programs since the clock was started, with the milliseconds of each
    /// operation.
    pub fn stop_clock(&mut self) -> Vec<Timed> {
        self.timed.take().unwrap_or_default()
    }

    /// Runs one operation.
    pub fn run_op(&mut self, op: &Op, slot: usize) {
        let memory = &mut self.memory;
        match op {
            Op::DrawBatches(op) => draw_batches::run(op, memory),
            Op::DrawNegatives(op) => draw_negatives::run(op, memory),
            Op::SortIds(op) => sort_ids::run(op, memory),
            Op::SortUses(op) => sort_uses::run(op, memory),
            Op::GatherRows(op) => gather_rows::run(op, memory, slot),
            Op::GatherBags(op) => gather_bags::run(op, memory, slot),
            Op::Affine(op) => affine::forward(op, memory),
            Op::NormalizeRows(op) => normalize_rows::forward(op, memory),
            Op::EstimateGaps(op) => estimate_gaps::run(op, memory, slot),
            Op::SoftmaxLoss(op) => softmax_loss::run(op, memory, slot),
            Op::SampledLoss(op) => sampled_loss::run(op, memory, slot),
            Op::NormalizeRowsBack(op) => normalize_rows::back(op, memory, slot),
            Op::AffineBack(op) => affine::back(op, memory),
            Op::ScaleRows(op) => scale_rows::run(op, memory),
            Op::UpdateRows(op) => update_rows::run(op, memory, slot),
            Op::UpdateDense(op) => update_dense::run(op, memory, slot),
            Op::AggregateUsers(op) => aggregate_users::run(op, memory, slot),
            Op::BankPush(op) => bank::push(op, memory, slot),
            Op::Enqueue(op) => bank::enqueue(op, memory, slot),
            Op::ItemDrift(op) => item_drift::run(op, memory),
            Op::SumLosses(op) => sum_losses::run(op, memory),
            Op::AdvanceClock(op) => advance_clock::run(op, memory),
            Op::ScoreItems(op) => rank::score_items(op, memory, slot),
            Op::MaskSeen(op) => rank::mask_seen(op, memory, slot),
            Op::MaskBarred(op) => rank::mask_barred(op, memory, slot),
            Op::TopItems(op) => rank::top_items(op, memory, slot),
            Op::RowChange(op) => row_change::run(op, memory),
            Op::SamplePairs(op) => sample_pairs::run(op, memory),
            Op::CountStale(op) => count_stale::run(op, memory),
            Op::CompactPairs(op) => compact_pairs::run(op, memory),
            Op::KeptLogQ(op) => kept_log_q::run(op, memory),
        }
    }
}

fn milliseconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64() * 1e3
}
