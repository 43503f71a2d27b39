//! The records that tell kernels where the run stands: the twin of `shaders/shared/step.wgsl` and
//! `clock.wgsl`.

use bytemuck::{Pod, Zeroable};

/// A range of ids to work on: one training step of the window, or one block of queries.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
pub struct Step {
    /// Number of the step in the run, from 1.
    pub number: u32,
    /// Place in the window.
    pub slot: u32,
    /// Ids in this step.
    pub rows: u32,
    /// Place in the loss ring.
    pub ring: u32,
    /// 1 / (1 − 0.9^number), Adam's bias correction of the first moment.
    pub adam_m: f32,
    /// 1 / (1 − 0.999^number), of the second.
    pub adam_v: f32,
    /// Entries of the bank that compete; 0 while it warms up.
    pub bank: u32,
    /// Where the bank takes in this step's rows.
    pub cursor: u32,
    /// Step length of the optimiser.
    pub rate: f32,
}

/// Where the run stands.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Clock {
    /// Steps done in the run.
    pub steps: u32,
    /// Epochs done.
    pub epoch: u32,
    /// Steps done in the epoch.
    pub done: u32,
    /// N, pairs in an epoch.
    pub pairs: u32,
    /// Next place of the bank.
    pub cursor: u32,
    /// Live entries of the bank.
    pub filled: u32,
    /// Steps before the bank is used.
    pub warmup: u32,
    /// Epochs that were asked for, which the learning rate follows.
    pub epochs: u32,
}

/// Words from one step record to the next: a uniform binding may start at every 256 bytes.
pub const STEP_STRIDE: usize = 64;

/// Words of a [`Step`].
pub const STEP_WORDS: usize = size_of::<Step>() / 4;
