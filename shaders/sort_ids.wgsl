// Sorts each step's ids together with their rows.
// One workgroup per step of the window.
#import sort_order

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (S, IDS)
@group(0) @binding(1) var<storage, read_write> order: array<vec2<u32>>; // (S, P) id, row; P = IDS up to a power of 2

@compute @workgroup_size(SORTERS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let slot = group.x;
    let base = slot * P;
    for (var row = lane; row < P; row += SORTERS) {
        let id = ids[slot * IDS + min(row, IDS - 1u)];
        order[base + row] = vec2(select(NO_ID, id, row < IDS), row);
    }
    sort_order(base, lane);
}
