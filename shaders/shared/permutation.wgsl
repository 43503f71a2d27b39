// Place of element n in a keyed permutation of 0..len. Twin of src/random.rs, bit for bit.
// Depends on the constants FEISTEL_ROUNDS and WALK_LIMIT, and on the shared file `random`.
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
