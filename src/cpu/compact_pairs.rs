//! Twin of `shaders/compact_pairs_*.wgsl`: one pass.

use super::memory::{Memory, view};
use crate::plan::{Clock, CompactPairs, Stay, Tally};
use crate::random::{self, stream};

pub fn run(op: &CompactPairs, memory: &mut Memory) {
    let [clock, threshold, pairs, users, items, kept_pairs, tally] = memory.many([
        op.clock,
        op.threshold,
        op.pairs,
        op.user_activity,
        op.item_activity,
        op.kept_pairs,
        op.tally,
    ]);
    let clock = &mut view::<Clock>(clock)[0];
    let tally = &mut view::<Tally>(tally)[0];
    let threshold = view::<f32>(threshold)[0];
    let (users, items) = (view::<f32>(users), view::<f32>(items));
    let pairs: &[[u32; 2]] = &bytemuck::cast_slice(pairs)[..op.dims.pairs];
    let kept_pairs = view::<[u32; 2]>(kept_pairs);
    let epoch = clock.epoch;
    let key = |counter| random::hash(op.seed, stream::KEEP, counter);
    let (drawn, phase) = (key(epoch), key(0));
    let stays = |n, user: u32| match op.stay {
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
    clock.pairs = kept as u32;
    tally.kept_pairs = kept as u32;
}
