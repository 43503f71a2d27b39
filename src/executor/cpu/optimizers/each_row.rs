//! The part that the updates of rows share: the gradient of each distinct row of a batch.

use super::super::memory::{Memory, view};
use crate::plan::{MIN_NORM, NO_ID, Step, UpdateRows};
use twotower_simd::{add, dot};

/// Calls `update(row, gradient, state)` for each distinct row of the batch. `shares` has the number
/// of elements per row for each tensor of the optimiser's state.
pub fn each_row<const N: usize>(
    op: &UpdateRows,
    memory: &mut Memory,
    step: Step,
    shares: [usize; N],
    mut update: impl FnMut(&mut [f32], &[f32], [&mut [f32]; N]),
) {
    let dim = op.dims.dim;
    let mut gradient = memory.take_scratch(dim);
    let g = &mut gradient[..dim];
    let ([order, d_out, table], state) =
        memory.many_and([op.order, op.d_out, op.table], op.rule.state.array::<N>().map(Some));
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
