//! The optimiser of a table: sums the gradients of each distinct row of a batch in a fixed order,
//! takes them back through the scaling to length 1, and updates the row. Other rows do not change.

use super::adam::{BETA_M, BETA_V};
use super::dispatch::{Dispatch, Shader, folded, lanes, shader};
use super::{Buffer, Dims, Parameter, Work};
use crate::config::{Config, OptimizerKind};

pub(super) const SGD: Shader = shader!("update_rows_sgd", [step: Step, shard: Shard, order: Read, d_out: Read, table: WriteRows]);
pub(super) const ADAGRAD: Shader = shader!(
    "update_rows_adagrad",
    [step: Step, shard: Shard, order: Read, d_out: Read, table: WriteRows, squares: Write]
);
pub(super) const ADAM: Shader = shader!(
    "update_rows_adam",
    [step: Step, shard: Shard, order: Read, d_out: Read, table: WriteRows, first_moment: WriteRows, second_moment: WriteRows]
);

/// ε of Adam and Adagrad, added to the root.
pub const EPSILON: f32 = 1e-8;

/// An update rule and its state.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// `w −= lr·g`.
    Sgd,
    /// `a += mean_k(g_k²)`, `w −= lr·g/(√a + ε)`.
    Adagrad {
        /// (R) a.
        squares: Buffer,
    },
    /// Adam on the rows that a batch uses.
    Adam {
        /// (R, D) m.
        first_moment: Buffer,
        /// (R, D) v.
        second_moment: Buffer,
    },
}

impl Rule {
    pub(super) fn new(config: &Config, parameter: &Parameter) -> Self {
        let state = |n: usize| parameter.state[n].expect("a parameter has the state of its rule");
        match config.optimizer.kind {
            OptimizerKind::Sgd => Self::Sgd,
            OptimizerKind::Adagrad => Self::Adagrad { squares: state(0) },
            OptimizerKind::Adam => Self::Adam { first_moment: state(0), second_moment: state(1) },
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct UpdateRows {
    /// Sizes of the run.
    pub dims: Dims,
    /// Update rule of the rows.
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
    /// (rows, D) gradient by the outputs, or by the tower's input; read.
    pub d_out: Buffer,
    /// (R, D) read and written.
    pub table: Buffer,
}

impl UpdateRows {
    pub(super) fn work(&self) -> Work {
        let ids = self.uses;
        let elements = ids * self.dims.dim;
        let (state, rule) = match self.rule {
            Rule::Sgd => (0, 1),
            Rule::Adagrad { .. } => (2 * ids, 2),
            Rule::Adam { .. } => (4 * elements, 3),
        };
        // The backward pass of the scaling is a dot product and a multiple of a row.
        let scaling = if self.normalize { 2 } else { 0 };
        let order = 2 * self.ids_per_slot.next_power_of_two();
        Work::new(order + 3 * elements + state, (rule + scaling) * elements)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { dim, width, .. } = self.dims;
        let mut buffers = vec![self.step, self.step, self.order, self.d_out, self.table];
        let shader = match self.rule {
            Rule::Sgd => &SGD,
            Rule::Adagrad { squares } => {
                buffers.push(squares);
                &ADAGRAD
            }
            Rule::Adam { first_moment, second_moment } => {
                buffers.extend([first_moment, second_moment]);
                &ADAM
            }
        };
        vec![Dispatch {
            shader,
            buffers,
            constants: vec![
                ("D4", (dim / 4).into()),
                ("P", self.ids_per_slot.next_power_of_two().into()),
                ("LANES", lanes(dim / 4)),
                ("WIDTH", (width as f32).into()),
                ("NORMALIZE", self.normalize.into()),
                ("L2", self.l2.into()),
                ("BETA_M", BETA_M.into()),
                ("BETA_V", BETA_V.into()),
                ("EPSILON", EPSILON.into()),
            ],
            groups: folded(self.ids_per_slot.next_power_of_two()),
            chunk: 0,
        }]
    }
}
