// End of a tower's forward pass: scales rows to length 1, in place.
// norms[r] = max(|out[r]|, 1e-12), out[r] /= norms[r].
// One thread per row.
#import grid

@group(0) @binding(0) var<storage, read_write> out: array<vec4<f32>>; // (ROWS, D)
@group(0) @binding(1) var<storage, read_write> norms: array<f32>; // (ROWS)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = thread_index(group, lane);
    if row >= ROWS {
        return;
    }
    var square = 0.0;
    for (var k = 0u; k < D4; k += 1u) {
        let x = out[row * D4 + k];
        square += dot(x, x);
    }
    let norm = max(sqrt(square), MIN_NORM);
    norms[row] = norm;
    for (var k = 0u; k < D4; k += 1u) {
        out[row * D4 + k] /= norm;
    }
}
