// Forward pass over lists: sums the rows of each id's list and divides by a power of their number n.
// out[r] = Σ_j table[j] / n^p over the members j of ids[r]'s list, added to out if ADDS;
// p = 1 gives the mean. Skips the row's own positive if LEAVES_OUT. Zero for an empty list.
// Lists are ascending, so the sum has the same order when the shards of the table are added one after another.
// One thread per row and vec4 of the width.
#import grid
#import row_id
#import shard
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> shard: Shard;
@group(0) @binding(2) var<storage, read> ids: array<u32>; // (S, SLOT)
@group(0) @binding(3) var<storage, read> positives: array<u32>; // (S, K)
@group(0) @binding(4) var<storage, read> offsets: array<u32>; // (R + 1)
@group(0) @binding(5) var<storage, read> members: array<u32>; // the lists, one after another
@group(0) @binding(6) var<storage, read> table: array<vec4<f32>>; // (F, D)
@group(0) @binding(7) var<storage, read_write> weights: array<f32>; // (ROWS) 1 / n^p
@group(0) @binding(8) var<storage, read_write> out: array<vec4<f32>>; // (ROWS, D)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let thread = thread_index(group, lane);
    let row = thread / D4;
    let k = thread % D4;
    if row >= ROWS {
        return;
    }
    let id = row_id(row);
    var first = 0u;
    var end = 0u;
    var left_out = NO_ID;
    if id != NO_ID {
        first = offsets[id];
        end = offsets[id + 1u];
        if LEAVES_OUT {
            left_out = positives[step.slot * K + row];
        }
    }
    var count = end - first;
    if LEAVES_OUT {
        for (var at = first; at < end; at += 1u) {
            count -= select(0u, 1u, members[at] == left_out);
        }
    }
    var weight = 0.0;
    if count > 0u {
        weight = pow(f32(count), -POWER);
    }
    if k == 0u {
        weights[row] = weight;
    }
    var sum = vec4(0.0);
    if ADDS || shard.read > 0u {
        sum = out[thread];
    }
    for (var at = first; at < end; at += 1u) {
        let member = members[at];
        let from_row = member - shard.read;
        if member != left_out && from_row < arrayLength(&table) / D4 {
            sum += weight * table[from_row * D4 + k];
        }
    }
    out[thread] = sum;
}
