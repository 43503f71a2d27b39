//! Twin of `shaders/row_change.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{NO_ID, RowChange};

pub fn run(op: &RowChange, memory: &mut Memory) {
    let [hot, before, now, activity] = memory.many([op.hot, op.before, op.now, op.activity]);
    let before = view::<f32>(before).chunks_exact(op.dim);
    let now = view::<f32>(now).chunks_exact(op.dim);
    let activity = view::<f32>(activity);
    for (&id, (before, now)) in hot[..op.rows].iter().zip(before.zip(now)) {
        if id != NO_ID {
            let changes = before.iter().zip(now).map(|(before, now)| (before - now).abs());
            activity[id as usize] = changes.fold(0.0, f32::max);
        }
    }
}
