//! What a program costs, counted from the plan: the same on every machine and on both backends.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Work of some training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Dispatches on a GPU that binds every table whole.
    pub dispatches: u64,
    /// Bytes of buffers that operations read and write, as if each came and went once, and every id of
    /// a batch were another; what only passes between the dispatches of one operation is left out.
    pub bytes_moved: u64,
    /// Multiplications with an addition: those of the products, of lengths and of the optimiser.
    pub multiply_adds: u64,
}

impl Work {
    /// That of reading and writing so many 32-bit words, with so many multiply-adds.
    pub(super) fn new(words: usize, multiply_adds: usize) -> Self {
        Self { dispatches: 0, bytes_moved: 4 * words as u64, multiply_adds: multiply_adds as u64 }
    }

    /// Whether this can be a part of all that work, and the sum of it with an epoch's can be counted.
    pub fn is_within(&self, all: &Self) -> bool {
        let is_part = |part: u64, all: u64| part <= all && all <= u64::MAX / 2;
        is_part(self.dispatches, all.dispatches)
            && is_part(self.bytes_moved, all.bytes_moved)
            && is_part(self.multiply_adds, all.multiply_adds)
    }

    /// That of a batch of `rows`, where this is a whole one's: its share, with as many dispatches.
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
