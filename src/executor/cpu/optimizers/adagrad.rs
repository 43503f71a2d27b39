//! Twin of `shaders/update_*_adagrad.wgsl`.

use twotower_simd::dot;

use super::super::memory::{Memory, view};
use super::{OptimizerTwin, each_row};
use crate::plan::{EPSILON, Step, UpdateDense, UpdateRows};

pub struct Adagrad;

impl OptimizerTwin for Adagrad {
    fn update_rows(&self, op: &UpdateRows, memory: &mut Memory, step: Step) {
        let width = op.dims.width as f32;
        each_row(op, memory, step, [1], |row, g, [square]| {
            square[0] += dot(g, g) / width;
            let rate = step.rate / (square[0].sqrt() + EPSILON);
            for (w, g) in row.iter_mut().zip(g) {
                *w -= rate * g;
            }
        });
    }

    fn update_dense(&self, op: &UpdateDense, memory: &mut Memory, step: Step) {
        let [squares] = op.rule.state.array();
        let [gradient, table, squares] = memory.many([op.gradient, op.table, squares]);
        let rows = view::<f32>(table)[..op.rows * op.dim].chunks_exact_mut(op.dim);
        let gradients = view::<f32>(gradient).chunks_exact(op.dim);
        for ((row, gradient), sum) in rows.zip(gradients).zip(view::<f32>(squares)) {
            let g = |w: f32, g: f32| g + op.l2 * w;
            let square: f32 = row.iter().zip(gradient).map(|(w, d)| g(*w, *d).powi(2)).sum();
            *sum += square / op.width as f32;
            let rate = step.rate / (sum.sqrt() + EPSILON);
            for (w, d) in row.iter_mut().zip(gradient) {
                *w -= rate * g(*w, *d);
            }
        }
    }
}
