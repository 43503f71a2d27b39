// Sorts a step's (id, row) entries, so that equal ids are neighbours in the order of their rows. Sums
// over equal ids then have a fixed order and need no float atomics.
// Bitonic network; entries that compare as equal are identical, so the result is unique.
// Depends on the constants P, a power of two, and WIDE, and on the binding `order`. All SORTERS lanes must
// call it. On a software adapter (WIDE), barriers are slow, so there are only 4 lanes, which run in step.
// There are more if a lane would otherwise have over 256 pairs per round, because llvmpipe leaves a
// thread's loops after 65,535 iterations in total. A saved run keeps its variant: a run that began on a
// software adapter sorts slowly on a GPU.
const SORTERS = select(256u, clamp(P / 512u, 4u, 256u), WIDE);

fn is_before(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.x < b.x || (a.x == b.x && a.y < b.y);
}

fn sort_order(base: u32, lane: u32) {
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
