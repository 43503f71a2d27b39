// The TOP best items of each query, from the best of each segment in the order of the catalogue.
// One thread per query.
#import grid
#import step
#import top_list

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> best_scores: array<f32>; // (Q, SEGMENTS, TOP)
@group(0) @binding(2) var<storage, read> best_items: array<u32>; // (Q, SEGMENTS, TOP)
@group(0) @binding(3) var<storage, read_write> top: array<u32>; // (Q, TOP)
@group(0) @binding(4) var<storage, read_write> top_scores: array<f32>; // (Q, TOP)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let query = thread_index(group, lane);
    if query >= step.rows {
        return;
    }
    var list = empty_list();
    let first = query * SEGMENTS * TOP;
    for (var n = first; n < first + SEGMENTS * TOP; n += 1u) {
        insert(&list, best_scores[n], best_items[n]);
    }
    for (var n = 0u; n < TOP; n += 1u) {
        top[query * TOP + n] = list.items[n];
        top_scores[query * TOP + n] = list.scores[n];
    }
}
