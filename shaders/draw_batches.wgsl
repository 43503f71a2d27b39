// Draws the batches of a window of steps, and writes each step's record.
// Row b of the epoch's step s is pair permute(s·B + b); an epoch visits every pair once.
// One thread per row (x) and step (y). Depends on no parameter of the model.
#import counters
#import permutation
#import random
#import schedule
#import shard
#import step

@group(0) @binding(0) var<uniform> shard: Shard;
@group(0) @binding(1) var<storage, read> counters: Counters;
@group(0) @binding(2) var<storage, read> pairs: array<vec2<u32>>; // (N) user, item
@group(0) @binding(3) var<storage, read_write> steps: array<StepSlot>; // (S)
@group(0) @binding(4) var<storage, read_write> user_ids: array<u32>; // (S, B)
@group(0) @binding(5) var<storage, read_write> item_ids: array<u32>; // (S, K) the positives first; K candidates

// Returns 1 - beta^t for log_beta = ln beta: as a series where the difference would lose precision.
fn one_minus_power(log_beta: f32, t: f32) -> f32 {
    let x = log_beta * t;
    if x < -0.5 {
        return 1.0 - exp(x);
    }
    return -x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0
        * (1.0 + x / 7.0))))));
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let row = thread.x;
    let slot = thread.y;
    if row >= B {
        return;
    }
    let first = (counters.done + slot) * B;
    let n = first + row;
    if row == 0u {
        let number = counters.steps + slot + 1u;
        let rows = min(max(counters.pairs, first) - first, B);
        steps[slot].step = Step(
            number,
            slot,
            rows,
            (number - 1u) % RING,
            1.0 / one_minus_power(LOG_BETA_M, f32(number)),
            1.0 / one_minus_power(LOG_BETA_V, f32(number)),
            select(0u, min(counters.filled + slot * B, M), number > counters.warmup),
            (counters.cursor + slot * B) % max(M, 1u),
            learning_rate(counters, counters.done + slot),
        );
    }
    var pair = vec2(NO_ID, NO_ID);
    if n < counters.pairs {
        var place = n;
        if SHUFFLE {
            place = permute(n, counters.pairs, hash(SEED, STREAM_ORDER, counters.epoch));
        }
        let at = place - shard.read;
        if at >= arrayLength(&pairs) {
            return;
        }
        pair = pairs[at];
    }
    user_ids[slot * B + row] = pair.x;
    item_ids[slot * K + row] = pair.y;
}
