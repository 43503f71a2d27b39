// Whether a pair is stale, and whether it is kept in the next epoch. If TURNS, a user's pairs rotate: the
// user's activity p is the share of their pairs in an epoch, and a pair is kept if (phase + epoch p) mod 1 < p.
// Otherwise a stale pair is kept with probability KEEP / 2^32, drawn anew each epoch.
// Depends on the constants SEED, STREAM_KEEP, TURNS and KEEP, on the bindings `counters`, `threshold`,
// `user_activity` and `item_activity`, and on the shared files `counters` and `random`.

fn is_stale(pair: vec2<u32>) -> bool {
    return max(user_activity[pair.x], item_activity[pair.y]) < threshold[0];
}

fn is_kept(n: u32, pair: vec2<u32>) -> bool {
    if !is_stale(pair) {
        return true;
    }
    if TURNS {
        let share = u32(user_activity[pair.x] * 4294967296.0);
        return keyed(hash(SEED, STREAM_KEEP, 0u), n) + counters.epoch * share < share;
    }
    return keyed(hash(SEED, STREAM_KEEP, counters.epoch), n) < KEEP;
}
