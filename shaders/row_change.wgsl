// Largest change of an element in each hot row of a tower between two snapshots:
// activity[hot[r]] = max_k |before[r, k] - now[r, k]|; the activity of other rows stays.
// One thread per hot row.
#import grid
#import shard

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> hot: array<u32>; // (H) distinct ids
@group(0) @binding(2) var<storage, read> before: array<vec4<f32>>; // (H, D)
@group(0) @binding(3) var<storage, read> now: array<vec4<f32>>; // (H, D)
@group(0) @binding(4) var<storage, read_write> activity: array<f32>; // (R)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = thread_index(group, lane);
    let nth = shard.read + row;
    if nth >= ROWS || row >= arrayLength(&now) / D4 {
        return;
    }
    let id = hot[nth];
    if id == NO_ID {
        return;
    }
    var change = vec4(0.0);
    for (var k = 0u; k < D4; k += 1u) {
        change = max(change, abs(before[row * D4 + k] - now[row * D4 + k]));
    }
    activity[id] = max(max(change.x, change.y), max(change.z, change.w));
}
