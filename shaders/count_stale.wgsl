// Marks the stale rows of a tower, counts them, and counts the rows that are no longer stale:
// stale[r] = activity[r] < threshold. Counts are integers, so the order of the additions does not matter.
// One thread per row.
#import grid
#import tally

@group(0) @binding(0) var<storage, read> threshold: array<f32>; // (1)
@group(0) @binding(1) var<storage, read> activity: array<f32>; // (R)
@group(0) @binding(2) var<storage, read_write> stale: array<u32>; // (R) 0 or 1
@group(0) @binding(3) var<storage, read_write> tally: Tally;

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = thread_index(group, lane);
    if row >= ROWS {
        return;
    }
    let is_stale = activity[row] < threshold[0];
    if is_stale {
        atomicAdd(&tally.stale_rows, 1u);
    } else if stale[row] == 1u {
        atomicAdd(&tally.woken_rows, 1u);
    }
    stale[row] = select(0u, 1u, is_stale);
}
