//! Twin of `shaders/sample_pairs.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Counters, SamplePairs};
use crate::random::{self, stream};

impl Twin for SamplePairs {
    fn run(&self, memory: &mut Memory, _: usize) {
        let [counters, pairs, users, items, sample] = memory.many([
            self.counters,
            self.pairs,
            self.user_activity,
            self.item_activity,
            self.sample,
        ]);
        let key = random::hash(self.seed, stream::SAMPLE, view::<Counters>(counters)[0].epoch);
        let pairs: &[[u32; 2]] = bytemuck::cast_slice(pairs);
        let (users, items) = (view::<f32>(users), view::<f32>(items));
        for (n, activity) in (0..).zip(&mut view::<f32>(sample)[..self.count]) {
            let [user, item] = pairs[random::permute(n, self.dims.pairs as u32, key) as usize];
            *activity = users[user as usize].max(items[item as usize]);
        }
    }
}
