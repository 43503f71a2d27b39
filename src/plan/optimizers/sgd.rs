//! Stochastic gradient descent: `w −= lr·g`.

use super::{Constants, Optimizer, State};
use crate::plan::dispatch::{Dispatch, Groups, Kernel, Shard, shader, threads};
use crate::plan::{UpdateDense, UpdateRows};

shader!(
    UpdateRowsSgdShader,
    "update_rows_sgd",
    [step: Step, shard: Shard, order: Read, d_out: Read, table: WriteRows]
);
shader!(UpdateDenseSgdShader, "update_dense_sgd", [step: Step, gradient: Read, table: Write]);

pub(super) struct Sgd;

impl Optimizer for Sgd {
    fn state(&self) -> &'static [State] {
        &[]
    }

    fn multiply_adds(&self) -> usize {
        1
    }

    fn update_rows(&self, op: &UpdateRows, groups: Groups, constants: Constants) -> Dispatch {
        let UpdateRows { step, order, d_out, table, .. } = *op;
        UpdateRowsSgdShader { step, shard: Shard, order, d_out, table }.dispatch(groups, constants)
    }

    fn update_dense(&self, op: &UpdateDense, constants: Constants) -> Dispatch {
        let UpdateDense { step, gradient, table, rows, dim, .. } = *op;
        UpdateDenseSgdShader { step, gradient, table }.dispatch(threads(rows * dim), constants)
    }
}
