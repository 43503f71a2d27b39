//! What was read, in as little memory as it takes: one run of words that is sorted, thinned out and
//! parted where it lies, so that 25 million interactions never exist twice.

use super::pairs::Pairs;
use crate::error::{Error, Result};

/// A row's user, item and, where times matter, time.
type Timed = [u32; 4];
type Untimed = [u32; 2];

/// Rows `[user, item]`, or `[user, item, time's high word, time's low word]`: 8 or 16 bytes.
#[derive(Debug, Default)]
pub(super) struct Interactions {
    words: Vec<u32>,
    timed: bool,
}

impl Interactions {
    pub fn new(timed: bool) -> Self {
        Self { words: Vec::new(), timed }
    }

    /// Words a row.
    fn stride(&self) -> usize {
        if self.timed { size_of::<Timed>() / 4 } else { size_of::<Untimed>() / 4 }
    }

    pub fn len(&self) -> usize {
        self.words.len() / self.stride()
    }

    /// Makes room for so many more rows.
    ///
    /// # Errors
    /// [`Error::Data`] if memory does not suffice.
    pub fn reserve(&mut self, rows: u64) -> Result<()> {
        let stride = self.stride();
        usize::try_from(rows)
            .ok()
            .and_then(|rows| rows.checked_mul(stride))
            .and_then(|words| self.words.try_reserve_exact(words).ok())
            .ok_or_else(|| Error::Data {
                file: "interactions".into(),
                problem: format!(
                    "{} rows of {} bytes do not fit the memory",
                    rows + self.len() as u64,
                    stride * 4
                ),
                lines: Vec::new(),
            })
    }

    /// Adds a row. `time` is not kept where times do not matter.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    #[inline]
    pub fn push(&mut self, user: u32, item: u32, time: i64) -> Result<()> {
        if self.words.capacity() - self.words.len() < self.stride() {
            self.grow()?;
        }
        if self.timed {
            // With its sign bit flipped a time sorts as its two words do.
            let time = time as u64 ^ 1 << 63;
            self.words.extend_from_slice(&[user, item, (time >> 32) as u32, time as u32]);
        } else {
            self.words.extend_from_slice(&[user, item]);
        }
        Ok(())
    }

    /// A quarter more, where `Vec` would take twice as much: the file was longer than it seemed.
    #[cold]
    fn grow(&mut self) -> Result<()> {
        self.reserve((self.len() as u64 / 4).max(1024))
    }

    /// Sorts by user, item and time, and keeps the first row of each pair: its earliest. The number
    /// of rows left out.
    pub fn sort_and_collapse(&mut self) -> usize {
        let before = self.len();
        if self.timed {
            let rows: &mut [Timed] = bytemuck::cast_slice_mut(&mut self.words);
            rows.sort_unstable_by_key(|row| (pair_key(row), time_key(row)));
        } else {
            let rows: &mut [Untimed] = bytemuck::cast_slice_mut(&mut self.words);
            rows.sort_unstable_by_key(|row| pair_key(row));
        }
        let mut previous = None;
        self.retain(|user, item| previous.replace((user, item)) != Some((user, item)));
        before - self.len()
    }

    /// Keeps the rows for which `keep` is true, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(u32, u32) -> bool) {
        let stride = self.stride();
        let mut kept = 0;
        for start in (0..self.words.len()).step_by(stride) {
            if keep(self.words[start], self.words[start + 1]) {
                self.words.copy_within(start..start + stride, kept);
                kept += stride;
            }
        }
        self.words.truncate(kept);
    }

    /// Users and items, row by row.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.words.chunks_exact(self.stride()).map(|row| (row[0], row[1]))
    }

    /// Whether sorted rows have this pair.
    pub fn contains(&self, user: u32, item: u32) -> bool {
        let key = pair_key(&[user, item]);
        let stride = self.stride();
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if pair_key(&self.words[middle * stride..]) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low < self.len() && pair_key(&self.words[low * stride..]) == key
    }

    /// The pairs as they are, without times.
    pub fn into_pairs(self) -> Pairs {
        let mut words = self.into_pair_words();
        words.shrink_to_fit();
        Pairs::from_words(words)
    }

    /// Orders each user's rows of sorted interactions, the last to be held out first, by time where
    /// there are times and by `key` otherwise; then drops the times. Words `user, item, …`.
    pub fn into_ordered_words(mut self, key: impl Fn(u32, u32) -> u32) -> Vec<u32> {
        if self.timed {
            let rows: &mut [Timed] = bytemuck::cast_slice_mut(&mut self.words);
            for run in rows.chunk_by_mut(|a, b| a[0] == b[0]) {
                run.sort_unstable_by_key(|row| (time_key(row), row[1]));
            }
        } else {
            let rows: &mut [Untimed] = bytemuck::cast_slice_mut(&mut self.words);
            for run in rows.chunk_by_mut(|a, b| a[0] == b[0]) {
                run.sort_unstable_by_key(|&[user, item]| (key(user, item), item));
            }
        }
        self.into_pair_words()
    }

    /// Words `user, item, …`: times are dropped, and their memory is given back.
    fn into_pair_words(mut self) -> Vec<u32> {
        let stride = self.stride();
        let n = self.len();
        if self.timed {
            for ix in 0..n {
                self.words.copy_within(ix * stride..ix * stride + 2, ix * 2);
            }
            self.words.truncate(n * 2);
            self.words.shrink_to_fit();
        }
        self.words
    }
}

#[inline]
fn pair_key(row: &[u32]) -> u64 {
    u64::from(row[0]) << 32 | u64::from(row[1])
}

#[inline]
fn time_key(row: &Timed) -> u64 {
    u64::from(row[2]) << 32 | u64::from(row[3])
}
