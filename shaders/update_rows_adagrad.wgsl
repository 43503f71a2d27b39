// Row-wise Adagrad on the rows that the batch uses: a += mean_k g², w -= lr g / (√a + ε).
// One workgroup per place in the sorted order of the batch's ids.
#import first_use
#import grid
#import lanes
#import row_gradient
#import shard
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> shard: Shard;
@group(0) @binding(2) var<storage, read> order: array<vec2<u32>>; // (S, P) id, row
@group(0) @binding(3) var<storage, read> d_out: array<vec4<f32>>; // (BP, D)
@group(0) @binding(4) var<storage, read_write> table: array<vec4<f32>>; // (R, D)
@group(0) @binding(5) var<storage, read_write> squares: array<f32>; // (R) a

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let place = group_index(group);
    let at = row_to_move(place);
    if at == NO_ID {
        return;
    }
    let row = row_gradient(place, at, lane);
    let id = shard.write + at;
    var square = 0.0;
    for (var n = 0u; n < SHARE; n += 1u) {
        square += dot(row.g[n], row.g[n]);
    }
    let before = squares[id];
    // Every lane has read the old sum above before any lane writes the new one below.
    storageBarrier();
    let sum = before + sum_over_lanes(lane, square) / WIDTH;
    let rate = step.rate / (sqrt(sum) + EPSILON);
    for (var n = 0u; n < SHARE; n += 1u) {
        let k = n * LANES + lane;
        if k < D4 {
            table[at * D4 + k] -= rate * row.g[n];
        }
    }
    if lane == 0u {
        squares[id] = sum;
    }
}
