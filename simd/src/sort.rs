//! Sorts of ids.

/// Sorts by the first word, then by the second one.
pub fn sort_pairs(pairs: &mut [[u32; 2]]) {
    pairs.sort_unstable_by_key(|&[first, second]| u64::from(first) << 32 | u64::from(second));
}
