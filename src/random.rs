//! Random numbers by hashing: the same `(seed, stream, counter)` gives the same number everywhere,
//! so nothing carries a generator's state and any number can be drawn out of order. Only 32-bit
//! operations, so that a shader can compute the same numbers.

/// Streams keep draws for different purposes apart.
pub mod stream {
    /// Which of a user's pairs are held out.
    pub const SPLIT: u32 = 1;
    /// Lines for measuring the loader.
    pub const SYNTHETIC: u32 = 2;
}

/// PCG-RXS-M-XS, a bijection of the 32-bit numbers (Jarzynski & Olano 2020, "Hash Functions for GPU
/// Rendering").
#[inline]
pub fn pcg(x: u32) -> u32 {
    let state = x.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    (word >> 22) ^ word
}

/// The number at `counter` of a stream. For a fixed seed and stream it is a bijection of `counter`:
/// no number comes twice.
#[inline]
pub fn hash(seed: u32, stream: u32, counter: u32) -> u32 {
    pcg(counter.wrapping_add(pcg(stream.wrapping_add(pcg(seed)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shaders and stored results rely on these very numbers.
    #[test]
    fn the_numbers_are_pinned() {
        assert_eq!(
            [0, 1, 2, u32::MAX].map(pcg),
            [129_708_002, 2_831_084_092, 2_055_130_248, 3_861_530_882]
        );
        assert_eq!(hash(0, 0, 0), 2_145_236_065);
        assert_eq!(hash(1, 2, 3), 3_404_032_338);
        assert_eq!(hash(u32::MAX, u32::MAX, u32::MAX), 1_763_661_296);
    }

    #[test]
    fn every_bit_is_set_about_half_the_time() {
        let n = 1 << 16;
        for bit in 0..32 {
            let ones = (0..n).filter(|&counter| hash(7, 1, counter) >> bit & 1 == 1).count();
            // Six standard deviations of a fair coin: 6·√n/2.
            assert!(ones.abs_diff(n as usize / 2) < 768, "bit {bit} is set {ones} times");
        }
    }
}
