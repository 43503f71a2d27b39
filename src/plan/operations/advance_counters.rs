//! Moves the counters past a window's steps, and into the next epoch if the current one is
//! done.

use crate::plan::dispatch::{Dispatch, Kernel, folded, shader};
use crate::plan::{Buffer, Counters, Dims, Operation, Work};

shader!(AdvanceCountersShader, "advance_counters", [counters: WriteExact]);

/// See the module.
#[derive(Debug)]
pub struct AdvanceCounters {
    /// Sizes of the run.
    pub dims: Dims,
    /// [`crate::plan::Counters`], read and written.
    pub counters: Buffer,
}

impl Operation for AdvanceCounters {
    fn work(&self, _: usize) -> Work {
        Work::new(2 * size_of::<Counters>() / 4, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { counters, .. } = *self;
        let shader = AdvanceCountersShader { counters };
        vec![shader.dispatch(
            folded(1),
            vec![
                ("B", self.dims.batch.into()),
                ("M", self.dims.bank.into()),
                ("S", self.dims.window.into()),
            ],
        )]
    }
}
