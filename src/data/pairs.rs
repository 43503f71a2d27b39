//! Pairs of a user and an item, in the layouts of kernels and evaluation.

use crate::order::ascending;

/// `(user, item)` pairs, interleaved in one array of words: the GPU reads it as `array<vec2<u32>>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<u32>);

impl Pairs {
    /// Returns pairs from words `user, item, user, item, …`.
    pub(super) fn from_words(words: Vec<u32>) -> Self {
        debug_assert!(words.len().is_multiple_of(2));
        Self(words)
    }

    /// Returns the number of pairs.
    pub fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// Returns whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the pairs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = [u32; 2]> + '_ {
        self.as_slice().iter().copied()
    }

    /// Returns the pair at `ix`, which must be below [`len`](Self::len).
    pub fn get(&self, ix: usize) -> [u32; 2] {
        self.as_slice()[ix]
    }

    /// Returns the pairs as a slice.
    pub fn as_slice(&self) -> &[[u32; 2]] {
        bytemuck::cast_slice(&self.0)
    }

    /// Returns the pairs as `2·len()` words, ready to upload.
    pub fn as_words(&self) -> &[u32] {
        &self.0
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [[u32; 2]] {
        bytemuck::cast_slice_mut(&mut self.0)
    }

    /// Returns the number of pairs of each of `rows` users (`side` 0) or items (`side` 1).
    ///
    /// # Panics
    /// If an index is not below `rows`.
    pub fn counts(&self, side: usize, rows: usize) -> Vec<u32> {
        let mut counts = vec![0; rows];
        for pair in self.iter() {
            counts[pair[side] as usize] += 1;
        }
        counts
    }

    /// Returns the items of each user, ascending.
    ///
    /// # Panics
    /// If a user is not below `n_users`.
    pub fn rows(&self, n_users: usize) -> Csr {
        let mut offsets = vec![0; n_users + 1];
        for [user, _] in self.iter() {
            offsets[user as usize + 1] += 1;
        }
        for ix in 0..n_users {
            offsets[ix + 1] += offsets[ix];
        }
        // Each row's offset is its cursor while the row fills. At the end it is the row's end,
        // which is the start of the next row.
        let mut items = vec![0; self.len()];
        for [user, item] in self.iter() {
            let cursor = &mut offsets[user as usize];
            items[*cursor as usize] = item;
            *cursor += 1;
        }
        offsets.rotate_right(1);
        offsets[0] = 0;
        let mut csr = Csr { offsets, items };
        for user in 0..n_users {
            let span = csr.span(user);
            csr.items[span].sort_unstable();
        }
        csr
    }
}

impl FromIterator<[u32; 2]> for Pairs {
    fn from_iter<T: IntoIterator<Item = [u32; 2]>>(pairs: T) -> Self {
        Self(pairs.into_iter().flatten().collect())
    }
}

/// Compressed sparse rows: each user's items, row after row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr {
    /// Start of each row in `items`, and the end of the last one: rows + 1 entries.
    pub offsets: Vec<u32>,
    /// Items, ascending within a row.
    pub items: Vec<u32>,
}

impl Csr {
    /// Returns the items of a user.
    pub fn row(&self, user: u32) -> &[u32] {
        &self.items[self.span(user as usize)]
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Returns the number of items of the longest row.
    pub fn longest(&self) -> usize {
        (0..self.len()).map(|row| self.span(row).len()).max().unwrap_or(0)
    }

    /// Returns rows with at most `cap` items: longer rows keep the items with the lowest
    /// `lot(row, item)`.
    pub fn capped(&self, cap: usize, lot: impl Fn(u32, u32) -> u32) -> Self {
        let mut capped = Self { offsets: vec![0], items: Vec::new() };
        for row in 0..self.len() as u32 {
            let items = self.row(row);
            if items.len() > cap {
                let by_lot = ascending(items.iter().map(|&item| lot(row, item)));
                let mut kept: Vec<u32> = by_lot.take(cap).map(|n| items[n]).collect();
                kept.sort_unstable();
                capped.items.extend(kept);
            } else {
                capped.items.extend(items);
            }
            capped.offsets.push(capped.items.len() as u32);
        }
        capped
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn span(&self, row: usize) -> std::ops::Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_each_users_items_ascending() {
        let pairs: Pairs = [[2, 5], [0, 9], [2, 1], [2, 3], [0, 0]].into_iter().collect();
        let rows = pairs.rows(4);
        assert_eq!(rows.offsets, [0, 2, 2, 5, 5]);
        assert_eq!(rows.row(0), [0, 9]);
        assert!(rows.row(1).is_empty());
        assert_eq!(rows.row(2), [1, 3, 5]);
        assert_eq!((rows.len(), pairs.len(), pairs.get(1)), (4, 5, [0, 9]));
        assert_eq!(pairs.as_words()[..4], [2, 5, 0, 9]);
    }

    #[test]
    fn a_cap_leaves_the_items_with_the_lowest_lots() {
        let pairs: Pairs = [[0, 4], [0, 6], [0, 8], [2, 1], [2, 3]].into_iter().collect();
        let rows = pairs.rows(3);
        assert_eq!(rows.longest(), 3);
        assert_eq!(rows.capped(3, |_, _| 0), rows);
        let capped = rows.capped(2, |row, item| row + 10 - item);
        assert_eq!(
            (capped.row(0), capped.row(1), capped.row(2)),
            (&[6, 8][..], &[][..], &[1, 3][..])
        );
    }
}
