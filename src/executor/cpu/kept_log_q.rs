//! Twin of `shaders/kept_log_q_*.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Counters, KeptLogQ, NEVER};

impl Twin for KeptLogQ {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [counters, kept_pairs, counts, log_q] =
            memory.many([self.counters, self.kept_pairs, self.item_counts, self.log_q]);
        let kept = view::<Counters>(counters)[0].pairs;
        for [_, item] in &view::<[u32; 2]>(kept_pairs)[..kept as usize] {
            counts[*item as usize] += 1;
        }
        for (log_q, count) in view::<f32>(log_q).iter_mut().zip(&counts[..self.dims.items]) {
            let share = *count as f32 / kept.max(1) as f32;
            let q = (1.0 - self.drawn) * share + self.drawn / self.dims.items as f32;
            *log_q = q.max(NEVER).ln();
        }
    }
}
