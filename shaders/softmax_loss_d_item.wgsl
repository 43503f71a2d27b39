// Gradient of the loss with respect to the candidates' outputs, for one chunk of rows. Banked items have none.
// d_item[j] = Σ_b d_logits[b, j] u_b over the rows b of the chunk; the first chunk sets d_item, later ones add to it.
// One thread per tile of candidates × the width.
#import chunk
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> d_logits: array<vec4<f32>>; // (C, COLUMNS)
@group(0) @binding(3) var<storage, read> users: array<vec4<f32>>; // (BP, D) u
@group(0) @binding(4) var<storage, read_write> d_item: array<vec4<f32>>; // (KP, D)

fn is_inside(candidate: u32, k: u32) -> bool {
    return candidate < KP && k < 4u * D4 && chunk.index * C < step.rows;
}

// Sums run over the rows of the chunk.
fn rows_at(candidate: u32, n: u32) -> mat4x4<f32> {
    let width = COLUMNS / 4u;
    let at = 4u * n * width + candidate / 4u;
    return transpose(mat4x4(d_logits[at], d_logits[at + width], d_logits[at + 2u * width], d_logits[at + 3u * width]));
}

fn columns_at(k: u32, n: u32) -> mat4x4<f32> {
    let at = (chunk.index * C + 4u * n) * D4 + k / 4u;
    return mat4x4(users[at], users[at + D4], users[at + 2u * D4], users[at + 3u * D4]);
}

fn store(candidate: u32, k: u32, sums: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        let at = (candidate + n) * D4 + k / 4u;
        if chunk.index == 0u {
            d_item[at] = sums[n];
        } else {
            d_item[at] += sums[n];
        }
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let rows = min(step.rows - min(step.rows, chunk.index * C), C);
    multiply(thread.y * TILE, thread.x * TILE, 0u, (rows + 3u) / 4u);
}
