//! Writes the mean losses of a window's steps to the ring.

use crate::plan::dispatch::{Dispatch, Kernel, folded, lanes, shader};
use crate::plan::{Buffer, Dims, Operation, STEP_WORDS, Work};

shader!(SumLossesShader, "sum_losses", [steps: Read, row_loss: Read, losses: Write]);

/// See the module.
#[derive(Debug)]
pub struct SumLosses {
    /// Sizes of the run.
    pub dims: Dims,
    /// (S) [`crate::plan::Step`]s, read.
    pub steps: Buffer,
    /// (S, B) read.
    pub row_loss: Buffer,
    /// (RING) written.
    pub losses: Buffer,
}

impl Operation for SumLosses {
    fn work(&self, _: usize) -> Work {
        let Dims { batch, window, .. } = self.dims;
        Work::new(window * (STEP_WORDS + batch + 1), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { steps, row_loss, losses, .. } = *self;
        let shader = SumLossesShader { steps, row_loss, losses };
        vec![shader.dispatch(
            folded(self.dims.window),
            vec![("B", self.dims.batch.into()), ("LANES", lanes(self.dims.batch))],
        )]
    }
}
