//! Twin of `shaders/update_*_adam.wgsl`.

use super::super::memory::{Memory, view};
use super::{OptimizerTwin, each_row};
use crate::plan::{BETA_M, BETA_V, EPSILON, Step, UpdateDense, UpdateRows};

pub struct Adam;

impl OptimizerTwin for Adam {
    fn update_rows(&self, op: &UpdateRows, memory: &mut Memory, step: Step) {
        let (dim, adam) = (op.dims.dim, of_step(step));
        each_row(op, memory, step, [dim, dim], |row, g, [m, v]| {
            adam.update(row, g, m, v);
        });
    }

    fn update_dense(&self, op: &UpdateDense, memory: &mut Memory, step: Step) {
        let [m, v] = op.rule.state.array();
        let [gradient, table, m, v] = memory.many([op.gradient, op.table, m, v]);
        let gradient = view::<f32>(gradient)[..op.rows * op.dim].iter();
        let state = view::<f32>(m).iter_mut().zip(view::<f32>(v));
        let adam = of_step(step);
        for ((w, g), (m, v)) in view::<f32>(table).iter_mut().zip(gradient).zip(state) {
            adam.update_one(w, g + op.l2 * *w, m, v);
        }
    }
}

/// Returns Adam's parameters in a step.
fn of_step(step: Step) -> twotower_simd::Adam {
    twotower_simd::Adam {
        beta_m: BETA_M,
        beta_v: BETA_V,
        epsilon: EPSILON,
        rate: step.rate,
        correction_m: step.adam_m,
        correction_v: step.adam_v,
    }
}
