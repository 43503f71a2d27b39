// Gradient of the loss with respect to the user outputs of a chunk of rows: d_user[b] = Σ_j d_logits[b, j] v_j
// over a range of the columns. The range of the batch's candidates sets d_user, the range of the bank adds to it.
// One thread per tile of rows × the width.
#import chunk
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> d_logits: array<vec4<f32>>; // (C, COLUMNS)
@group(0) @binding(3) var<storage, read> items: array<vec4<f32>>; // (LAST - FIRST, D) v
@group(0) @binding(4) var<storage, read_write> d_user: array<vec4<f32>>; // (BP, D)

fn is_inside(row: u32, k: u32) -> bool {
    return row < C && k < 4u * D4 && chunk.index * C + row < step.rows;
}

// Sums run over the columns of the logits.
fn rows_at(row: u32, n: u32) -> mat4x4<f32> {
    let width = COLUMNS / 4u;
    let at = row * width + n;
    return mat4x4(d_logits[at], d_logits[at + width], d_logits[at + 2u * width], d_logits[at + 3u * width]);
}

fn columns_at(k: u32, n: u32) -> mat4x4<f32> {
    let at = (4u * n - FIRST) * D4 + k / 4u;
    return mat4x4(items[at], items[at + D4], items[at + 2u * D4], items[at + 3u * D4]);
}

fn store(row: u32, k: u32, sums: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        let at = (chunk.index * C + row + n) * D4 + k / 4u;
        if FIRST == 0u {
            d_user[at] = sums[n];
        } else {
            d_user[at] += sums[n];
        }
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    multiply(thread.y * TILE, thread.x * TILE, FIRST / 4u, LAST / 4u);
}
