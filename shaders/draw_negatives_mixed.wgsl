// Draws the negatives that all rows of a batch share, uniformly from all items.
// One thread per draw (x) and step (y). Depends on no parameter of the model.
#import random
#import step

@group(0) @binding(0) var<storage, read> steps: array<StepSlot>; // (S)
@group(0) @binding(1) var<storage, read_write> item_ids: array<u32>; // (S, K) the positives, then the draws

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let draw = thread.x;
    let slot = thread.y;
    if draw >= K - B {
        return;
    }
    let bits = keyed(hash(SEED, STREAM_NEGATIVES, steps[slot].step.number), draw);
    item_ids[slot * K + B + draw] = select(NO_ID, below(bits, ITEMS), steps[slot].step.rows > 0u);
}
