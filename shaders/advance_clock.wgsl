// Ends a window: moves the clock past the window's steps, and into the next epoch if this one is done.
// One thread.
#import clock

@group(0) @binding(0) var<storage, read_write> clock: Clock;

@compute @workgroup_size(1)
fn main() {
    let steps_in_epoch = (clock.pairs + B - 1u) / B;
    let steps_done = min(S, steps_in_epoch - clock.done);
    let rows_done = min(steps_done * B, clock.pairs - clock.done * B);
    clock.cursor = (clock.cursor + rows_done) % max(M, 1u);
    clock.filled = min(clock.filled + rows_done, M);
    clock.steps += steps_done;
    clock.done += steps_done;
    if clock.done == steps_in_epoch {
        clock.done = 0u;
        clock.epoch += 1u;
    }
}
