// Forward pass of a layer: y = x W + b, followed by ReLU if it is not the last layer.
// One thread per tile of rows × the output's width.
#import tile

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; // (ROWS, INPUT)
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>; // (INPUT, D) W; D the output's width
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // (D) b
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>; // (ROWS, D)

fn is_inside(row: u32, k: u32) -> bool {
    return row < ROWS && k < 4u * D4;
}

// Sums run over the inputs.
fn rows_at(row: u32, n: u32) -> mat4x4<f32> {
    let width = INPUT / 4u;
    let at = row * width + n;
    return mat4x4(x[at], x[at + width], x[at + 2u * width], x[at + 3u * width]);
}

fn columns_at(k: u32, n: u32) -> mat4x4<f32> {
    let at = 4u * n * D4 + k / 4u;
    return mat4x4(weights[at], weights[at + D4], weights[at + 2u * D4], weights[at + 3u * D4]);
}

fn store(row: u32, k: u32, sums: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        let value = sums[n] + bias[k / 4u];
        y[(row + n) * D4 + k / 4u] = select(value, max(value, vec4(0.0)), RELU);
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    multiply(thread.y * TILE, thread.x * TILE, 0u, INPUT / 4u);
}
