//! Adam (Kingma & Ba 2015). In a table, it updates only the rows that a batch uses.

use super::{Constants, EPSILON, Optimizer, State};
use crate::plan::dispatch::{Dispatch, Groups, Kernel, Shard, shader, threads};
use crate::plan::{UpdateDense, UpdateRows, Word};

shader!(
    UpdateRowsAdamShader,
    "update_rows_adam",
    [
        step: Step, shard: Shard, order: Read, d_out: Read, table: WriteRows,
        first_moment: WriteRows, second_moment: WriteRows,
    ]
);
shader!(
    UpdateDenseAdamShader,
    "update_dense_adam",
    [step: Step, gradient: Read, table: Write, first_moment: Write, second_moment: Write]
);

/// Decay of the first moment, β₁.
pub const BETA_M: f32 = 0.9;
/// Decay of the second moment, β₂.
pub const BETA_V: f32 = 0.999;
/// ln β₁, which the bias correction is computed from.
pub const LOG_BETA_M: f32 = -0.105_360_515;
/// ln β₂.
pub const LOG_BETA_V: f32 = -0.001_000_500_3;

pub(super) struct Adam;

impl Optimizer for Adam {
    fn state(&self) -> &'static [State] {
        // m, v.
        &[State::OfElement(Word::Real), State::OfElement(Word::Size)]
    }

    fn multiply_adds(&self) -> usize {
        3
    }

    fn update_rows(&self, op: &UpdateRows, groups: Groups, mut constants: Constants) -> Dispatch {
        let UpdateRows { step, order, d_out, table, .. } = *op;
        let [first_moment, second_moment] = op.rule.state.array();
        constants.extend(decays());
        let shader = UpdateRowsAdamShader {
            step,
            shard: Shard,
            order,
            d_out,
            table,
            first_moment,
            second_moment,
        };
        shader.dispatch(groups, constants)
    }

    fn update_dense(&self, op: &UpdateDense, mut constants: Constants) -> Dispatch {
        let UpdateDense { step, gradient, table, rows, dim, .. } = *op;
        let [first_moment, second_moment] = op.rule.state.array();
        constants.extend(decays());
        UpdateDenseAdamShader { step, gradient, table, first_moment, second_moment }
            .dispatch(threads(rows * dim), constants)
    }
}

fn decays() -> Constants {
    vec![("BETA_M", BETA_M.into()), ("BETA_V", BETA_V.into()), ("EPSILON", EPSILON.into())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithms_are_those_of_the_decays() {
        // In f64: the f32 nearest to 0.999 is off by 1e-8, which is 1e-5 of its logarithm.
        for (log, beta) in [(LOG_BETA_M, 0.9f64), (LOG_BETA_V, 0.999)] {
            assert_eq!(log, beta.ln() as f32);
        }
        assert_eq!((BETA_M, BETA_V), (0.9, 0.999));
    }
}
