// Weight of each banked user in the gradient of each of the batch's candidates, for a chunk of the bank:
// weights[m, j] = exp(min(s'(m, j) - z_m - log(candidates), 0)) / (τ rows), s' = u_m·v_j / τ - log q(j);
// 0 if the candidate is the banked row's own positive, or if either is absent.
// One thread per tile of entries × candidates.
#import bank
#import chunk
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> bank_users: array<vec4<f32>>; // (MP, D) u
@group(0) @binding(3) var<storage, read> bank_entries: array<Entry>; // (M)
@group(0) @binding(4) var<storage, read> items: array<vec4<f32>>; // (KP, D) v
@group(0) @binding(5) var<storage, read> item_ids: array<u32>; // (S, K)
@group(0) @binding(6) var<storage, read> log_q: array<f32>; // (I)
@group(0) @binding(7) var<storage, read_write> weights: array<vec4<f32>>; // (C, KP)

fn is_inside(entry: u32, column: u32) -> bool {
    return entry < min((chunk.index + 1u) * C, MP) && column < KP;
}

fn rows_at(entry: u32, k: u32) -> mat4x4<f32> {
    let at = entry * D4 + k;
    return mat4x4(bank_users[at], bank_users[at + D4], bank_users[at + 2u * D4], bank_users[at + 3u * D4]);
}

fn columns_at(column: u32, k: u32) -> mat4x4<f32> {
    let at = column * D4 + k;
    return transpose(mat4x4(items[at], items[at + D4], items[at + 2u * D4], items[at + 3u * D4]));
}

fn weight(product: f32, entry_ix: u32, column: u32) -> f32 {
    let entry = bank_entries[min(entry_ix, M - 1u)];
    let id = item_ids[step.slot * K + min(column, K - 1u)];
    if entry_ix >= step.bank || column >= K || id == NO_ID || id == entry.item {
        return 0.0;
    }
    var logit = product * (1.0 / TEMPERATURE);
    if LOG_Q {
        logit -= log_q[id];
    }
    let candidates = f32(step.rows + K - B + step.bank);
    return exp(min(logit - entry.mean_logit - log(candidates), 0.0)) / (TEMPERATURE * f32(step.rows));
}

// Stores the weights of four entries for four candidates.
fn store(entry: u32, column: u32, products: mat4x4<f32>) {
    for (var n = 0u; n < 4u; n += 1u) {
        let at = (entry + n - chunk.index * C) * KP + column;
        weights[at / 4u] = vec4(
            weight(products[n].x, entry + n, column),
            weight(products[n].y, entry + n, column + 1u),
            weight(products[n].z, entry + n, column + 2u),
            weight(products[n].w, entry + n, column + 3u),
        );
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let entry = chunk.index * C + thread.y * TILE;
    // Skips the product for entries that are not filled yet.
    multiply(entry, thread.x * TILE, 0u, select(0u, D4, entry < step.bank));
}
