// Logits of a chunk of rows against the bank, stored after the logits of the batch's candidates:
// logits[b, KP + m] = u_b·v_m / τ - log q_m, and IMPOSSIBLE for the row's own item and absent entries.
// One thread per tile of rows × entries.
#import bank
#import chunk
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> users: array<vec4<f32>>; // (BP, D) u
@group(0) @binding(3) var<storage, read> item_ids: array<u32>; // (S, K)
@group(0) @binding(4) var<storage, read> bank_items: array<vec4<f32>>; // (MP, D) v; MP = M padded to a multiple of 8
@group(0) @binding(5) var<storage, read> bank_entries: array<Entry>; // (M)
@group(0) @binding(6) var<storage, read_write> logits: array<vec4<f32>>; // (C, KP + MP)

fn is_inside(row: u32, entry: u32) -> bool {
    return row < min((chunk.index + 1u) * C, step.rows) && entry < MP;
}

fn rows_at(row: u32, k: u32) -> mat4x4<f32> {
    let at = row * D4 + k;
    return mat4x4(users[at], users[at + D4], users[at + 2u * D4], users[at + 3u * D4]);
}

fn columns_at(entry: u32, k: u32) -> mat4x4<f32> {
    let at = entry * D4 + k;
    return transpose(mat4x4(bank_items[at], bank_items[at + D4], bank_items[at + 2u * D4], bank_items[at + 3u * D4]));
}

fn logit(product: f32, row: u32, entry_ix: u32) -> f32 {
    let entry = bank_entries[min(entry_ix, M - 1u)];
    let own = item_ids[step.slot * K + min(row, B - 1u)];
    let value = product * (1.0 / TEMPERATURE) - entry.log_q;
    return select(IMPOSSIBLE, value, entry_ix < step.bank && entry.item != own);
}

// Stores the logits of four rows at four entries.
fn store(row: u32, entry: u32, products: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        let at = (row + n - chunk.index * C) * COLUMNS + KP + entry;
        logits[at / 4u] = vec4(
            logit(products[n].x, row + n, entry),
            logit(products[n].y, row + n, entry + 1u),
            logit(products[n].z, row + n, entry + 2u),
            logit(products[n].w, row + n, entry + 3u),
        );
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let entry = thread.x * TILE;
    // Skips the product for entries that are not filled yet.
    multiply(chunk.index * C + thread.y * TILE, entry, 0u, select(0u, D4, entry < step.bank));
}
