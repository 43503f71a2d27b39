//! Twin of `shaders/kept_log_q_*.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{Clock, KeptLogQ, NEVER};

pub fn run(op: &KeptLogQ, memory: &mut Memory) {
    let [clock, kept_pairs, counts, log_q] =
        memory.many([op.clock, op.kept_pairs, op.item_counts, op.log_q]);
    let kept = view::<Clock>(clock)[0].pairs;
    for [_, item] in &view::<[u32; 2]>(kept_pairs)[..kept as usize] {
        counts[*item as usize] += 1;
    }
    for (log_q, count) in view::<f32>(log_q).iter_mut().zip(&counts[..op.dims.items]) {
        let share = *count as f32 / kept.max(1) as f32;
        let q = (1.0 - op.drawn) * share + op.drawn / op.dims.items as f32;
        *log_q = q.max(NEVER).ln();
    }
}
