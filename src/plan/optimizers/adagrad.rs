//! Adagrad (Duchi, Hazan & Singer 2011) with one accumulator a row: `a += mean_k(g_k²)`,
//! `w −= lr·g/(√a + ε)`.

use super::{Constants, EPSILON, Optimizer, State};
use crate::plan::dispatch::{Dispatch, Groups, Kernel, Shard, folded, shader};
use crate::plan::{UpdateDense, UpdateRows, Word};

shader!(
    UpdateRowsAdagradShader,
    "update_rows_adagrad",
    [step: Step, shard: Shard, order: Read, d_out: Read, table: WriteRows, squares: Write]
);
shader!(
    UpdateDenseAdagradShader,
    "update_dense_adagrad",
    [step: Step, gradient: Read, table: Write, squares: Write]
);

pub(super) struct Adagrad;

impl Optimizer for Adagrad {
    fn state(&self) -> &'static [State] {
        // a.
        &[State::OfRow(Word::Size)]
    }

    fn multiply_adds(&self) -> usize {
        2
    }

    fn update_rows(&self, op: &UpdateRows, groups: Groups, mut constants: Constants) -> Dispatch {
        let UpdateRows { step, order, d_out, table, .. } = *op;
        let [squares] = op.rule.state.array();
        constants.push(("EPSILON", EPSILON.into()));
        UpdateRowsAdagradShader { step, shard: Shard, order, d_out, table, squares }
            .dispatch(groups, constants)
    }

    fn update_dense(&self, op: &UpdateDense, mut constants: Constants) -> Dispatch {
        let UpdateDense { step, gradient, table, rows, .. } = *op;
        let [squares] = op.rule.state.array();
        constants.push(("EPSILON", EPSILON.into()));
        UpdateDenseAdagradShader { step, gradient, table, squares }
            .dispatch(folded(rows), constants)
    }
}
