//! The optimiser of a layer: every element is updated at every step.

use crate::plan::dispatch::{Dispatch, lanes};
use crate::plan::{Buffer, Operation, Rule, Work};

/// See the module.
#[derive(Debug)]
pub struct UpdateDense {
    /// Optimiser of the elements.
    pub rule: Rule,
    /// Weight decay, `l2·w` added to the gradient.
    pub l2: f32,
    /// The step's record.
    pub step: Buffer,
    /// (`rows`, `dim`) read.
    pub gradient: Buffer,
    /// (`rows`, `dim`) read and written.
    pub table: Buffer,
    /// Number of stored rows, including padding.
    pub rows: usize,
    /// Number of elements of a row, without padding.
    pub width: usize,
    /// Number of elements of a stored row.
    pub dim: usize,
}

impl Operation for UpdateDense {
    fn work(&self, _: usize) -> Work {
        let elements = self.rows * self.dim;
        let (state, rule) =
            (self.rule.state_words(self.rows, elements), self.rule.optimizer().multiply_adds());
        Work::new(3 * elements + state, rule * elements)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let constants = vec![
            ("ROWS", self.rows.into()),
            ("COLUMNS", self.dim.into()),
            ("LANES", lanes(self.dim)),
            ("WIDTH", (self.width as f32).into()),
            ("L2", self.l2.into()),
        ];
        vec![self.rule.optimizer().update_dense(self, constants)]
    }
}
