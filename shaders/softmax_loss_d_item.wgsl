// Gradient of the loss by the candidates' outputs, a chunk's part of it (the bank takes none):
// d_item[j] = Σ_b d_logits[b, j] u_b over the rows b of the chunk; the first chunk sets, later ones add.
// One thread a tile of 8 columns × 8 of the width.
#import chunk
#import gradient_tile
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> d_logits: array<vec4<f32>>; // (C, COLUMNS)
@group(0) @binding(3) var<storage, read> users: array<vec4<f32>>; // (BP, D) u
@group(0) @binding(4) var<storage, read_write> d_item: array<vec4<f32>>; // (KP, D)

// Four neighbouring rows at four neighbouring columns.
fn weights_at(row: u32, column: u32) -> mat4x4<f32> {
    let width = COLUMNS / 4u;
    let at = row * width + column / 4u;
    return transpose(mat4x4(d_logits[at], d_logits[at + width], d_logits[at + 2u * width], d_logits[at + 3u * width]));
}

fn terms_at(row: u32, k: u32) -> mat4x4<f32> {
    let at = (chunk.index * C + row) * D4 + k;
    return mat4x4(users[at], users[at + D4], users[at + 2u * D4], users[at + 3u * D4]);
}

fn store(at: u32, sum: vec4<f32>) {
    if chunk.index == 0u {
        d_item[at] = sum;
    } else {
        d_item[at] += sum;
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let k = thread.x * 2u;
    let column = thread.y * 8u;
    let first = chunk.index * C;
    if k >= D4 || column >= KP || first >= step.rows {
        return;
    }
    store_tile(column, k, gradient_tile(column, k, 0u, min(step.rows - first, C)));
}
