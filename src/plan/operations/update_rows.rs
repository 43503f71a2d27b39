//! The optimiser of a table: sums the gradients of each distinct row of a batch in a fixed order,
//! applies the backward pass of the scaling to length 1, and updates the row. Other rows do not
//! change.

use crate::plan::dispatch::{Dispatch, folded, lanes};
use crate::plan::{Buffer, Dims, Operation, Rule, Work};

/// See the module.
#[derive(Debug)]
pub struct UpdateRows {
    /// Sizes of the run.
    pub dims: Dims,
    /// Optimiser of the rows.
    pub rule: Rule,
    /// Weight decay, `l2·w` added to the gradient.
    pub l2: f32,
    /// Whether the outputs were scaled to length 1.
    pub normalize: bool,
    /// The step's record.
    pub step: Buffer,
    /// Largest number of uses of rows in a step.
    pub ids_per_slot: usize,
    /// Mean number of uses, by which work is counted.
    pub uses: usize,
    /// (S, P) sorted ids and their rows, read.
    pub order: Buffer,
    /// (rows, D) gradient with respect to the outputs, or to the tower's input; read.
    pub d_out: Buffer,
    /// (R, D) read and written.
    pub table: Buffer,
}

impl Operation for UpdateRows {
    fn work(&self, _: usize) -> Work {
        let ids = self.uses;
        let elements = ids * self.dims.dim;
        let (state, rule) =
            (self.rule.state_words(ids, elements), self.rule.optimizer().multiply_adds());
        // The backward pass of the scaling is a dot product and a multiple of a row.
        let scaling = if self.normalize { 2 } else { 0 };
        let order = 2 * self.ids_per_slot.next_power_of_two();
        Work::new(order + 3 * elements + state, (rule + scaling) * elements)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { dim, width, .. } = self.dims;
        let constants = vec![
            ("D4", (dim / 4).into()),
            ("P", self.ids_per_slot.next_power_of_two().into()),
            ("LANES", lanes(dim / 4)),
            ("WIDTH", (width as f32).into()),
            ("NORMALIZE", self.normalize.into()),
            ("L2", self.l2.into()),
        ];
        let groups = folded(self.ids_per_slot.next_power_of_two());
        vec![self.rule.optimizer().update_rows(self, groups, constants)]
    }
}
