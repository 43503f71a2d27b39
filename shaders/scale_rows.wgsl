// Gradient of each member of a row's list: out[FIRST + r] = weights[r] d_out[r].
// One thread per row and vec4 of the width.
#import grid

@group(0) @binding(0) var<storage, read> d_out: array<vec4<f32>>; // (ROWS, D)
@group(0) @binding(1) var<storage, read> weights: array<f32>; // (ROWS) 1 / n^p
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>; // (FIRST + ROWS, D)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let thread = thread_index(group, lane);
    if thread < ROWS * D4 {
        out[FIRST * D4 + thread] = weights[thread / D4] * d_out[thread];
    }
}
