// Activity of a sample of the pairs, to choose a threshold from:
// sample[s] = max(user_activity[u], item_activity[i]), (u, i) = pairs[permute(s)].
// One thread per sampled pair.
#import counters
#import grid
#import permutation
#import random
#import shard

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> pairs: array<vec2<u32>>; // (N) user, item
@group(0) @binding(3) var<storage, read> user_activity: array<f32>; // (U)
@group(0) @binding(4) var<storage, read> item_activity: array<f32>; // (I)
@group(0) @binding(5) var<storage, read_write> sample: array<f32>; // (SAMPLE)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let n = thread_index(group, lane);
    if n >= SAMPLE {
        return;
    }
    let at = permute(n, N, hash(SEED, STREAM_SAMPLE, counters.epoch)) - shard.read;
    if at >= arrayLength(&pairs) {
        return;
    }
    let pair = pairs[at];
    sample[n] = max(user_activity[pair.x], item_activity[pair.y]);
}
