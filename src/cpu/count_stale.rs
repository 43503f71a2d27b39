//! Twin of `shaders/count_stale.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{CountStale, Tally};

pub fn run(op: &CountStale, memory: &mut Memory) {
    let [threshold, activity, stale, tally] =
        memory.many([op.threshold, op.activity, op.stale, op.tally]);
    let threshold = view::<f32>(threshold)[0];
    let tally = &mut view::<Tally>(tally)[0];
    for (activity, stale) in view::<f32>(activity)[..op.rows].iter().zip(stale) {
        let is_stale = *activity < threshold;
        tally.stale_rows += u32::from(is_stale);
        tally.woken_rows += u32::from(!is_stale && *stale == 1);
        *stale = u32::from(is_stale);
    }
}
