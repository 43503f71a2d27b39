// Scores of a block of queries against the whole catalogue: scores[q, i] = query_q·v_i.
// One thread per tile of queries × items.
#import shard
#import step
#import tile

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> shard: Shard;
@group(0) @binding(2) var<storage, read> queries: array<vec4<f32>>; // (Q, D)
@group(0) @binding(3) var<storage, read> items: array<vec4<f32>>; // (IP, D) v; IP = I padded to a multiple of 8
@group(0) @binding(4) var<storage, read_write> scores: array<vec4<f32>>; // (Q, IP)

fn is_inside(row: u32, column: u32) -> bool {
    return row < step.rows && column < arrayLength(&items) / D4;
}

fn rows_at(row: u32, k: u32) -> mat4x4<f32> {
    let at = row * D4 + k;
    return mat4x4(queries[at], queries[at + D4], queries[at + 2u * D4], queries[at + 3u * D4]);
}

fn columns_at(column: u32, k: u32) -> mat4x4<f32> {
    let at = column * D4 + k;
    return transpose(mat4x4(items[at], items[at + D4], items[at + 2u * D4], items[at + 3u * D4]));
}

fn store(row: u32, column: u32, products: mat4x4<f32>) {
    let width = IP / 4u;
    let at = row * width + (shard.read + column) / 4u;
    for (var n = 0u; n < 4u; n += 1u) {
        scores[at + n * width] = products[n];
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    // Columns beyond the grid's width are folded into z.
    let column = thread.z * GRID_WIDTH * 8u + thread.x;
    multiply(thread.y * TILE, column * TILE, 0u, D4);
}
