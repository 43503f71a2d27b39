//! Twin of `shaders/row_change.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{NO_ID, RowChange};

impl Twin for RowChange {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [hot, before, now, activity] =
            memory.many([self.hot, self.before, self.now, self.activity]);
        let before = view::<f32>(before).chunks_exact(self.dim);
        let now = view::<f32>(now).chunks_exact(self.dim);
        let activity = view::<f32>(activity);
        for (&id, (before, now)) in hot[..self.rows].iter().zip(before.zip(now)) {
            if id != NO_ID {
                let changes = before.iter().zip(now).map(|(before, now)| (before - now).abs());
                activity[id as usize] = changes.fold(0.0, f32::max);
            }
        }
    }
}
