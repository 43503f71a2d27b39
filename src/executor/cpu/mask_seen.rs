//! Twin of `shaders/mask_seen.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{IMPOSSIBLE, MaskSeen};

impl Twin for MaskSeen {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let rows = memory.step(self.step, slot).rows as usize;
        let items_padded = self.dims.items_padded();
        let [users, offsets, items, scores] =
            memory.many([self.users, self.offsets, self.items, self.scores]);
        let scores = view::<f32>(scores).chunks_exact_mut(items_padded);
        for (&user, scores) in users[..rows].iter().zip(scores) {
            let user = user as usize;
            for &item in &items[offsets[user] as usize..offsets[user + 1] as usize] {
                scores[item as usize] = IMPOSSIBLE;
            }
        }
    }
}
