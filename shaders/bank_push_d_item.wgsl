// Gradient of the batch's candidates from banked users: d_item[j] += Σ_m weights[m, j] u_m over a chunk of the bank.
// One thread per tile of candidates × the width.
#import chunk
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>; // (C, KP)
@group(0) @binding(3) var<storage, read> bank_users: array<vec4<f32>>; // (MP, D) u
@group(0) @binding(4) var<storage, read_write> d_item: array<vec4<f32>>; // (KP, D)

fn is_inside(candidate: u32, k: u32) -> bool {
    return candidate < KP && k < 4u * D4 && chunk.index * C < step.bank;
}

// Sums run over the entries of the chunk.
fn rows_at(candidate: u32, n: u32) -> mat4x4<f32> {
    let width = KP / 4u;
    let at = 4u * n * width + candidate / 4u;
    return transpose(mat4x4(weights[at], weights[at + width], weights[at + 2u * width], weights[at + 3u * width]));
}

fn columns_at(k: u32, n: u32) -> mat4x4<f32> {
    let at = (chunk.index * C + 4u * n) * D4 + k / 4u;
    return mat4x4(bank_users[at], bank_users[at + D4], bank_users[at + 2u * D4], bank_users[at + 3u * D4]);
}

fn store(candidate: u32, k: u32, sums: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        d_item[(candidate + n) * D4 + k / 4u] += sums[n];
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let entries = min(step.bank - min(step.bank, chunk.index * C), C);
    multiply(thread.y * TILE, thread.x * TILE, 0u, (entries + 3u) / 4u);
}
