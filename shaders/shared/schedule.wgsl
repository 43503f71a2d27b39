// Returns the learning rate of a step of the epoch: it rises linearly over WARMUP epochs, and falls along
// half a cosine over the whole run if COSINE. Twin: src/plan/schedule.rs.
// Depends on the constants LEARNING_RATE, WARMUP, COSINE and B, and on the shared file `counters`.

const HALF_PI: f32 = 1.57079632679;

fn learning_rate(counters: Counters, step: u32) -> f32 {
    let steps_in_epoch = f32((counters.pairs + B - 1u) / B);
    var rate = LEARNING_RATE;
    if WARMUP > 0.0 {
        let after = f32(counters.epoch) + f32(step + 1u) / steps_in_epoch;
        rate *= min(after / WARMUP, 1.0);
    }
    if COSINE {
        let before = f32(counters.epoch) + f32(step) / steps_in_epoch;
        // (1 + cos πx) / 2 = sin²(π/2 (1 - x)), as a series: WGSL's own cosine may be off by 2^-11.
        let y = HALF_PI * (1.0 - min(before / f32(max(counters.epochs, 1u)), 1.0));
        let square = y * y;
        let sine = y * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0
            * (1.0 - square / 72.0 * (1.0 - square / 110.0)))));
        rate *= sine * sine;
    }
    return rate;
}
