//! A run as data: named buffers, and programs of operations over them. Techniques are built by
//! putting operations into a program, never by run-time flags inside kernels. The CPU and the GPU
//! execute the same plan.

mod buffers;
mod builder;
mod dims;
pub mod dispatch;
mod extent;
mod handles;
mod loss;
mod losses;
mod operations;
mod optimizers;
mod parameter;
mod programs;
mod run;
mod schedule;
mod state;
mod step;
mod techniques;
mod towers;
mod wgsl;
mod work;

pub use buffers::{Buffer, BufferKind, BufferSpec, Buffers};
use builder::Builder;
use dims::MATRIX_WORDS;
pub use dims::{Dims, MIN_NORM, RING, ROW_BLOCK, TOP_K};
pub use dispatch::{Access, Binding, Constant, Dispatch, Groups, Shader, Variant};
pub use extent::{BagExtent, Bags, Extent};
pub use handles::{Handles, TowerHandles};
pub use loss::{Gradients, Loss};
pub use operations::affine::Layer;
pub use operations::compact_pairs::Stay;
pub use operations::count_stale::Tally;
pub use operations::draw_negatives::Pool;
pub use operations::enqueue::{Bank, Entry};
pub use operations::gather_bags::{Lists, Positives};
pub use operations::kept_log_q::NEVER;
pub(crate) use operations::softmax_loss::softmax_rows_alone;
pub use operations::*;
pub use optimizers::{BETA_M, BETA_V, EPSILON, LOG_BETA_M, LOG_BETA_V, Rule};
pub use parameter::{Parameter, Part, Tower};
pub use programs::{PROGRAMS, Program};
pub use schedule::Schedule;
pub use state::{Tensor, Word, blocks};
pub use step::{Counters, STEP_STRIDE, STEP_WORDS, Step};
pub use techniques::{
    ALWAYS_ACTIVE, CbnsHandles, GapHandles, KEPT_PAIRS, SkipHandles, SkipSide, Snapshots,
};
pub use towers::MAX_FEATURES;
pub use work::Work;

use crate::config::Config;

pub use twotower_simd::{IMPOSSIBLE, NO_ID, TILE};

/// A run as data.
#[derive(Debug)]
pub struct Plan {
    /// Sizes of the run.
    pub dims: Dims,
    /// Description of each [`Buffer`].
    pub buffers: Vec<BufferSpec>,
    /// The buffers that are the run's state.
    pub tensors: Vec<Tensor>,
    /// The buffers that the host writes and reads.
    pub handles: Handles,
    /// Parameters that training updates.
    pub parameters: Vec<Parameter>,
    programs: [Vec<Op>; PROGRAMS.len()],
    dispatch_counts: [u64; PROGRAMS.len()],
}

impl Plan {
    /// Builds the plan that trains and evaluates the model of `config`.
    pub fn new(config: &Config, extent: &Extent) -> Self {
        Builder::new(config, extent).build()
    }

    /// Returns a trained part of a tower, if the tower has it.
    pub fn parameter(&self, tower: Tower, part: Part) -> Option<&Parameter> {
        self.parameters.iter().find(|one| (one.tower, one.part) == (tower, part))
    }

    /// Returns the operations of a program.
    pub fn program(&self, program: Program) -> &[Op] {
        &self.programs[program as usize]
    }

    /// Returns the buffer at an index of [`Plan::buffers`].
    pub fn buffer(&self, index: usize) -> Buffer {
        assert!(index < self.buffers.len(), "the plan has {} buffers", self.buffers.len());
        Buffer(index)
    }

    /// Returns the length of a buffer in 32-bit words.
    pub fn words(&self, buffer: Buffer) -> usize {
        self.buffers[buffer.0].words
    }

    /// Returns the total bytes of the buffers that a backend allocates.
    pub fn bytes(&self, on_gpu: bool) -> u64 {
        let is_allocated = |spec: &&BufferSpec| on_gpu || spec.kind != BufferKind::GpuScratch;
        self.buffers.iter().filter(is_allocated).map(BufferSpec::bytes).sum()
    }

    /// Returns the counted work of one run of a program; a step has a full batch.
    pub fn work(&self, program: Program) -> Work {
        self.work_with(program, 0)
    }

    /// Returns the counted work of a step of `rows`, with `bank` filled entries of the bank. A
    /// smaller batch counts as its share of a full one.
    pub fn step_work(&self, rows: usize, bank: usize) -> Work {
        self.work_with(Program::Step, bank).of_rows(rows, self.dims.batch)
    }

    fn work_with(&self, program: Program, bank: usize) -> Work {
        let dispatches = self.dispatch_counts[program as usize];
        let work: Work = self.program(program).iter().map(|op| op.work(bank)).sum();
        Work { dispatches, ..work }
    }
}
