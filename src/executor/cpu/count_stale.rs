//! Twin of `shaders/count_stale.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{CountStale, Tally};

impl Twin for CountStale {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [threshold, activity, stale, tally] =
            memory.many([self.threshold, self.activity, self.stale, self.tally]);
        let threshold = view::<f32>(threshold)[0];
        let tally = &mut view::<Tally>(tally)[0];
        for (activity, stale) in view::<f32>(activity)[..self.rows].iter().zip(stale) {
            let is_stale = *activity < threshold;
            tally.stale_rows += u32::from(is_stale);
            tally.woken_rows += u32::from(!is_stale && *stale == 1);
            *stale = u32::from(is_stale);
        }
    }
}
