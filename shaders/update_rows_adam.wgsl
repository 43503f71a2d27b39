// Row-sparse Adam on the rows that the batch uses; the moments of other rows stay.
// m = .9 m + .1 g, v = .999 v + .001 g², w -= lr m̂ / (√v̂ + ε)
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
@group(0) @binding(5) var<storage, read_write> first_moment: array<vec4<f32>>; // (R, D) m
@group(0) @binding(6) var<storage, read_write> second_moment: array<vec4<f32>>; // (R, D) v

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let place = group_index(group);
    let at = row_to_move(place);
    if at == NO_ID {
        return;
    }
    let row = row_gradient(place, at, lane);
    let base = at * D4;
    for (var n = 0u; n < SHARE; n += 1u) {
        let k = n * LANES + lane;
        if k < D4 {
            let g = row.g[n];
            let m = BETA_M * first_moment[base + k] + (1.0 - BETA_M) * g;
            let v = BETA_V * second_moment[base + k] + (1.0 - BETA_V) * g * g;
            first_moment[base + k] = m;
            second_moment[base + k] = v;
            table[base + k] -= step.rate * (m * step.adam_m) / (sqrt(v * step.adam_v) + EPSILON);
        }
    }
}
