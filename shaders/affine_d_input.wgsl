// Gradient of a layer's input: d_x = d_y Wᵀ. If x is the output of a ReLU (RELU), d_x is zero where x is zero.
// One thread per tile of rows × the input's width.
#import tile

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; // (ROWS, INPUT)
@group(0) @binding(1) var<storage, read> d_y: array<vec4<f32>>; // (ROWS, D) D the output's width
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>; // (INPUT, D) W
@group(0) @binding(3) var<storage, read_write> d_x: array<vec4<f32>>; // (ROWS, INPUT)

fn is_inside(row: u32, input: u32) -> bool {
    return row < ROWS && input < INPUT;
}

fn rows_at(row: u32, k: u32) -> mat4x4<f32> {
    let at = row * D4 + k;
    return mat4x4(d_y[at], d_y[at + D4], d_y[at + 2u * D4], d_y[at + 3u * D4]);
}

fn columns_at(input: u32, k: u32) -> mat4x4<f32> {
    let at = input * D4 + k;
    return transpose(mat4x4(weights[at], weights[at + D4], weights[at + 2u * D4], weights[at + 3u * D4]));
}

fn store(row: u32, input: u32, products: mat4x4<f32>) {
    let width = INPUT / 4u;
    for (var n = 0u; n < 4u; n += 1u) {
        let at = (row + n) * width + input / 4u;
        if RELU {
            d_x[at] = select(vec4(0.0), products[n], x[at] > vec4(0.0));
        } else {
            d_x[at] = products[n];
        }
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    multiply(thread.y * TILE, thread.x * TILE, 0u, D4);
}
