// Ends a window: moves the counters past the window's steps, and into the next epoch if the current one is done.
// One thread.
#import counters

@group(0) @binding(0) var<storage, read_write> counters: Counters;

@compute @workgroup_size(1)
fn main() {
    let steps_in_epoch = (counters.pairs + B - 1u) / B;
    let steps_done = min(S, steps_in_epoch - counters.done);
    let rows_done = min(steps_done * B, counters.pairs - counters.done * B);
    counters.cursor = (counters.cursor + rows_done) % max(M, 1u);
    counters.filled = min(counters.filled + rows_done, M);
    counters.steps += steps_done;
    counters.done += steps_done;
    if counters.done == steps_in_epoch {
        counters.done = 0u;
        counters.epoch += 1u;
    }
}
