// Log of each item's probability to be a candidate, if a share DRAWN of the candidates is drawn uniformly:
// log_q[i] = ln((1 - DRAWN) count_i / kept + DRAWN / I).
// One thread per item.
#import counters
#import grid

@group(0) @binding(0) var<storage, read> counters: Counters;
@group(0) @binding(1) var<storage, read> item_counts: array<u32>; // (I)
@group(0) @binding(2) var<storage, read_write> log_q: array<f32>; // (I)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let item = thread_index(group, lane);
    if item < ITEMS {
        let share = f32(item_counts[item]) / f32(max(counters.pairs, 1u));
        let q = (1.0 - DRAWN) * share + DRAWN / f32(ITEMS);
        log_q[item] = log(max(q, NEVER));
    }
}
