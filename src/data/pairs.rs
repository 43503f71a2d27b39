//! Pairs of a user and an item, in the layouts that kernels and evaluation read.

use crate::order::ascending;

/// `(user, item)` pairs, interleaved in one run of words: what the GPU reads as
/// `array<vec2<u32>>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<u32>);

impl Pairs {
    /// Takes words `user, item, user, item, …`.
    pub(super) fn from_words(words: Vec<u32>) -> Self {
        debug_assert!(words.len().is_multiple_of(2));
        Self(words)
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = [u32; 2]> + '_ {
        self.as_slice().iter().copied()
    }

    /// The pair at `ix`, below [`len`](Self::len).
    pub fn get(&self, ix: usize) -> [u32; 2] {
        self.as_slice()[ix]
    }

    /// The pairs as one slice.
    pub fn as_slice(&self) -> &[[u32; 2]] {
        bytemuck::cast_slice(&self.0)
    }

    /// The pairs as words, `2·len()` of them: ready to upload.
    pub fn as_words(&self) -> &[u32] {
        &self.0
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [[u32; 2]] {
        bytemuck::cast_slice_mut(&mut self.0)
    }

    /// How many pairs each of the first `rows` users (`side` 0) or items (`side` 1) has.
    ///
    /// # Panics
    /// If one is not below `rows`.
    pub fn counts(&self, side: usize, rows: usize) -> Vec<u32> {
        let mut counts = vec![0; rows];
        for pair in self.iter() {
            counts[pair[side] as usize] += 1;
        }
        counts
    }

    /// The items of each user, ascending.
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
        // A row's own offset serves as its cursor while it fills, and has moved to the row's end
        // when it is full: to the next row's start.
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

/// Compressed sparse rows: each user's items, one row behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr {
    /// Where each row starts in `items`, and where the last one ends: rows + 1 entries.
    pub offsets: Vec<u32>,
    /// Items, ascending within a row.
    pub items: Vec<u32>,
}

impl Csr {
    /// The items of a user.
    pub fn row(&self, user: u32) -> &[u32] {
        &self.items[self.span(user as usize)]
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Items of the longest row.
    pub fn longest(&self) -> usize {
        (0..self.len()).map(|row| self.span(row).len()).max().unwrap_or(0)
    }

    /// The same with at most `cap` items in a row: of a longer one those whose `lot(row, item)` is lowest.
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

    /// Whether there are none.
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
