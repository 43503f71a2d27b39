//! Records of the run's progress that kernels read. Twin of `shaders/shared/step.wgsl` and
//! `counters.wgsl`.

use bytemuck::{Pod, Zeroable};

/// The record of one training step of the window, or of a block: see [`Step::of_block`].
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
pub struct Step {
    /// Number of the step in the run, from 1.
    pub number: u32,
    /// Place in the window.
    pub slot: u32,
    /// Number of ids in this step.
    pub rows: u32,
    /// Place in the loss ring.
    pub ring: u32,
    /// 1 / (1 − 0.9^number), Adam's bias correction of the first moment.
    pub adam_m: f32,
    /// 1 / (1 − 0.999^number), Adam's bias correction of the second moment.
    pub adam_v: f32,
    /// Number of entries of the bank used as negatives; 0 during its warmup.
    pub bank: u32,
    /// First place in the bank for this step's rows.
    pub cursor: u32,
    /// Learning rate.
    pub rate: f32,
}

impl Step {
    /// Returns the record of a block of `rows` queries, or of the catalogue's block `slot`. A block
    /// is not a training step, so its kernels do not read the other fields.
    pub fn of_block(slot: usize, rows: usize) -> Self {
        Self { slot: slot as u32, rows: rows as u32, ..Self::default() }
    }
}

/// Progress of the run.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Counters {
    /// Number of steps done in the run.
    pub steps: u32,
    /// Number of epochs done.
    pub epoch: u32,
    /// Number of steps done in the epoch.
    pub done: u32,
    /// N, pairs in an epoch.
    pub pairs: u32,
    /// Next place to write in the bank.
    pub cursor: u32,
    /// Number of filled entries of the bank.
    pub filled: u32,
    /// Number of steps before the bank is used.
    pub warmup: u32,
    /// Epochs of the run, which the learning rate's schedule uses.
    pub epochs: u32,
}

/// Number of words from one step record to the next: the offset of a uniform binding is a multiple
/// of 256 bytes.
pub const STEP_STRIDE: usize = 64;

/// Number of words of a [`Step`].
pub const STEP_WORDS: usize = size_of::<Step>() / 4;
