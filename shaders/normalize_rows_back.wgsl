// Start of a tower's backward pass, in place: turns the gradient of the outputs x = w / |w| into the
// gradient of w, dw = (dx - x (x·dx)) / |w|. Zero if the step has no such row, and for a row of length
// 0, which has no direction to learn.
// One thread per row.
#import grid
#import row_id
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> ids: array<u32>; // (S, SLOT)
@group(0) @binding(2) var<storage, read> out: array<vec4<f32>>; // (ROWS, D) x
@group(0) @binding(3) var<storage, read> norms: array<f32>; // (ROWS) |w|
@group(0) @binding(4) var<storage, read_write> d_out: array<vec4<f32>>; // (ROWS, D) dx, then dw

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = thread_index(group, lane);
    if row >= ROWS {
        return;
    }
    let id = row_id(row);
    if id == NO_ID || (NORMALIZE && norms[row] <= MIN_NORM) {
        for (var k = 0u; k < D4; k += 1u) {
            d_out[row * D4 + k] = vec4(0.0);
        }
    } else if NORMALIZE {
        var along = 0.0;
        for (var k = 0u; k < D4; k += 1u) {
            along += dot(out[row * D4 + k], d_out[row * D4 + k]);
        }
        for (var k = 0u; k < D4; k += 1u) {
            d_out[row * D4 + k] = (d_out[row * D4 + k] - out[row * D4 + k] * along) / norms[row];
        }
    }
}
