//! Twins of the optimisers.

mod adagrad;
mod adam;
mod each_row;
mod sgd;

use super::memory::Memory;
use crate::config::OptimizerKind;
use crate::plan::{Step, UpdateDense, UpdateRows};
use each_row::each_row;

/// The twin of an optimiser.
pub trait OptimizerTwin {
    /// Updates the rows of a table that a step uses.
    fn update_rows(&self, op: &UpdateRows, memory: &mut Memory, step: Step);

    /// Updates all elements of a layer.
    fn update_dense(&self, op: &UpdateDense, memory: &mut Memory, step: Step);
}

/// Returns the twin of an optimiser.
pub fn of(kind: OptimizerKind) -> &'static dyn OptimizerTwin {
    match kind {
        OptimizerKind::Sgd => &sgd::Sgd,
        OptimizerKind::Adagrad => &adagrad::Adagrad,
        OptimizerKind::Adam => &adam::Adam,
    }
}
