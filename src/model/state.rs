//! Checkpoint of a model: reads and restores its tensors, between two steps of training.

use super::Model;
use crate::error::{Error, Result};
use crate::formats::pieces::room;
use crate::plan::{Tensor, Work};

/// Position of a run, without its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number of complete epochs.
    pub epochs: u32,
    /// Number of steps since the start.
    pub steps: u32,
    /// Number of pairs trained since the start.
    pub pairs: usize,
    /// Number of steps done in this epoch.
    pub step_in_epoch: usize,
    /// Number of pairs of this epoch.
    pub pairs_in_epoch: usize,
    /// Whether the bank was opened, regardless of its warmup.
    pub bank_is_open: bool,
    /// Counted work of the training since the start.
    pub work: Work,
}

impl Model {
    /// Reads the words of each of the plan's tensors, without padding.
    ///
    /// # Errors
    /// The same as [`Model::read_tensor`].
    pub async fn state(&mut self) -> Result<Vec<Vec<u32>>> {
        let mut state = Vec::with_capacity(self.plan.tensors.len());
        for number in 0..self.plan.tensors.len() {
            let tensor = &self.plan.tensors[number];
            let mut all = room(tensor.rows * tensor.row.len())?;
            let mut take = |_: &Tensor, words: &[u32]| {
                all.extend_from_slice(words);
                Ok(())
            };
            self.read_tensor(number, &mut take).await?;
            state.push(all);
        }
        Ok(state)
    }

    /// Reads the words of one of the plan's tensors, without padding: complete rows at a time.
    ///
    /// # Errors
    /// Errors of [`crate::executor::Executor::read`], and of `take`.
    pub async fn read_tensor(
        &mut self,
        number: usize,
        take: &mut dyn FnMut(&Tensor, &[u32]) -> Result<()>,
    ) -> Result<()> {
        let Self { plan, executor, .. } = self;
        let tensor = &plan.tensors[number];
        for rows in tensor.blocks() {
            let words = rows.start * tensor.stride..rows.end * tensor.stride;
            take(tensor, &tensor.pack(executor.read(tensor.buffer, words).await?))?;
        }
        Ok(())
    }

    /// Writes whole rows, without padding, to the plan's tensor `number`, from row `first` on.
    pub fn write_tensor(&mut self, number: usize, first: usize, words: Vec<u32>) {
        let tensor = &self.plan.tensors[number];
        self.executor.write(tensor.buffer, first * tensor.stride, &tensor.pad(words));
    }

    /// Returns the position of the run after `epochs` complete epochs.
    pub fn position(&self, epochs: usize) -> Position {
        Position {
            epochs: epochs as u32,
            steps: self.counters.steps as u32,
            pairs: self.counters.pairs,
            step_in_epoch: self.counters.step_in_epoch,
            pairs_in_epoch: self.counters.pairs_in_epoch,
            bank_is_open: self.bank_is_open(),
            work: self.work,
        }
    }

    /// Returns the fault of its device, if any.
    pub fn fault(&self) -> Option<Error> {
        self.executor.fault()
    }

    /// Destroys its device and frees the memory on it.
    pub fn give_up_device(&self) {
        self.executor.give_up_device();
    }

    /// Returns whether the bank was opened, regardless of its warmup.
    pub fn bank_is_open(&self) -> bool {
        self.counters.bank_is_open()
    }

    /// Resumes from the words of the plan's tensors, at a position in the run.
    pub fn restore(&mut self, state: &[Vec<u32>], position: &Position) {
        for (number, words) in state.iter().enumerate() {
            let tensor = &self.plan.tensors[number];
            let (rows, width) = (tensor.blocks().collect::<Vec<_>>(), tensor.row.len());
            for rows in rows {
                let words = words[rows.start * width..rows.end * width].to_vec();
                self.write_tensor(number, rows.start, words);
            }
        }
        self.resume(position);
    }

    /// Resumes at a position in the run, once all tensors are written.
    pub fn resume(&mut self, position: &Position) {
        self.counters.resume(position);
        let counters = self.counters.on_device(position.epochs);
        self.executor.write(self.plan.handles.counters, 0, &[counters]);
        self.work = position.work;
        self.fresh_blocks = 0;
        self.redraw_window();
    }
}
