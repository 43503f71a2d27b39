// Banked users push the batch's candidates: d_item[j] += Σ_m weights[m, j] u_m over a chunk of the bank.
// One thread a tile of 8 candidates × 8 of the width.
#import chunk
#import gradient_tile
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>; // (C, KP)
@group(0) @binding(3) var<storage, read> bank_users: array<vec4<f32>>; // (MP, D) u
@group(0) @binding(4) var<storage, read_write> d_item: array<vec4<f32>>; // (KP, D)

// Four neighbouring entries at four neighbouring candidates.
fn weights_at(entry: u32, column: u32) -> mat4x4<f32> {
    let width = KP / 4u;
    let at = entry * width + column / 4u;
    return transpose(mat4x4(weights[at], weights[at + width], weights[at + 2u * width], weights[at + 3u * width]));
}

fn terms_at(entry: u32, k: u32) -> mat4x4<f32> {
    let at = (chunk.index * C + entry) * D4 + k;
    return mat4x4(bank_users[at], bank_users[at + D4], bank_users[at + 2u * D4], bank_users[at + 3u * D4]);
}

fn store(at: u32, sum: vec4<f32>) {
    d_item[at] += sum;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let k = thread.x * 2u;
    let column = thread.y * 8u;
    let first = chunk.index * C;
    if k >= D4 || column >= KP || first >= step.bank {
        return;
    }
    store_tile(column, k, gradient_tile(column, k, 0u, min(step.bank - first, C)));
}
