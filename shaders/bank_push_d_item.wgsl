// Banked users push the batch's candidates: d_item[j] += Σ_m weights[m, j] u_m over a chunk of the bank.
// One thread a tile of 8 candidates × 8 of the width.
#import chunk
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
    return mat4x4(weights[at], weights[at + width], weights[at + 2u * width], weights[at + 3u * width]);
}

fn users_at(entry: u32, k: u32) -> mat4x4<f32> {
    let at = entry * D4 + k;
    return mat4x4(bank_users[at], bank_users[at + D4], bank_users[at + 2u * D4], bank_users[at + 3u * D4]);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let k = thread.x * 2u;
    let column = thread.y * 8u;
    let first = chunk.index * C;
    if k >= D4 || column >= KP || first >= step.bank {
        return;
    }
    var top_left = mat4x4<f32>();
    var top_right = mat4x4<f32>();
    var bottom_left = mat4x4<f32>();
    var bottom_right = mat4x4<f32>();
    for (var entry = 0u; entry < min(step.bank - first, C); entry += 4u) {
        let top = transpose(weights_at(entry, column));
        let bottom = transpose(weights_at(entry, column + 4u));
        let left = users_at(first + entry, k);
        let right = users_at(first + entry, k + 1u);
        top_left += left * top;
        top_right += right * top;
        bottom_left += left * bottom;
        bottom_right += right * bottom;
    }
    let at = column * D4 + k;
    for (var n = 0u; n < 4u; n += 1u) {
        d_item[at + n * D4] += top_left[n];
        d_item[at + n * D4 + 1u] += top_right[n];
        d_item[at + (n + 4u) * D4] += bottom_left[n];
        d_item[at + (n + 4u) * D4 + 1u] += bottom_right[n];
    }
}
