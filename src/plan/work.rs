//! Counted work of programs, computed from the plan: the same on every machine and on both
//! backends.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Work of a part of training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Number of dispatches on a GPU whose binding limit no table exceeds.
    pub dispatches: u64,
    /// Bytes of buffers that operations read and write, as if an operation read or wrote each byte
    /// only once, and as if all ids of a batch were distinct. Data between the dispatches of one
    /// operation is not counted.
    pub bytes_moved: u64,
    /// Number of multiply-adds: those of products, lengths and the optimiser.
    pub multiply_adds: u64,
}

impl Work {
    /// Returns the work of reading and writing this number of 32-bit words, with these
    /// multiply-adds.
    pub(super) fn new(words: usize, multiply_adds: usize) -> Self {
        Self { dispatches: 0, bytes_moved: 4 * words as u64, multiply_adds: multiply_adds as u64 }
    }

    /// Returns whether this can be a part of `all`, and `all` plus an epoch's work does not
    /// overflow.
    pub fn is_within(&self, all: &Self) -> bool {
        let is_part = |part: u64, all: u64| part <= all && all <= u64::MAX / 2;
        is_part(self.dispatches, all.dispatches)
            && is_part(self.bytes_moved, all.bytes_moved)
            && is_part(self.multiply_adds, all.multiply_adds)
    }

    /// Returns the work of a batch of `rows`, if `self` is that of a full batch: its share, with
    /// the same number of dispatches.
    pub(super) fn of_rows(self, rows: usize, batch: usize) -> Self {
        let share = |whole: u64| whole * rows as u64 / batch as u64;
        Self {
            dispatches: self.dispatches,
            bytes_moved: share(self.bytes_moved),
            multiply_adds: share(self.multiply_adds),
        }
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            dispatches: self.dispatches + other.dispatches,
            bytes_moved: self.bytes_moved + other.bytes_moved,
            multiply_adds: self.multiply_adds + other.multiply_adds,
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Work {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            dispatches: self.dispatches - other.dispatches,
            bytes_moved: self.bytes_moved - other.bytes_moved,
            multiply_adds: self.multiply_adds - other.multiply_adds,
        }
    }
}

impl std::iter::Sum for Work {
    fn sum<I: Iterator<Item = Self>>(works: I) -> Self {
        works.fold(Self::default(), Add::add)
    }
}
