//! Orders of rows by a key, through one sort: the standard library's sort is compiled once for each
//! type and comparison, and a page would download each copy.

use twotower_simd::sort_pairs;

/// Returns the rows in ascending order of their keys, ties by the lower row.
pub fn ascending(keys: impl Iterator<Item = u32>) -> impl Iterator<Item = usize> {
    let mut rows: Vec<[u32; 2]> = keys.zip(0..).map(|(key, row)| [key, row]).collect();
    sort_pairs(&mut rows);
    rows.into_iter().map(|[_, row]| row as usize)
}

/// Returns the rows in descending order of their counts, ties by the lower row.
pub fn by_count(counts: &[u32]) -> Vec<u32> {
    ascending(counts.iter().map(|count| !count)).map(|row| row as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_stay_in_order() {
        assert_eq!(ascending([2, 1, 2, 0].into_iter()).collect::<Vec<_>>(), [3, 1, 0, 2]);
        assert_eq!(by_count(&[2, 1, 2, 0]), [0, 2, 1, 3]);
    }
}
