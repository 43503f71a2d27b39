//! Twin of `shaders/update_*_sgd.wgsl`.

use super::super::memory::{Memory, view};
use super::{OptimizerTwin, each_row};
use crate::plan::{Step, UpdateDense, UpdateRows};

pub struct Sgd;

impl OptimizerTwin for Sgd {
    fn update_rows(&self, op: &UpdateRows, memory: &mut Memory, step: Step) {
        each_row(op, memory, step, [], |row, g, []| {
            for (w, g) in row.iter_mut().zip(g) {
                *w -= step.rate * g;
            }
        });
    }

    fn update_dense(&self, op: &UpdateDense, memory: &mut Memory, step: Step) {
        let [gradient, table] = memory.many([op.gradient, op.table]);
        let gradient = &view::<f32>(gradient)[..op.rows * op.dim];
        for (w, g) in view::<f32>(table).iter_mut().zip(gradient) {
            *w -= step.rate * (g + op.l2 * *w);
        }
    }
}
