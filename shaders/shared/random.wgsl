// Counter-based random numbers. Twin of src/random.rs, bit for bit.

fn pcg(value: u32) -> u32 {
    let state = value * 747796405u + 2891336453u;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

fn hash(seed: u32, stream: u32, counter: u32) -> u32 {
    return pcg(counter + pcg(stream + pcg(seed)));
}

// Returns draw n of a key that is itself a draw.
fn keyed(key: u32, n: u32) -> u32 {
    return pcg(key ^ pcg(n));
}

// Returns ⌊bits·bound / 2³²⌋, computed in halves of 16 bits so that no sum overflows.
fn below(bits: u32, bound: u32) -> u32 {
    let bits_low = bits & 0xffffu;
    let bits_high = bits >> 16u;
    let bound_low = bound & 0xffffu;
    let bound_high = bound >> 16u;
    let low = bits_low * bound_low;
    let middle = bits_high * bound_low + (low >> 16u);
    let rest = bits_low * bound_high + (middle & 0xffffu);
    return bits_high * bound_high + (middle >> 16u) + (rest >> 16u);
}
