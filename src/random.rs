//! Counter-based random numbers: every draw is a pure function of (seed, stream, counter), so the
//! CPU and the GPU make the same draws, in any order. Twin of `shaders/shared/random.wgsl`.

/// Streams, which separate draws for different purposes.
pub mod stream {
    /// The pairs of a user that are held out.
    pub const SPLIT: u32 = 1;
    /// Synthetic lines for measurements of the loader.
    pub const SYNTHETIC: u32 = 2;
    /// The order of the pairs in an epoch; the counter is the epoch.
    pub const ORDER: u32 = 3;
    /// Initial values of the user table.
    pub const INIT_USER: u32 = 4;
    /// Initial values of the item table.
    pub const INIT_ITEM: u32 = 5;
    /// The drawn negatives; the counter is the step.
    pub const NEGATIVES: u32 = 6;
    /// The sample of pairs from which a threshold is chosen; the counter is the epoch.
    pub const SAMPLE: u32 = 8;
    /// The stale pairs that are kept in an epoch.
    pub const KEEP: u32 = 9;
    /// The items that are kept in a history longer than its cap.
    pub const HISTORY: u32 = 10;
    /// The training pairs of a user that are held out for tuning.
    pub const TUNE: u32 = 11;
    /// Initial values of all other parameters: the first of their streams, one per parameter.
    pub const INIT_PARTS: u32 = 16;
}

/// Returns the PCG-RXS-M-XS hash of 32 bits (Jarzynski & Olano 2020, "Hash functions for GPU
/// rendering").
pub fn pcg(value: u32) -> u32 {
    let state = value.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    (word >> 22) ^ word
}

/// Returns draw `counter` of a stream, uniform over all u32.
pub fn hash(seed: u32, stream: u32, counter: u32) -> u32 {
    pcg(counter.wrapping_add(pcg(stream.wrapping_add(pcg(seed)))))
}

/// Returns draw `n` of a key that is itself a draw. `n` is not added to the key: two keys would then
/// share a sequence of draws.
pub fn keyed(key: u32, n: u32) -> u32 {
    pcg(key ^ pcg(n))
}

/// Returns ⌊bits·bound / 2³²⌋: uniform below the bound if the bits are uniform, up to one part in
/// 2³².
pub fn below(bits: u32, bound: u32) -> u32 {
    ((u64::from(bits) * u64::from(bound)) >> 32) as u32
}

/// Returns the place of element `n` in a keyed permutation of `0..len`: an alternating Feistel
/// network on just enough bits, repeated until the result is below `len` (fewer than two times on
/// average).
///
/// # Panics
/// If `n` is not below `len`.
pub fn permute(n: u32, len: u32, key: u32) -> u32 {
    assert!(n < len, "element {n} of a permutation of {len}");
    let bits = u32::BITS - (len - 1).leading_zeros();
    let low_bits = bits.div_ceil(2);
    let low_mask = (1u32 << low_bits) - 1;
    let high_mask = (1u32 << (bits - low_bits)) - 1;
    let mut place = n;
    loop {
        let (mut low, mut high) = (place & low_mask, place >> low_bits);
        for round in 0..FEISTEL_ROUNDS {
            let round_key = pcg(key.wrapping_add(round));
            if round % 2 == 0 {
                low ^= pcg(high ^ round_key) & low_mask;
            } else {
                high ^= pcg(low ^ round_key) & high_mask;
            }
        }
        place = (high << low_bits) | low;
        if place < len {
            return place;
        }
    }
}

/// Number of rounds: four make a Feistel network a strong pseudo-random permutation (Luby & Rackoff
/// 1988), six leave a margin for the halves of a few bits in small data sets.
pub const FEISTEL_ROUNDS: u32 = 6;

/// Returns draw `counter` of a stream of standard normal numbers (Box–Muller).
pub fn normal(seed: u32, stream: u32, counter: u32) -> f32 {
    let draw = |k: u32| hash(seed, stream, counter.wrapping_mul(2).wrapping_add(k));
    // Shifted up by half a unit, so that the argument of the logarithm is never 0.
    let unit = |bits: u32| (f64::from(bits) + 0.5) / 4_294_967_296.0;
    let radius = (-2.0 * unit(draw(0)).ln()).sqrt();
    (radius * (std::f64::consts::TAU * unit(draw(1))).cos()) as f32
}

/// Returns an unpredictable number, as a secret for hashes. No result may depend on it.
pub(crate) fn unforeseen() -> u64 {
    #[cfg(target_arch = "wasm32")]
    {
        (js_sys::Math::random().to_bits() ^ js_sys::Math::random().to_bits() << 12).rotate_left(17)
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        use std::hash::{BuildHasher as _, RandomState};
        RandomState::new().hash_one(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shaders and stored results depend on these exact numbers.
    #[test]
    fn the_numbers_are_pinned() {
        assert_eq!(
            [0, 1, 2, u32::MAX].map(pcg),
            [129_708_002, 2_831_084_092, 2_055_130_248, 3_861_530_882]
        );
        assert_eq!(hash(1, 2, 3), 3_404_032_338);
    }

    proptest! {
        #[test]
        fn a_permutation_visits_every_place_once(len in 1u32..3000, key: u32) {
            let mut seen = vec![false; len as usize];
            for n in 0..len {
                let place = permute(n, len, key) as usize;
                prop_assert!(!std::mem::replace(&mut seen[place], true));
            }
        }
    }

    #[test]
    fn draws_below_a_bound_reach_all_of_it() {
        assert_eq!([0, u32::MAX].map(|bits| below(bits, 7)), [0, 6]);
        assert_eq!([0, u32::MAX].map(|bits| below(bits, u32::MAX)), [0, u32::MAX - 1]);
        assert_eq!(below(u32::MAX, 0), 0);
    }

    #[test]
    fn another_key_gives_another_order() {
        let order = |key| (0..1000).map(|n| permute(n, 1000, key)).collect::<Vec<_>>();
        let same = order(1).iter().zip(&order(2)).filter(|(a, b)| a == b).count();
        assert!(same < 10, "{same} of 1000 places agree, 1 expected");
    }

    #[test]
    fn normals_have_mean_0_and_deviation_1() {
        let draws: Vec<f64> =
            (0..100_000).map(|n| f64::from(normal(7, stream::INIT_USER, n))).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
