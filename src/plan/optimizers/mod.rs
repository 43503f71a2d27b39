//! Optimisers, each in a file: the state that it keeps for a parameter, its kernels and its cost.
//! Its twin is the file of the same name in `executor/cpu/optimizers`.

mod adagrad;
mod adam;
mod sgd;

pub use adam::{BETA_M, BETA_V, LOG_BETA_M, LOG_BETA_V};

use super::buffers::Buffers;
use super::dispatch::{Constant, Dispatch, Groups};
use super::{Parameter, UpdateDense, UpdateRows, Word};
use crate::config::OptimizerKind;

/// ε of Adam and Adagrad, added to the root.
pub const EPSILON: f32 = 1e-8;

/// A tensor that an optimiser keeps for a parameter.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// A number for each row.
    OfRow(Word),
    /// A number for each element.
    OfElement(Word),
}

/// Compile-time constants of a dispatch.
type Constants = Vec<(&'static str, Constant)>;

/// An update rule.
pub(super) trait Optimizer {
    /// Returns the tensors that it keeps for a parameter, zero at the start.
    fn state(&self) -> &'static [State];

    /// Returns the multiply-adds of an element's update.
    fn multiply_adds(&self) -> usize;

    /// Returns the dispatch that updates the rows of a table, a workgroup for each.
    fn update_rows(&self, op: &UpdateRows, groups: Groups, constants: Constants) -> Dispatch;

    /// Returns the dispatch that updates all elements of a layer.
    fn update_dense(&self, op: &UpdateDense, constants: Constants) -> Dispatch;
}

/// The optimiser of a parameter, with the state that it keeps for it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The optimiser.
    pub kind: OptimizerKind,
    /// The tensors of its state.
    pub state: Buffers,
}

impl Rule {
    pub(super) fn new(kind: OptimizerKind, parameter: &Parameter) -> Self {
        Self { kind, state: parameter.state }
    }

    pub(super) fn optimizer(self) -> &'static dyn Optimizer {
        of(self.kind)
    }

    /// Returns the words that an update of rows reads and writes as state.
    pub(super) fn state_words(self, rows: usize, elements: usize) -> usize {
        let words = |state: &State| match state {
            State::OfRow(_) => 2 * rows,
            State::OfElement(_) => 2 * elements,
        };
        self.optimizer().state().iter().map(words).sum()
    }
}

/// Returns the optimiser of a kind.
pub(super) fn of(kind: OptimizerKind) -> &'static dyn Optimizer {
    match kind {
        OptimizerKind::Sgd => &sgd::Sgd,
        OptimizerKind::Adagrad => &adagrad::Adagrad,
        OptimizerKind::Adam => &adam::Adam,
    }
}
