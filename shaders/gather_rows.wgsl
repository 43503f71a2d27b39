// Forward pass of an id tower: gathers the table's rows of a step's ids, scaled to length 1 if NORMALIZE.
// out[r] = w / max(|w|, 1e-12), w = table[ids[r]]; zero where there is no id.
// One thread per row. A row whose id is in another shard of the table is skipped: that shard's dispatch writes it.
#import grid
#import row_id
#import shard
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> shard: Shard;
@group(0) @binding(2) var<storage, read> ids: array<u32>; // (S, SLOT)
@group(0) @binding(3) var<storage, read> table: array<vec4<f32>>; // (R, D)
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>; // (ROWS, D)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let to_row = thread_index(group, lane);
    let row = shard.write + to_row;
    if row >= ROWS || to_row >= arrayLength(&out) / D4 {
        return;
    }
    let id = row_id(row);
    if id == NO_ID {
        for (var k = 0u; k < D4; k += 1u) {
            out[to_row * D4 + k] = vec4(0.0);
        }
        return;
    }
    let from_row = id - shard.read;
    if from_row >= arrayLength(&table) / D4 {
        return;
    }
    var scale = 1.0;
    if NORMALIZE {
        var square = 0.0;
        for (var k = 0u; k < D4; k += 1u) {
            let w = table[from_row * D4 + k];
            square += dot(w, w);
        }
        scale = 1.0 / max(sqrt(square), MIN_NORM);
    }
    for (var k = 0u; k < D4; k += 1u) {
        out[to_row * D4 + k] = table[from_row * D4 + k] * scale;
    }
}
