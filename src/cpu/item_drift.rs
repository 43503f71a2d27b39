//! Twin of `shaders/item_drift.wgsl`.

use twotower_simd::dot;

use super::memory::{Memory, view};
use crate::plan::ItemDrift;

pub fn run(op: &ItemDrift, memory: &mut Memory) {
    let dim = op.dims.out;
    let [before, now, drift] = memory.many([op.before, op.now, op.drift]);
    let rows = view::<f32>(before).chunks_exact(dim).zip(view::<f32>(now).chunks_exact(dim));
    for (drift, (before, now)) in view::<[f32; 2]>(drift).iter_mut().zip(rows).take(op.dims.items) {
        let moved: f32 = now.iter().zip(before).map(|(now, before)| (now - before).powi(2)).sum();
        *drift = [moved.sqrt(), dot(now, now).sqrt()];
    }
}
