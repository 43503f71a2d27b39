// Gradient of a layer's bias: d_bias[k] = Σ_r d_y[r, k].
// One workgroup per vec4 of the output's width.
#import lanes

@group(0) @binding(0) var<storage, read> d_y: array<vec4<f32>>; // (ROWS, D) D the output's width
@group(0) @binding(1) var<storage, read_write> d_bias: array<vec4<f32>>; // (D)

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let k = group.x;
    var sum = vec4(0.0);
    for (var row = lane; row < ROWS; row += LANES) {
        sum += d_y[row * D4 + k];
    }
    let x = sum_over_lanes(lane, sum.x);
    let y = sum_over_lanes(lane, sum.y);
    let z = sum_over_lanes(lane, sum.z);
    let w = sum_over_lanes(lane, sum.w);
    if lane == 0u {
        d_bias[k] = vec4(x, y, z, w);
    }
}
