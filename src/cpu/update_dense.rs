//! Twin of `shaders/update_dense_*.wgsl`.

use super::memory::{Memory, view};
use super::update_rows::adam;
use crate::plan::{EPSILON, Rule, UpdateDense};

pub fn run(op: &UpdateDense, memory: &mut Memory, slot: usize) {
    let elements = op.rows * op.dim;
    let step = memory.step(op.step, slot);
    match op.rule {
        Rule::Sgd => {
            let [gradient, table] = memory.many([op.gradient, op.table]);
            let gradient = &view::<f32>(gradient)[..elements];
            for (w, g) in view::<f32>(table).iter_mut().zip(gradient) {
                *w -= step.rate * (g + op.l2 * *w);
            }
        }
        Rule::Adagrad { squares } => {
            let [gradient, table, squares] = memory.many([op.gradient, op.table, squares]);
            let rows = view::<f32>(table)[..elements].chunks_exact_mut(op.dim);
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
        Rule::Adam { first_moment, second_moment } => {
            let [gradient, table, m, v] =
                memory.many([op.gradient, op.table, first_moment, second_moment]);
            let gradient = view::<f32>(gradient)[..elements].iter();
            let state = view::<f32>(m).iter_mut().zip(view::<f32>(v));
            let adam = adam(step);
            for ((w, g), (m, v)) in view::<f32>(table).iter_mut().zip(gradient).zip(state) {
                adam.update_one(w, g + op.l2 * *w, m, v);
            }
        }
    }
}
