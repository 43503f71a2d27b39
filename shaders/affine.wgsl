// A layer forward: y = x W + b, and ReLU if another layer follows.
// One thread a tile of 8 rows × 8 of the output's width.
#import gradient_tile

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; // (ROWS, INPUT)
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>; // (INPUT, D) W; D the output's width
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // (D) b
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>; // (ROWS, D)

// Four neighbouring inputs in four neighbouring rows, a row a column of the matrix.
fn weights_at(input: u32, row: u32) -> mat4x4<f32> {
    let width = INPUT / 4u;
    let at = row * width + input / 4u;
    return mat4x4(x[at], x[at + width], x[at + 2u * width], x[at + 3u * width]);
}

fn terms_at(input: u32, k: u32) -> mat4x4<f32> {
    let at = input * D4 + k;
    return mat4x4(weights[at], weights[at + D4], weights[at + 2u * D4], weights[at + 3u * D4]);
}

fn store(at: u32, sum: vec4<f32>) {
    let value = sum + bias[at % D4];
    if RELU {
        y[at] = max(value, vec4(0.0));
    } else {
        y[at] = value;
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let k = thread.x * 2u;
    let row = thread.y * 8u;
    if k >= D4 || row >= ROWS {
        return;
    }
    store_tile(row, k, gradient_tile(row, k, 0u, INPUT));
}
