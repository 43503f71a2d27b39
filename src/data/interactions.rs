//! Interactions in little memory: one array of words that is sorted, filtered and split in place,
//! so that 25 million interactions never exist twice.

use twotower_simd::sort_pairs;

use super::pairs::Pairs;
use crate::error::{Error, Result};

/// Words of a row: user, item and, if times matter, time.
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

    /// Returns the number of words of a row.
    fn stride(&self) -> usize {
        if self.timed { size_of::<Timed>() / 4 } else { size_of::<Untimed>() / 4 }
    }

    pub fn len(&self) -> usize {
        self.words.len() / self.stride()
    }

    /// Reserves memory for more rows.
    ///
    /// # Errors
    /// [`Error::Data`] if there is not enough memory.
    pub fn reserve(&mut self, rows: u64) -> Result<()> {
        let stride = self.stride();
        usize::try_from(rows)
            .ok()
            .and_then(|rows| rows.checked_mul(stride))
            .and_then(|words| self.words.try_reserve_exact(words).ok())
            .ok_or_else(|| Error::Data {
                file: "interactions".into(),
                problem: format!(
                    "{} rows of {} bytes do not fit into memory",
                    rows + self.len() as u64,
                    stride * 4
                ),
                lines: Vec::new(),
            })
    }

    /// Adds a row. `time` is dropped if times do not matter.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    #[inline]
    pub fn push(&mut self, user: u32, item: u32, time: i64) -> Result<()> {
        if self.words.capacity() - self.words.len() < self.stride() {
            self.grow()?;
        }
        if self.timed {
            let time = key_of(time);
            self.words.extend_from_slice(&[user, item, (time >> 32) as u32, time as u32]);
        } else {
            self.words.extend_from_slice(&[user, item]);
        }
        Ok(())
    }

    /// Reserves a quarter more (`Vec` would double): the file has more lines than predicted.
    #[cold]
    fn grow(&mut self) -> Result<()> {
        self.reserve((self.len() as u64 / 4).max(1024))
    }

    /// Maps the times of the rows after the first `from`.
    pub fn map_times(&mut self, from: usize, map: impl Fn(i64) -> i64) {
        if self.timed {
            let rows: &mut [Timed] = bytemuck::cast_slice_mut(&mut self.words);
            for row in &mut rows[from..] {
                let key = key_of(map(time_of(time_key(row))));
                (row[2], row[3]) = ((key >> 32) as u32, key as u32);
            }
        }
    }

    /// Sorts by user, item and time, and keeps the earliest row of each pair. Users are below
    /// `n_users`. Returns the number of removed rows.
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

    /// Keeps the rows for which `keep` returns true, in their order.
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

    /// Returns user and item of each row.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.words.chunks_exact(self.stride()).map(|row| (row[0], row[1]))
    }

    /// Returns whether the rows, which must be sorted, contain a pair.
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

    /// Returns the pairs without times.
    pub fn into_pairs(self) -> Pairs {
        let mut words = self.into_pair_words();
        words.shrink_to_fit();
        Pairs::from_words(words)
    }

    /// Orders each user's rows by part: training, validation, test. `cut` decides the sizes. The
    /// latest rows are held out; rows with equal or no times are ordered by `lot(user, item)`. The
    /// rows must be sorted, and stay sorted within a part.
    pub fn split(mut self, cut: &Cut, lot: impl Fn(u32, u32) -> u32) -> SplitWords {
        let (sizes, within_tie) = if self.timed {
            let rows: &mut [Timed] = bytemuck::cast_slice_mut(&mut self.words);
            order_by_part(rows, cut, |row| (time_key(row), lot(row[0], row[1]), row[1]))
        } else {
            let rows: &mut [Untimed] = bytemuck::cast_slice_mut(&mut self.words);
            let untimed = order_by_part(rows, cut, |&[user, item]| (0, lot(user, item), item));
            (untimed.0, 0)
        };
        SplitWords { words: self.into_pair_words(), sizes, within_tie }
    }

    /// Returns the number of rows at or after a time; 0 without a time.
    pub fn count_from(&self, time: Option<i64>) -> usize {
        let Some(from) = time.filter(|_| self.timed).map(key_of) else { return 0 };
        self.words.chunks_exact(self.stride()).filter(|row| time_key_of(row) >= from).count()
    }

    /// Returns the earliest time such that at most `most` rows are at or after it; `None` if there
    /// are no times, or `most` is 0.
    pub fn time_of_last(&self, most: usize) -> Option<i64> {
        let keys = || self.words.chunks_exact(self.stride()).map(time_key_of);
        if !self.timed || most == 0 {
            return None;
        }
        // Bisects, since a selection would need a copy of all times.
        let (mut low, mut high) = (keys().min()?, keys().max()?.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if keys().filter(|key| *key >= middle).count() > most {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(time_of(low))
    }

    /// Returns words `user, item, …`: drops times and frees their memory.
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

/// Bits of the user in one pass of [`sort`]: 256 buckets fit into the caches.
const DIGIT: u32 = 8;

/// Number of rows below which comparison sort is faster than another pass.
const FEW: usize = 1024;

/// Sorts in place, by a key that begins with the user. The users of the rows differ only in their
/// lowest `user_bits` bits. Swaps rows into a bucket for each value of the highest of these bits
/// (American flag sort), then sorts the buckets; `few` sorts small ones. Three such passes replace
/// about twenty rounds of comparisons.
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

/// Positions where the rows of a user are split.
pub(super) enum Cut {
    /// By number: sizes of the training, validation and test part, from a user and the number of their rows.
    Shares(Box<dyn Fn(u32, usize) -> [usize; 3]>),
    /// By time: start of the validation and test part; `None` for no such part.
    Times { validation: Option<i64>, test: Option<i64> },
}

/// Pairs ordered by user and part.
pub(super) struct SplitWords {
    /// Words `user, item, …`.
    pub words: Vec<u32>,
    /// Numbers of training, validation and test rows of each user.
    pub sizes: Vec<[usize; 3]>,
    /// Number of users with equal times in two parts.
    pub within_tie: usize,
}

/// Key that orders rows: time, lot, item.
type Key = (u64, u32, u32);

/// Orders each user's rows by part; the keys of a user's rows must differ. Searches only for the
/// smallest keys of the held-out parts: this takes linear time and keeps the order within the
/// parts.
fn order_by_part<const WORDS: usize>(
    rows: &mut [[u32; WORDS]],
    cut: &Cut,
    key: impl Fn(&[u32; WORDS]) -> Key,
) -> (Vec<[usize; 3]>, usize) {
    let mut sizes = Vec::new();
    let mut within_tie = 0;
    let mut keys = Vec::new();
    let mut validating = Vec::new();
    let mut testing = Vec::new();
    for run in rows.chunk_by_mut(same_user) {
        let share = cut.sizes(run, &key);
        sizes.push(share);
        let [n_train, n_validation, n_test] = share;
        if n_validation + n_test == 0 {
            continue;
        }
        keys.clear();
        keys.extend(run.iter().map(&key));
        // The smallest key of an empty part is above all others.
        const NONE: Key = (u64::MAX, u32::MAX, u32::MAX);
        let mut least =
            |n: usize| if n < keys.len() { *keys.select_nth_unstable(n).1 } else { NONE };
        let least_tested = least(n_train + n_validation);
        let least_held_out = if n_validation > 0 { least(n_train) } else { least_tested };
        validating.clear();
        testing.clear();
        let mut kept = 0;
        let mut is_tied = false;
        for ix in 0..run.len() {
            let row = run[ix];
            let key = key(&row);
            if key < least_held_out {
                is_tied |= key.0 == least_held_out.0;
                run[kept] = row;
                kept += 1;
            } else if key < least_tested {
                is_tied |= key.0 == least_tested.0;
                validating.push(row);
            } else {
                testing.push(row);
            }
        }
        within_tie += usize::from(is_tied);
        run[n_train..n_train + n_validation].copy_from_slice(&validating);
        run[n_train + n_validation..].copy_from_slice(&testing);
    }
    (sizes, within_tie)
}

impl Cut {
    fn sizes<const WORDS: usize>(
        &self,
        run: &[[u32; WORDS]],
        key: impl Fn(&[u32; WORDS]) -> Key,
    ) -> [usize; 3] {
        match self {
            Self::Shares(shares) => shares(run[0][0], run.len()),
            Self::Times { validation, test } => {
                let before = |cut: Option<i64>| {
                    let is_before =
                        |row: &&[u32; WORDS]| cut.is_none_or(|cut| key(row).0 < key_of(cut));
                    run.iter().filter(is_before).count()
                };
                let (before_test, trained) = (before(*test), before(validation.or(*test)));
                [trained, before_test - trained, run.len() - before_test]
            }
        }
    }
}

#[inline]
fn pair_key(row: &[u32]) -> u64 {
    u64::from(row[0]) << 32 | u64::from(row[1])
}

#[inline]
fn time_key(row: &Timed) -> u64 {
    time_key_of(row)
}

#[inline]
fn time_key_of(row: &[u32]) -> u64 {
    u64::from(row[2]) << 32 | u64::from(row[3])
}

/// Flips the sign bit, so that a time sorts as its two unsigned words.
fn key_of(time: i64) -> u64 {
    time as u64 ^ 1 << 63
}

fn time_of(key: u64) -> i64 {
    (key ^ 1 << 63) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::hash;

    /// Returns enough rows for buckets to need further passes.
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
        let parts = interactions.split(&Cut::Shares(Box::new(move |_, n| shares(n))), |_, _| 0);
        assert_eq!(parts.words, expected);
        assert_eq!(parts.sizes.as_flattened().iter().sum::<usize>() * 2, expected.len());
    }

    #[test]
    fn equal_times_are_split_by_lot_and_counted() {
        let mut interactions = Interactions::new(true);
        for (user, item, time) in [(0, 0, 5), (0, 1, 5), (0, 2, 5), (1, 0, 1), (1, 1, 2)] {
            interactions.push(user, item, time).expect("fits");
        }
        interactions.sort_and_collapse(2);
        let last = Cut::Shares(Box::new(|_, n| [n - 1, 0, 1]));
        let parts = interactions.split(&last, |_, item| [1, 2, 0][item as usize]);
        assert_eq!(parts.words, [0, 0, 0, 2, 0, 1, 1, 0, 1, 1]);
        assert_eq!((parts.sizes, parts.within_tie), (vec![[2, 0, 1], [1, 0, 1]], 1));
    }

    #[test]
    fn one_time_cuts_all_users() {
        let mut interactions = Interactions::new(true);
        for (user, item, time) in [(0, 0, -1), (0, 1, 8), (1, 0, 3), (1, 1, 8), (2, 0, 9)] {
            interactions.push(user, item, time).expect("fits");
        }
        interactions.sort_and_collapse(3);
        let rows_from_it = |most| interactions.count_from(interactions.time_of_last(most));
        assert_eq!((0..6).map(rows_from_it).collect::<Vec<_>>(), [0, 1, 1, 3, 4, 5]);
        let cut = Cut::Times { validation: Some(3), test: Some(9) };
        let parts = interactions.split(&cut, |_, _| 0);
        assert_eq!(parts.sizes, [[1, 1, 0], [0, 2, 0], [0, 0, 1]]);
        assert_eq!(parts.within_tie, 0);
    }

    #[test]
    fn times_of_later_rows_can_be_changed() {
        let mut interactions = Interactions::new(true);
        for time in [-7, -7] {
            interactions.push(0, 0, time).expect("fits");
        }
        interactions.map_times(1, |time| time - 1);
        assert_eq!(interactions.words[..4], [0, 0, 0x7fff_ffff, 0xffff_fff9]);
        assert_eq!(interactions.words[4..], [0, 0, 0x7fff_ffff, 0xffff_fff8]);
    }
}
