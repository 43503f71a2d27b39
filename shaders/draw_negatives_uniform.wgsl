// Draws each row's negatives uniformly from the items that are not among its user's training items.
// With the training items `had` in ascending order, the r-th other item is r + |{j : had[j] - j <= r}|,
// so no draw is rejected. For a user who has all items, any item is drawn.
// One thread per draw (x) and step (y). Depends on no parameter of the model.
#import random
#import step

@group(0) @binding(0) var<storage, read> steps: array<StepSlot>; // (S)
@group(0) @binding(1) var<storage, read> user_ids: array<u32>; // (S, B)
@group(0) @binding(2) var<storage, read> train_offsets: array<u32>; // (U + 1)
@group(0) @binding(3) var<storage, read> train_items: array<u32>; // (N) the users' items, ascending per user
@group(0) @binding(4) var<storage, read_write> item_ids: array<u32>; // (S, K) the positives, then the draws

fn unseen(user: u32, bits: u32) -> u32 {
    let first = train_offsets[user];
    let count = train_offsets[user + 1u] - first;
    if count >= ITEMS {
        return below(bits, ITEMS);
    }
    let rank = below(bits, ITEMS - count);
    var low = 0u;
    var high = count;
    for (var halving = 0u; halving < 32u && low < high; halving += 1u) {
        let middle = (low + high) / 2u;
        if train_items[first + middle] <= rank + middle {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return rank + low;
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let draw = thread.x;
    let slot = thread.y;
    if draw >= K - B {
        return;
    }
    let user = user_ids[slot * B + draw / PER_ROW];
    var item = NO_ID;
    if user != NO_ID {
        item = unseen(user, keyed(hash(SEED, STREAM_NEGATIVES, steps[slot].step.number), draw));
    }
    item_ids[slot * K + B + draw] = item;
}
