//! Moves the clock past a window's steps, and into the next epoch if this one is done.

use super::dispatch::{Dispatch, Shader, folded, shader};
use super::{Buffer, Clock, Dims, Work};

pub(super) const ADVANCE_CLOCK: Shader = shader!("advance_clock", [clock: Write]);

/// See the module.
#[derive(Debug)]
pub struct AdvanceClock {
    /// Sizes of the run.
    pub dims: Dims,
    /// [`super::Clock`], read and written.
    pub clock: Buffer,
}

impl AdvanceClock {
    pub(super) fn work(&self) -> Work {
        Work::new(2 * size_of::<Clock>() / 4, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &ADVANCE_CLOCK,
            buffers: vec![self.clock],
            constants: vec![
                ("B", self.dims.batch.into()),
                ("M", self.dims.bank.into()),
                ("S", self.dims.window.into()),
            ],
            groups: folded(1),
            chunk: 0,
        }]
    }
}
