// First of three dispatches that skip stale pairs: counts the pairs of each block that are kept.
// One workgroup per block of 256 pairs.
#import counters
#import grid
#import random
#import shard
#import stale_pair
#import tally

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> threshold: array<f32>; // (1)
@group(0) @binding(3) var<storage, read> pairs: array<vec2<u32>>; // (N) user, item
@group(0) @binding(4) var<storage, read> user_activity: array<f32>; // (U)
@group(0) @binding(5) var<storage, read> item_activity: array<f32>; // (I)
@group(0) @binding(6) var<storage, read_write> blocks: array<u32>; // (BLOCKS) kept pairs
@group(0) @binding(7) var<storage, read_write> tally: Tally;

var<workgroup> sh_stale: atomic<u32>;
var<workgroup> sh_kept: atomic<u32>;

@compute @workgroup_size(BLOCK)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let block = group_index(group);
    let n = block * BLOCK + lane;
    // A shard contains whole blocks.
    let at = n - shard.read;
    if block * BLOCK - shard.read >= arrayLength(&pairs) {
        return;
    }
    if lane == 0u {
        atomicStore(&sh_stale, 0u);
        atomicStore(&sh_kept, 0u);
    }
    workgroupBarrier();
    if n < N {
        let pair = pairs[at];
        if is_stale(pair) {
            atomicAdd(&sh_stale, 1u);
        }
        if is_kept(n, pair) {
            atomicAdd(&sh_kept, 1u);
        }
    }
    workgroupBarrier();
    if lane == 0u && block < BLOCKS {
        blocks[block] = atomicLoad(&sh_kept);
        atomicAdd(&tally.stale_pairs, atomicLoad(&sh_stale));
    }
}
