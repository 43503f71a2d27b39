// Last of three dispatches that skip stale pairs: writes the kept pairs, in the order of the list.
// One workgroup per block of 256 pairs.
#import counters
#import grid
#import prefix_sum
#import random
#import shard
#import stale_pair

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> threshold: array<f32>; // (1)
@group(0) @binding(3) var<storage, read> pairs: array<vec2<u32>>; // (N) user, item
@group(0) @binding(4) var<storage, read> user_activity: array<f32>; // (U)
@group(0) @binding(5) var<storage, read> item_activity: array<f32>; // (I)
@group(0) @binding(6) var<storage, read> blocks: array<u32>; // (BLOCKS) where a block's kept pairs begin
@group(0) @binding(7) var<storage, read_write> kept_pairs: array<vec2<u32>>; // (N) user, item

@compute @workgroup_size(BLOCK)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let block = group_index(group);
    let n = block * BLOCK + lane;
    // A shard contains whole blocks.
    let at = n - shard.read;
    if block * BLOCK - shard.read >= arrayLength(&pairs) {
        return;
    }
    var pair = vec2(NO_ID, NO_ID);
    var kept = 0u;
    if n < N {
        pair = pairs[at];
        kept = select(0u, 1u, is_kept(n, pair));
    }
    let through = prefix_sum(lane, kept);
    let to = blocks[block] + through - 1u - shard.write;
    if kept == 1u && to < arrayLength(&kept_pairs) {
        kept_pairs[to] = pair;
    }
}
