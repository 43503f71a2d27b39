// Adam on every element of a layer.
// m = .9 m + .1 g, v = .999 v + .001 g², w -= lr m̂ / (√v̂ + ε)
// One thread per element.
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradient: array<f32>; // (R, COLUMNS)
@group(0) @binding(2) var<storage, read_write> table: array<f32>; // (R, COLUMNS)
@group(0) @binding(3) var<storage, read_write> first_moment: array<f32>; // (R, COLUMNS) m
@group(0) @binding(4) var<storage, read_write> second_moment: array<f32>; // (R, COLUMNS) v

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = thread_index(group, lane);
    if at >= ROWS * COLUMNS {
        return;
    }
    let g = gradient[at] + L2 * table[at];
    let m = BETA_M * first_moment[at] + (1.0 - BETA_M) * g;
    let v = BETA_V * second_moment[at] + (1.0 - BETA_V) * g * g;
    first_moment[at] = m;
    second_moment[at] = v;
    table[at] -= step.rate * (m * step.adam_m) / (sqrt(v * step.adam_v) + EPSILON);
}
