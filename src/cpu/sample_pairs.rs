//! Twin of `shaders/sample_pairs.wgsl`.

use super::memory::{Memory, view};
use crate::plan::{Clock, SamplePairs};
use crate::random::{self, stream};

pub fn run(op: &SamplePairs, memory: &mut Memory) {
    let [clock, pairs, users, items, sample] =
        memory.many([op.clock, op.pairs, op.user_activity, op.item_activity, op.sample]);
    let key = random::hash(op.seed, stream::SAMPLE, view::<Clock>(clock)[0].epoch);
    let pairs: &[[u32; 2]] = bytemuck::cast_slice(pairs);
    let (users, items) = (view::<f32>(users), view::<f32>(items));
    for (n, activity) in (0..).zip(&mut view::<f32>(sample)[..op.count]) {
        let [user, item] = pairs[random::permute(n, op.dims.pairs as u32, key) as usize];
        *activity = users[user as usize].max(items[item as usize]);
    }
}
