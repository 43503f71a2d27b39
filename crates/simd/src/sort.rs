//! Sorting of ids.

/// Sorts pairs by the first word, then by the second.
pub fn sort_pairs(pairs: &mut [[u32; 2]]) {
    pairs.sort_unstable_by_key(|&[first, second]| u64::from(first) << 32 | u64::from(second));
}
