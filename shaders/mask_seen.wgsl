// Masks the scores of each user's seen items in a block of queries.
// One workgroup per query; each lane processes its share of the user's list.
#import grid
#import shard
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> shard: Shard;
@group(0) @binding(2) var<storage, read> users: array<u32>; // (Q) user of each query
@group(0) @binding(3) var<storage, read> seen_offsets: array<u32>; // (U + 1)
@group(0) @binding(4) var<storage, read> seen_items: array<u32>; // the users' items, user after user
@group(0) @binding(5) var<storage, read_write> scores: array<f32>; // (Q, IP)

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let query = group_index(group);
    if query >= step.rows {
        return;
    }
    let user = users[query];
    for (var n = seen_offsets[user] + lane; n < seen_offsets[user + 1u]; n += LANES) {
        let at = n - shard.read;
        if at < arrayLength(&seen_items) {
            scores[query * IP + seen_items[at]] = IMPOSSIBLE;
        }
    }
}
