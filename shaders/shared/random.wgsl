// Counter-based randomness: the twin of src/random.rs, to the bit.
// Depends on the constants FEISTEL_ROUNDS and WALK_LIMIT.

fn pcg(value: u32) -> u32 {
    let state = value * 747796405u + 2891336453u;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

fn hash(seed: u32, stream: u32, counter: u32) -> u32 {
    return pcg(counter + pcg(stream + pcg(seed)));
}

// Place of element n in a keyed permutation of 0..len.
fn permute(n: u32, len: u32, key: u32) -> u32 {
    let bits = 32u - countLeadingZeros(len - 1u);
    let low_bits = (bits + 1u) / 2u;
    let low_mask = (1u << low_bits) - 1u;
    let high_mask = (1u << (bits - low_bits)) - 1u;
    var place = n;
    for (var walk = 0u; walk < WALK_LIMIT; walk += 1u) {
        var low = place & low_mask;
        var high = place >> low_bits;
        for (var round = 0u; round < FEISTEL_ROUNDS; round += 1u) {
            let round_key = pcg(key + round);
            if round % 2u == 0u {
                low ^= pcg(high ^ round_key) & low_mask;
            } else {
                high ^= pcg(low ^ round_key) & high_mask;
            }
        }
        place = (high << low_bits) | low;
        if place < len {
            break;
        }
    }
    return place;
}
