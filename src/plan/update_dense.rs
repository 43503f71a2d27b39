//! The optimiser of a layer: every element is updated at every step.

use super::adam::{BETA_M, BETA_V};
use super::dispatch::{Dispatch, Shader, folded, lanes, shader, threads};
use super::{Buffer, EPSILON, Rule, Work};

pub(super) const SGD: Shader =
    shader!("update_dense_sgd", [step: Step, gradient: Read, table: Write]);
pub(super) const ADAGRAD: Shader = shader!(
    "update_dense_adagrad",
    [step: Step, gradient: Read, table: Write, squares: Write]
);
pub(super) const ADAM: Shader = shader!(
    "update_dense_adam",
    [step: Step, gradient: Read, table: Write, first_moment: Write, second_moment: Write]
);

/// See the module.
#[derive(Debug)]
pub struct UpdateDense {
    /// Update rule of the elements.
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

impl UpdateDense {
    pub(super) fn work(&self) -> Work {
        let elements = self.rows * self.dim;
        let (state, rule) = match self.rule {
            Rule::Sgd => (0, 1),
            Rule::Adagrad { .. } => (2 * self.rows, 2),
            Rule::Adam { .. } => (4 * elements, 3),
        };
        Work::new(3 * elements + state, rule * elements)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let elements = threads(self.rows * self.dim);
        let mut buffers = vec![self.step, self.gradient, self.table];
        let (shader, groups) = match self.rule {
            Rule::Sgd => (&SGD, elements),
            Rule::Adagrad { squares } => {
                buffers.push(squares);
                (&ADAGRAD, folded(self.rows))
            }
            Rule::Adam { first_moment, second_moment } => {
                buffers.extend([first_moment, second_moment]);
                (&ADAM, elements)
            }
        };
        vec![Dispatch {
            shader,
            buffers,
            constants: vec![
                ("ROWS", self.rows.into()),
                ("COLUMNS", self.dim.into()),
                ("LANES", lanes(self.dim)),
                ("WIDTH", (self.width as f32).into()),
                ("L2", self.l2.into()),
                ("BETA_M", BETA_M.into()),
                ("BETA_V", BETA_V.into()),
                ("EPSILON", EPSILON.into()),
            ],
            groups,
            chunk: 0,
        }]
    }
}
