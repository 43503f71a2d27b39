// Feature drift of the item tower (Wang, Zhu & He 2021): distance of each item's output from its
// snapshot, and the output's length. One thread per item.
#import grid
#import shard

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> before: array<vec4<f32>>; // (IP, D)
@group(0) @binding(2) var<storage, read> now: array<vec4<f32>>; // (IP, D)
@group(0) @binding(3) var<storage, read_write> drift: array<vec2<f32>>; // (I) |now - before|, |now|

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = thread_index(group, lane);
    let item = shard.read + row;
    if item >= ITEMS || row >= arrayLength(&now) / D4 {
        return;
    }
    var moved = 0.0;
    var square = 0.0;
    for (var k = 0u; k < D4; k += 1u) {
        let at = now[row * D4 + k];
        let by = at - before[row * D4 + k];
        moved += dot(by, by);
        square += dot(at, at);
    }
    drift[item] = vec2(sqrt(moved), sqrt(square));
}
