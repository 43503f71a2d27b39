// Gradient of the loss by a chunk's user outputs: d_user[b] = Σ_j d_logits[b, j] v_j over a range of the
// columns, set by the batch's candidates and added to by the bank.
// One thread a tile of 8 rows × 8 of the width.
#import chunk
#import gradient_tile
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> d_logits: array<vec4<f32>>; // (C, COLUMNS)
@group(0) @binding(3) var<storage, read> items: array<vec4<f32>>; // (LAST - FIRST, D) v
@group(0) @binding(4) var<storage, read_write> d_user: array<vec4<f32>>; // (BP, D)

// Four neighbouring rows at four neighbouring columns, a row a column of the matrix.
fn weights_at(column: u32, row: u32) -> mat4x4<f32> {
    let width = COLUMNS / 4u;
    let at = row * width + column / 4u;
    return mat4x4(d_logits[at], d_logits[at + width], d_logits[at + 2u * width], d_logits[at + 3u * width]);
}

fn terms_at(column: u32, k: u32) -> mat4x4<f32> {
    let at = (column - FIRST) * D4 + k;
    return mat4x4(items[at], items[at + D4], items[at + 2u * D4], items[at + 3u * D4]);
}

fn store(at: u32, sum: vec4<f32>) {
    if FIRST == 0u {
        d_user[at] = sum;
    } else {
        d_user[at] += sum;
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let k = thread.x * 2u;
    let row = thread.y * 8u;
    if k >= D4 || row >= C || chunk.index * C + row >= step.rows {
        return;
    }
    store_tile(chunk.index * C + row, k, gradient_tile(row, k, FIRST, LAST));
}
