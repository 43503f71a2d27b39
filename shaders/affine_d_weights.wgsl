// A layer backward to its weights: d_weights = xᵀ d_y, over all rows.
// One thread a tile of 8 inputs × 8 of the output's width.
#import gradient_tile

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; // (ROWS, INPUT)
@group(0) @binding(1) var<storage, read> d_y: array<vec4<f32>>; // (ROWS, D) D the output's width
@group(0) @binding(2) var<storage, read_write> d_weights: array<vec4<f32>>; // (INPUT, D)

// Four neighbouring rows at four neighbouring inputs, an input a column of the matrix.
fn weights_at(row: u32, input: u32) -> mat4x4<f32> {
    let width = INPUT / 4u;
    let at = row * width + input / 4u;
    return transpose(mat4x4(x[at], x[at + width], x[at + 2u * width], x[at + 3u * width]));
}

fn terms_at(row: u32, k: u32) -> mat4x4<f32> {
    let at = row * D4 + k;
    return mat4x4(d_y[at], d_y[at + D4], d_y[at + 2u * D4], d_y[at + 3u * D4]);
}

fn store(at: u32, sum: vec4<f32>) {
    d_weights[at] = sum;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let k = thread.x * 2u;
    let input = thread.y * 8u;
    if k >= D4 || input >= INPUT {
        return;
    }
    store_tile(input, k, gradient_tile(input, k, 0u, ROWS));
}
