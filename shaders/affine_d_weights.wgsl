// Gradient of a layer's weights: d_weights = xᵀ d_y, over all rows.
// One thread per tile of inputs × the output's width.
#import tile

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; // (ROWS, INPUT)
@group(0) @binding(1) var<storage, read> d_y: array<vec4<f32>>; // (ROWS, D) D the output's width
@group(0) @binding(2) var<storage, read_write> d_weights: array<vec4<f32>>; // (INPUT, D)

fn is_inside(input: u32, k: u32) -> bool {
    return input < INPUT && k < 4u * D4;
}

// Sums run over the rows.
fn rows_at(input: u32, n: u32) -> mat4x4<f32> {
    let width = INPUT / 4u;
    let at = 4u * n * width + input / 4u;
    return transpose(mat4x4(x[at], x[at + width], x[at + 2u * width], x[at + 3u * width]));
}

fn columns_at(k: u32, n: u32) -> mat4x4<f32> {
    let at = 4u * n * D4 + k / 4u;
    return mat4x4(d_y[at], d_y[at + D4], d_y[at + 2u * D4], d_y[at + 3u * D4]);
}

fn store(input: u32, k: u32, sums: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        d_weights[(input + n) * D4 + k / 4u] = sums[n];
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    multiply(thread.y * TILE, thread.x * TILE, 0u, (ROWS + 3u) / 4u);
}
