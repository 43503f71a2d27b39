// Draws each row's negatives by weight, from all items except the positive.
// Draws x uniformly outside the positive's share of the weights' sum; returns the item whose share contains x.
// One thread per draw (x) and step (y). Depends on no parameter of the model.
#import random
#import step

@group(0) @binding(0) var<storage, read> steps: array<StepSlot>; // (S)
@group(0) @binding(1) var<storage, read> cumulative: array<u32>; // (I) running sums of the weights
@group(0) @binding(2) var<storage, read_write> item_ids: array<u32>; // (S, K) the positives, then the draws

fn other(positive: u32, bits: u32) -> u32 {
    let end = cumulative[positive];
    let start = select(0u, cumulative[max(positive, 1u) - 1u], positive > 0u);
    var x = below(bits, cumulative[ITEMS - 1u] - (end - start));
    if x >= start {
        x += end - start;
    }
    var low = 0u;
    var high = ITEMS - 1u;
    for (var halving = 0u; halving < 32u && low < high; halving += 1u) {
        let middle = (low + high) / 2u;
        if cumulative[middle] <= x {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let draw = thread.x;
    let slot = thread.y;
    if draw >= K - B {
        return;
    }
    let positive = item_ids[slot * K + draw / PER_ROW];
    var item = NO_ID;
    if positive != NO_ID {
        item = other(positive, keyed(hash(SEED, STREAM_NEGATIVES, steps[slot].step.number), draw));
    }
    item_ids[slot * K + B + draw] = item;
}
