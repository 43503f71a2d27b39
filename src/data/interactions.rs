//! What was read, in as little memory as it takes: one run of words that is sorted, thinned out and
//! parted where it lies, so that 25 million interactions never exist twice.

use twotower_simd::sort_pairs;

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

    /// Sorts by user, item and time, and keeps the first row of each pair: its earliest. Users are
    /// below `n_users`. The number of rows left out.
    pub fn sort_and_collapse(&mut self, n_users: usize) -> usize {
        let before = self.len();
        let user_bits = n_users.next_power_of_two().ilog2();
        if self.timed {
            let rows: &mut [Timed] = bytemuck::cast_slice_mut(&mut self.words);
            sort(rows, user_bits, &|rows: &mut [Timed]| {
                rows.sort_unstable_by_key(|row| (pair_key(row), time_key(row)));
            });
        } else {
            let rows: &mut [Untimed] = bytemuck::cast_slice_mut(&mut self.words);
            sort(rows, user_bits, &sort_pairs);
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

    /// Orders each user's rows of sorted interactions by part: of `n` rows the first to be trained
    /// on, then those that validate, then those that test, as many as `shares(n)` says. What comes
    /// last by time, or where there are no times by `lot(user, item)`, is held out; within a part
    /// rows stay sorted. Words `user, item, …`.
    pub fn into_words_by_part(
        mut self,
        shares: impl Fn(usize) -> [usize; 3],
        lot: impl Fn(u32, u32) -> u32,
    ) -> Vec<u32> {
        if self.timed {
            let rows: &mut [Timed] = bytemuck::cast_slice_mut(&mut self.words);
            order_by_part(rows, shares, |row| (time_key(row), row[1]));
        } else {
            let rows: &mut [Untimed] = bytemuck::cast_slice_mut(&mut self.words);
            order_by_part(rows, shares, |&[user, item]| (lot(user, item).into(), item));
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

fn same_user<const WORDS: usize>(a: &[u32; WORDS], b: &[u32; WORDS]) -> bool {
    a[0] == b[0]
}

/// Bits of the user that one pass of [`sort`] looks at: as many buckets as stay in the caches.
const DIGIT: u32 = 8;

/// Below so many rows comparing is faster than another pass.
const FEW: usize = 1024;

/// Sorts in place as `few` does, by a key that begins with the user, of whom `user_bits` bits are left to look at:
/// rows are swapped into one bucket for each value of the highest of these bits (American flag
/// sort), and the buckets are sorted. Three such passes stand for some twenty rounds of comparing.
fn sort<const WORDS: usize>(
    rows: &mut [[u32; WORDS]],
    user_bits: u32,
    few: &impl Fn(&mut [[u32; WORDS]]),
) {
    if user_bits == 0 || rows.len() < FEW {
        return few(rows);
    }
    let shift = user_bits.saturating_sub(DIGIT);
    let bucket = |row: &[u32; WORDS]| (row[0] >> shift) as usize % (1 << DIGIT);
    let mut sizes = [0; 1 << DIGIT];
    for row in &*rows {
        sizes[bucket(row)] += 1;
    }
    let mut total = 0;
    let mut next = sizes.map(|size| {
        total += size;
        total - size
    });
    let mut end = 0;
    for (ix, size) in sizes.into_iter().enumerate() {
        end += size;
        while next[ix] < end {
            let here = next[ix];
            let home = &mut next[bucket(&rows[here])];
            rows.swap(here, *home);
            *home += 1;
        }
    }
    let mut rest = rows;
    for size in sizes {
        let (bucket, after) = rest.split_at_mut(size);
        sort(bucket, shift, few);
        rest = after;
    }
}

/// Orders each user's rows by part; `key` differs from row to row of a user. Only the least keys of
/// the held-out parts are looked for: that is linear, and keeps the order within the parts.
fn order_by_part<const WORDS: usize>(
    rows: &mut [[u32; WORDS]],
    shares: impl Fn(usize) -> [usize; 3],
    key: impl Fn(&[u32; WORDS]) -> (u64, u32),
) {
    let mut keys = Vec::new();
    let mut validating = Vec::new();
    let mut testing = Vec::new();
    for run in rows.chunk_by_mut(same_user) {
        let [n_train, n_validation, n_test] = shares(run.len());
        if n_train == run.len() {
            continue;
        }
        keys.clear();
        keys.extend(run.iter().map(&key));
        let (_, &mut least_held_out, after) = keys.select_nth_unstable(n_train);
        let least_tested = match (n_validation, n_test) {
            (_, 0) => None,
            (0, _) => Some(least_held_out),
            _ => Some(*after.select_nth_unstable(n_validation - 1).1),
        };
        validating.clear();
        testing.clear();
        let mut kept = 0;
        for ix in 0..run.len() {
            let row = run[ix];
            let key = key(&row);
            if key < least_held_out {
                run[kept] = row;
                kept += 1;
            } else if least_tested.is_some_and(|least| key >= least) {
                testing.push(row);
            } else {
                validating.push(row);
            }
        }
        run[n_train..n_train + n_validation].copy_from_slice(&validating);
        run[n_train + n_validation..].copy_from_slice(&testing);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    /// Enough rows that buckets are sorted by further passes.
    fn many(timed: bool) -> (Interactions, Vec<(u32, u32, u32)>) {
        let mut interactions = Interactions::new(timed);
        let rows: Vec<_> = (0..200_000)
            .map(|n| (hash(1, 0, n) % 3000, hash(2, 0, n) % 50, hash(3, 0, n)))
            .collect();
        for &(user, item, time) in &rows {
            interactions.push(user, item, i64::from(time as i32)).expect("fits");
        }
        (interactions, rows)
    }

    #[test]
    fn rows_are_sorted_and_each_pair_stays_once() {
        for timed in [false, true] {
            let (mut interactions, rows) = many(timed);
            let mut expected: Vec<_> = rows.iter().map(|&(user, item, _)| (user, item)).collect();
            expected.sort_unstable();
            expected.dedup();
            let left_out = interactions.sort_and_collapse(3000);
            assert_eq!(left_out, rows.len() - expected.len());
            assert!(interactions.pairs().eq(expected.iter().copied()));
            let has = |user, item| interactions.contains(user, item);
            assert!(expected.iter().all(|&(user, item)| has(user, item)));
            assert!(!has(3000, 0) && !has(0, 50));
        }
    }

    #[test]
    fn the_latest_of_the_earliest_times_are_held_out() {
        let (mut interactions, mut rows) = many(true);
        rows.sort_unstable_by_key(|&(user, item, time)| (user, item, time as i32));
        rows.dedup_by_key(|row| (row.0, row.1));
        let shares = |n: usize| [n - n / 2, n / 3, n / 2 - n / 3];
        let mut expected = Vec::new();
        for run in rows.chunk_by_mut(|a, b| a.0 == b.0) {
            run.sort_unstable_by_key(|&(_, item, time)| (time as i32, item));
            let mut rest = &mut *run;
            for share in shares(rest.len()) {
                let (part, after) = rest.split_at_mut(share);
                part.sort_unstable();
                expected.extend(part.iter().flat_map(|&(user, item, _)| [user, item]));
                rest = after;
            }
        }
        interactions.sort_and_collapse(3000);
        let words = interactions.into_words_by_part(shares, |_, _| unreachable!("there are times"));
        assert_eq!(words, expected);
    }
}
