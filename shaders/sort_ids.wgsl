// Sorts each step's ids, with the rows they stand in, so that equal ids are neighbours in the order
// of their rows: the sums over them need no float atomics and have a fixed order.
// Bitonic network over (id, row); all keys differ, so the result is unique.
// One workgroup a step of the window.

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (S, IDS)
@group(0) @binding(1) var<storage, read_write> order: array<vec2<u32>>; // (S, P) id, row; P = IDS up to a power of two

const SORTERS = 256u;

fn is_before(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.x < b.x || (a.x == b.x && a.y < b.y);
}

@compute @workgroup_size(SORTERS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let slot = group.x;
    let base = slot * P;
    for (var row = lane; row < P; row += SORTERS) {
        let id = ids[slot * IDS + min(row, IDS - 1u)];
        order[base + row] = vec2(select(NO_ID, id, row < IDS), row);
    }
    storageBarrier();
    for (var size = 2u; size <= P; size *= 2u) {
        for (var stride = size / 2u; stride > 0u; stride /= 2u) {
            for (var pair = lane; pair < P / 2u; pair += SORTERS) {
                let low = 2u * pair - (pair & (stride - 1u));
                let high = low + stride;
                let a = order[base + low];
                let b = order[base + high];
                let ascending = (low & size) == 0u;
                if is_before(b, a) == ascending {
                    order[base + low] = b;
                    order[base + high] = a;
                }
            }
            storageBarrier();
        }
    }
}
