// Counts how often each item occurs among the kept pairs. The host sets the counts to zero before.
// Counts are integers, so the order of the additions does not matter.
// One thread per pair; the kept ones come first.
#import counters
#import grid
#import shard

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> kept_pairs: array<vec2<u32>>; // (N) user, item
@group(0) @binding(3) var<storage, read_write> item_counts: array<atomic<u32>>; // (I)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = thread_index(group, lane);
    if at < arrayLength(&kept_pairs) && shard.read + at < counters.pairs {
        atomicAdd(&item_counts[kept_pairs[at].y], 1u);
    }
}
