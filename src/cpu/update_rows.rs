//! Twin of `shaders/update_rows_*.wgsl`.

use twotower_simd::{Adam, add, dot};

use super::memory::{Memory, view};
use crate::plan::{BETA_M, BETA_V, Buffer, EPSILON, MIN_NORM, NO_ID, Rule, Step, UpdateRows};

pub fn run(op: &UpdateRows, memory: &mut Memory, slot: usize) {
    let step = memory.step(op.step, slot);
    match op.rule {
        Rule::Sgd => each_row(op, memory, step, [], |row, g, []| {
            for (w, g) in row.iter_mut().zip(g) {
                *w -= step.rate * g;
            }
        }),
        Rule::Adagrad { squares } => {
            let width = op.dims.width as f32;
            each_row(op, memory, step, [(squares, 1)], |row, g, [square]| {
                square[0] += dot(g, g) / width;
                let rate = step.rate / (square[0].sqrt() + EPSILON);
                for (w, g) in row.iter_mut().zip(g) {
                    *w -= rate * g;
                }
            });
        }
        Rule::Adam { first_moment, second_moment } => {
            let dim = op.dims.dim;
            let state = [(first_moment, dim), (second_moment, dim)];
            let adam = adam(step);
            each_row(op, memory, step, state, |row, g, [m, v]| {
                adam.update(row, g, m, v);
            });
        }
    }
}

/// Returns Adam's parameters in a step.
pub fn adam(step: Step) -> Adam {
    Adam {
        beta_m: BETA_M,
        beta_v: BETA_V,
        epsilon: EPSILON,
        rate: step.rate,
        correction_m: step.adam_m,
        correction_v: step.adam_v,
    }
}

/// Calls `update(row, gradient, state)` for each distinct row of the batch. `state` lists buffers
/// and their number of elements per row.
fn each_row<const N: usize>(
    op: &UpdateRows,
    memory: &mut Memory,
    step: Step,
    state: [(Buffer, usize); N],
    mut update: impl FnMut(&mut [f32], &[f32], [&mut [f32]; N]),
) {
    let dim = op.dims.dim;
    let mut gradient = memory.take_scratch(dim);
    let g = &mut gradient[..dim];
    let shares = state.map(|(_, share)| share);
    let ([order, d_out, table], state) =
        memory.many_and([op.order, op.d_out, op.table], state.map(|(buffer, _)| Some(buffer)));
    let mut state = state.map(|words| view::<f32>(words.expect("a rule has its state")));
    let order: &[[u32; 2]] = bytemuck::cast_slice(order);
    let places = op.ids_per_slot.next_power_of_two();
    let order = &order[step.slot as usize * places..][..places];
    let present = order.partition_point(|[id, _]| *id != NO_ID);
    let d_out = view::<f32>(d_out);
    let table = view::<f32>(table);
    for uses in order[..present].chunk_by(|a, b| a[0] == b[0]) {
        let id = uses[0][0] as usize;
        let row = &mut table[id * dim..][..dim];
        g.fill(0.0);
        for [_, use_row] in uses {
            add(g, &d_out[*use_row as usize * dim..][..dim]);
        }
        if op.normalize {
            // x = w / |w|: dw = (dx − x (x·dx)) / |w|
            let norm = dot(row, row).sqrt().max(MIN_NORM);
            let along = dot(row, g) / (norm * norm);
            for (g, w) in g.iter_mut().zip(&*row) {
                *g = (*g - w * along) / norm;
            }
        }
        for (g, w) in g.iter_mut().zip(&*row) {
            *g += op.l2 * w;
        }
        let mut shares = shares.iter();
        let state = state.each_mut().map(|elements| {
            let share = *shares.next().expect("one share per state buffer");
            &mut elements[id * share..][..share]
        });
        update(row, g, state);
    }
    memory.give_scratch(gradient);
}
