//! Writes the mean losses of a window's steps to the ring.

use super::dispatch::{Dispatch, Shader, folded, lanes, shader};
use super::{Buffer, Dims, STEP_WORDS, Work};

pub(super) const SUM_LOSSES: Shader =
    shader!("sum_losses", [steps: Read, row_loss: Read, losses: Write]);

/// See the module.
#[derive(Debug)]
pub struct SumLosses {
    /// Sizes of the run.
    pub dims: Dims,
    /// (S) [`super::Step`]s, read.
    pub steps: Buffer,
    /// (S, B) read.
    pub row_loss: Buffer,
    /// (RING) written.
    pub losses: Buffer,
}

impl SumLosses {
    pub(super) fn work(&self) -> Work {
        let Dims { batch, window, .. } = self.dims;
        Work::new(window * (STEP_WORDS + batch + 1), 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &SUM_LOSSES,
            buffers: vec![self.steps, self.row_loss, self.losses],
            constants: vec![("B", self.dims.batch.into()), ("LANES", lanes(self.dims.batch))],
            groups: folded(self.dims.window),
            chunk: 0,
        }]
    }
}
