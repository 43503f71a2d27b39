//! The CPU executor: runs a plan's operations as SIMD passes over whole slices. Each operation's
//! file computes the same result as the operation's shaders; it does not emulate their lanes.

mod columns;
mod memory;
mod optimizers;
#[cfg(feature = "verify")]
pub mod probe;

use std::ops::Range;

use bytemuck::Pod;
use web_time::Instant;

use super::timing::Timed;
use crate::error::Result;
use crate::plan::{Buffer, Op, Plan, Program, for_each_operation};
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

    /// Writes elements, which consist of 32-bit words, to a buffer from a word offset on.
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
    pub fn start_timing(&mut self) {
        self.timed = Some(Vec::new());
    }

    /// Returns the runs of programs since timing was started, with the milliseconds of each
    /// operation.
    pub fn stop_timing(&mut self) -> Vec<Timed> {
        self.timed.take().unwrap_or_default()
    }

    /// Runs one operation.
    pub fn run_op(&mut self, op: &Op, slot: usize) {
        twin(op).run(&mut self.memory, slot);
    }
}

/// An operation on the CPU.
trait Twin {
    /// Runs it for a slot of the window: reads and writes the same buffers as its dispatches.
    fn run(&self, memory: &mut Memory, slot: usize);
}

/// Declares the modules of the twins, and finds the twin of an operation.
macro_rules! declare {
    ($($module:ident: $($operation:ident),+;)*) => {
        $(mod $module;)*

        fn twin(op: &Op) -> &dyn Twin {
            match op {
                $($(Op::$operation(op) => op,)+)*
            }
        }
    };
}
for_each_operation!(declare);

fn milliseconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64() * 1e3
}
