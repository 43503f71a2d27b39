// The TOP best items of each segment of each query's scores; masked items never enter.
// One thread per query and segment: no barrier, and a fixed order of equal scores.
#import grid
#import step
#import top_list

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> scores: array<f32>; // (Q, IP)
@group(0) @binding(2) var<storage, read_write> best_scores: array<f32>; // (Q, SEGMENTS, TOP)
@group(0) @binding(3) var<storage, read_write> best_items: array<u32>; // (Q, SEGMENTS, TOP)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let thread = thread_index(group, lane);
    let query = thread / SEGMENTS;
    let first = thread % SEGMENTS * SEGMENT;
    if query >= step.rows {
        return;
    }
    var list = empty_list();
    for (var item = first; item < min(first + SEGMENT, ITEMS); item += 1u) {
        insert(&list, scores[query * IP + item], item);
    }
    for (var n = 0u; n < TOP; n += 1u) {
        best_scores[thread * TOP + n] = list.scores[n];
        best_items[thread * TOP + n] = list.items[n];
    }
}
