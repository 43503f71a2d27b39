//! Twin of `shaders/compact_pairs_*.wgsl`: one pass.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{CompactPairs, Counters, Stay, Tally};
use crate::random::{self, stream};

impl Twin for CompactPairs {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [counters, threshold, pairs, users, items, kept_pairs, tally] = memory.many([
            self.counters,
            self.threshold,
            self.pairs,
            self.user_activity,
            self.item_activity,
            self.kept_pairs,
            self.tally,
        ]);
        let counters = &mut view::<Counters>(counters)[0];
        let tally = &mut view::<Tally>(tally)[0];
        let threshold = view::<f32>(threshold)[0];
        let (users, items) = (view::<f32>(users), view::<f32>(items));
        let pairs: &[[u32; 2]] = &bytemuck::cast_slice(pairs)[..self.dims.pairs];
        let kept_pairs = view::<[u32; 2]>(kept_pairs);
        let epoch = counters.epoch;
        let key = |counter| random::hash(self.seed, stream::KEEP, counter);
        let (drawn, phase) = (key(epoch), key(0));
        let stays = |n, user: u32| match self.stay {
            Stay::Drawn(below) => random::keyed(drawn, n) < below,
            Stay::Turns => {
                let share = (users[user as usize] * 2f32.powi(32)) as u32;
                random::keyed(phase, n).wrapping_add(epoch.wrapping_mul(share)) < share
            }
        };
        let mut kept = 0;
        for (n, &[user, item]) in (0..).zip(pairs) {
            let is_stale = users[user as usize].max(items[item as usize]) < threshold;
            tally.stale_pairs += u32::from(is_stale);
            if !is_stale || stays(n, user) {
                kept_pairs[kept] = [user, item];
                kept += 1;
            }
        }
        counters.pairs = kept as u32;
        tally.kept_pairs = kept as u32;
    }
}
