// Whether a pair is stale, and whether it stays in the coming epoch: a stale one does so with
// probability KEEP / 2^32, drawn anew each epoch.
// Depends on the constants SEED, STREAM_KEEP and KEEP, on the bindings `clock`, `threshold`,
// `user_activity` and `item_activity`, and on the shared files `clock` and `random`.

fn is_stale(pair: vec2<u32>) -> bool {
    return max(user_activity[pair.x], item_activity[pair.y]) < threshold[0];
}

fn is_kept(n: u32, pair: vec2<u32>) -> bool {
    return !is_stale(pair) || keyed(hash(SEED, STREAM_KEEP, clock.epoch), n) < KEEP;
}
