// The TOP best items so far, best first; equal scores stay in the order of insertion.
// Depends on the constants TOP, IMPOSSIBLE and NO_ID.
struct TopList {
    scores: array<f32, TOP>,
    items: array<u32, TOP>,
}

fn empty_list() -> TopList {
    var list = TopList();
    for (var n = 0u; n < TOP; n += 1u) {
        list.scores[n] = IMPOSSIBLE;
        list.items[n] = NO_ID;
    }
    return list;
}

fn insert(list: ptr<function, TopList>, score: f32, item: u32) {
    // Not `<=`, so that NaN does not enter.
    if !(score > (*list).scores[TOP - 1u]) {
        return;
    }
    var n = TOP - 1u;
    for (; n > 0u; n -= 1u) {
        if score <= (*list).scores[n - 1u] {
            break;
        }
        (*list).scores[n] = (*list).scores[n - 1u];
        (*list).items[n] = (*list).items[n - 1u];
    }
    (*list).scores[n] = score;
    (*list).items[n] = item;
}
