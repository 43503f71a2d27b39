// Logits of a chunk of rows against every candidate of the step:
// logits[b, j] = u_b·v_j / τ - log q(j), and IMPOSSIBLE for accidental hits and absent columns.
// One thread per tile of rows × columns.
#import chunk
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> users: array<vec4<f32>>; // (BP, D) u; BP = B padded to a multiple of 8
@group(0) @binding(3) var<storage, read> items: array<vec4<f32>>; // (KP, D) v; KP = K padded to a multiple of 8
@group(0) @binding(4) var<storage, read> item_ids: array<u32>; // (S, K)
@group(0) @binding(5) var<storage, read> log_q: array<f32>; // (I)
@group(0) @binding(6) var<storage, read_write> logits: array<vec4<f32>>; // (C, COLUMNS)

fn is_inside(row: u32, column: u32) -> bool {
    return row < min((chunk.index + 1u) * C, step.rows) && column < KP;
}

fn rows_at(row: u32, k: u32) -> mat4x4<f32> {
    let at = row * D4 + k;
    return mat4x4(users[at], users[at + D4], users[at + 2u * D4], users[at + 3u * D4]);
}

fn columns_at(column: u32, k: u32) -> mat4x4<f32> {
    let at = column * D4 + k;
    return transpose(mat4x4(items[at], items[at + D4], items[at + 2u * D4], items[at + 3u * D4]));
}

fn item_id(column: u32) -> u32 {
    let id = item_ids[step.slot * K + min(column, K - 1u)];
    return select(NO_ID, id, column < K);
}

fn item_ids_at(column: u32) -> vec4<u32> {
    return vec4(item_id(column), item_id(column + 1u), item_id(column + 2u), item_id(column + 3u));
}

fn corrections(ids: vec4<u32>) -> vec4<f32> {
    if LOG_Q {
        // A column without an id becomes IMPOSSIBLE, so any value may be read for it.
        let at = min(ids, vec4(arrayLength(&log_q) - 1u));
        return vec4(log_q[at.x], log_q[at.y], log_q[at.z], log_q[at.w]);
    }
    return vec4(0.0);
}

// Stores the logits of four rows at four columns.
fn store(row: u32, column: u32, products: mat4x4<f32>) {
    let ids = item_ids_at(column);
    let correction = corrections(ids);
    let columns = vec4(column) + vec4(0u, 1u, 2u, 3u);
    for (var n = 0u; n < 4u; n += 1u) {
        let is_hit = (ids == vec4(item_id(row + n))) & (columns != vec4(row + n));
        let is_possible = (ids != vec4(NO_ID)) & !is_hit;
        let logit = products[n] * (1.0 / TEMPERATURE) - correction;
        let at = ((row + n - chunk.index * C) * COLUMNS + column) / 4u;
        logits[at] = select(vec4(IMPOSSIBLE), logit, is_possible);
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    multiply(chunk.index * C + thread.y * TILE, thread.x * TILE, 0u, D4);
}
