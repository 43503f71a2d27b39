//! The host's counters of a run: the twin of `draw_batches` and `advance_counters`, which count on the
//! device. Both count the same, so the host knows the run's progress without a readback.

use super::Position;
use crate::config::{Config, Warmup, WarmupRule};
use crate::plan::{Counters, Dims};

/// Progress of a run, counted at each step; the device counts once a window.
#[derive(Debug, Clone, Copy)]
pub struct HostCounters {
    /// B, pairs in a step.
    batch: usize,
    /// S, steps in a window.
    window: usize,
    /// M, entries of the bank.
    bank: usize,
    /// Number of steps before the bank is used.
    warmup: u32,
    /// Number of epochs of the run.
    pub epochs: u32,
    /// Number of steps since the start.
    pub steps: u64,
    /// Number of steps of this epoch that are done.
    pub step_in_epoch: usize,
    /// Number of pairs of this epoch.
    pub pairs_in_epoch: usize,
    /// Number of pairs trained since the start.
    pub pairs: usize,
    /// Number of steps after which the bank is used.
    bank_opens_after: u64,
}

impl HostCounters {
    /// Returns the counters before the first step.
    pub fn new(config: &Config, dims: &Dims) -> Self {
        let warmup = warmup(config);
        Self {
            batch: dims.batch,
            window: dims.window,
            bank: dims.bank,
            warmup,
            epochs: config.epochs as u32,
            steps: 0,
            step_in_epoch: 0,
            pairs_in_epoch: dims.pairs,
            pairs: 0,
            bank_opens_after: warmup.into(),
        }
    }

    /// Starts again, with this number of pairs in the first epoch.
    pub fn start(&mut self, pairs_in_epoch: usize) {
        let bank_opens_after = self.warmup.into();
        let (steps, step_in_epoch, pairs) = (0, 0, 0);
        *self = Self { steps, step_in_epoch, pairs_in_epoch, pairs, bank_opens_after, ..*self };
    }

    /// Resumes at a position in the run.
    pub fn resume(&mut self, position: &Position) {
        self.steps = position.steps.into();
        self.step_in_epoch = position.step_in_epoch;
        self.pairs_in_epoch = position.pairs_in_epoch;
        self.pairs = position.pairs;
        self.bank_opens_after = if position.bank_is_open { 0 } else { self.warmup.into() };
    }

    /// Returns the device's counters after `epochs` complete epochs. They move once a window, so they
    /// are at the start of the open one; the steps since then were full batches.
    pub fn on_device(&self, epochs: u32) -> Counters {
        let slot = self.slot();
        let banked = self.pairs - slot * self.batch;
        Counters {
            steps: self.steps as u32 - slot as u32,
            epoch: epochs,
            done: (self.step_in_epoch - slot) as u32,
            pairs: self.pairs_in_epoch as u32,
            cursor: (banked % self.bank.max(1)) as u32,
            filled: banked.min(self.bank) as u32,
            warmup: self.bank_opens_after as u32,
            epochs: self.epochs,
        }
    }

    /// Returns the next step's place in its window.
    pub fn slot(&self) -> usize {
        self.step_in_epoch % self.window
    }

    /// Returns the number of pairs of the next step.
    pub fn rows(&self) -> usize {
        self.batch.min(self.pairs_in_epoch - self.step_in_epoch * self.batch)
    }

    /// Returns the number of steps of this epoch.
    pub fn steps_in_epoch(&self) -> usize {
        self.pairs_in_epoch.div_ceil(self.batch)
    }

    /// Counts a step, and returns whether it was the last of its window.
    pub fn advance(&mut self) -> bool {
        let slot = self.slot();
        self.pairs += self.rows();
        self.steps += 1;
        self.step_in_epoch += 1;
        let ends_epoch = self.step_in_epoch == self.steps_in_epoch();
        if ends_epoch {
            self.step_in_epoch = 0;
        }
        ends_epoch || slot + 1 == self.window
    }

    /// Uses the bank from the next window on.
    pub fn open_bank(&mut self) {
        self.bank_opens_after = 0;
    }

    /// Returns whether the bank was opened, regardless of its warmup.
    pub fn bank_is_open(&self) -> bool {
        self.bank_opens_after == 0
    }

    /// Returns the number of entries of the bank that are negatives in the next step.
    pub fn live_entries(&self) -> usize {
        if self.steps < self.bank_opens_after { 0 } else { self.pairs.min(self.bank) }
    }

    /// Returns whether the drift's snapshot is taken before the next step. The bank holds the outputs
    /// of Δ = ⌈M/B⌉ steps: the snapshot is Δ steps before the epoch's end, or at its first step.
    pub fn drift_begins(&self) -> bool {
        let reach = self.bank.div_ceil(self.batch);
        self.step_in_epoch == self.steps_in_epoch().saturating_sub(reach)
    }
}

/// Returns the number of steps before the bank is used. With the rule `auto` no step opens the
/// bank: the trainer opens it between two epochs.
fn warmup(config: &Config) -> u32 {
    match config.cbns.as_ref().map(|cbns| cbns.warmup) {
        Some(Warmup::Steps(steps)) => steps,
        Some(Warmup::Rule(WarmupRule::Auto)) | None => u32::MAX,
    }
}
