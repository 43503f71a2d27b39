//! The ids of a data set: maps strings to dense indices.

use hashbrown::HashTable;

use super::flaw::{Flaw, Refusal};
use crate::error::{Error, Result};
use crate::random;

/// Distinct strings, numbered from 0 in order of first occurrence. All text is in one arena.
#[derive(Debug, Clone)]
pub struct Ids {
    text: String,
    /// Start of each id in `text`, and the end of the last one: `len() + 1` entries.
    offsets: Vec<u32>,
    /// Indices by the id's [`ShortId`] or [`Seed::fingerprint`].
    table: HashTable<Entry>,
    seed: Seed,
}

impl Default for Ids {
    fn default() -> Self {
        let (table, seed) = (HashTable::new(), Seed::new());
        Self { text: String::new(), offsets: vec![0], table, seed }
    }
}

impl Ids {
    /// Returns the index of an id, if it is known.
    pub fn get(&self, id: &str) -> Option<u32> {
        match ShortId::of(id.as_bytes()) {
            Some(short) => self.find(short.0, |_| true),
            None => self.find(self.seed.fingerprint(id.as_bytes()), |known| self.name(known) == id),
        }
    }

    /// Returns the id at an index below [`len`](Self::len).
    pub fn name(&self, index: u32) -> &str {
        let ix = index as usize;
        &self.text[self.offsets[ix] as usize..self.offsets[ix + 1] as usize]
    }

    /// Returns the number of ids.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Returns whether there are no ids.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the ids in order of index.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.offsets.windows(2).map(|span| &self.text[span[0] as usize..span[1] as usize])
    }

    /// Returns ids in the given order; `None` if one occurs twice.
    pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut ids = Self::default();
        for (index, name) in names.enumerate() {
            let taken = ids.take(name).ok()?;
            if taken as usize != index {
                return None;
            }
        }
        Some(ids)
    }

    /// Returns the number of bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.text.capacity()
            + self.offsets.capacity() * size_of::<u32>()
            + self.table.allocation_size()
    }

    /// Frees memory that was reserved for further ids.
    pub(super) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.offsets.shrink_to_fit();
    }

    /// Returns the index of an id, and adds the id if it is new. Only new ids are checked for
    /// UTF-8: an id that equals a known one is valid.
    pub(super) fn intern(&mut self, id: &[u8]) -> std::result::Result<u32, Refusal> {
        if let Some(short) = ShortId::of(id) {
            return Ok(self.intern_short(short)?);
        }
        let word = self.seed.fingerprint(id);
        match self.find(word, |known| self.name(known).as_bytes() == id) {
            Some(index) => Ok(index),
            None => {
                let id = std::str::from_utf8(id).map_err(|_| Flaw::NotUtf8)?;
                Ok(self.insert(word, id)?)
            }
        }
    }

    /// Returns the index of an id that is known to be UTF-8, and adds the id if it is new.
    pub(super) fn take(&mut self, id: &str) -> Result<u32> {
        let short = ShortId::of(id.as_bytes()).map(|short| short.0);
        let word = short.unwrap_or_else(|| self.seed.fingerprint(id.as_bytes()));
        self.get(id).map_or_else(|| self.insert(word, id), Ok)
    }

    /// Returns the index of a short id, and adds the id if it is new. Reads no text.
    #[inline]
    pub(super) fn intern_short(&mut self, id: ShortId) -> Result<u32> {
        match self.find(id.0, |_| true) {
            Some(index) => Ok(index),
            None => self.insert(id.0, &id.text()),
        }
    }

    #[inline]
    fn find(&self, word: u64, is_id: impl Fn(u32) -> bool) -> Option<u32> {
        let is_same = |entry: &Entry| entry.word() == word && is_id(entry.index);
        self.table.find(self.seed.hash(word), is_same).map(|entry| entry.index)
    }

    #[cold]
    fn insert(&mut self, word: u64, id: &str) -> Result<u32> {
        let end = u32::try_from(self.text.len() + id.len()).map_err(|_| Error::Data {
            file: "ids".into(),
            problem: "the text of all distinct ids is larger than 4 GiB".into(),
            lines: Vec::new(),
        })?;
        let index = self.len() as u32;
        self.text.push_str(id);
        self.offsets.push(end);
        let entry = Entry { low: word as u32, high: (word >> 32) as u32, index };
        let seed = self.seed;
        self.table.insert_unique(seed.hash(word), entry, |known| seed.hash(known.word()));
        Ok(index)
    }
}

/// An id's word, in halves so that an entry has twelve bytes, and its index.
#[derive(Debug, Clone, Copy)]
struct Entry {
    low: u32,
    high: u32,
    index: u32,
}

impl Entry {
    fn word(self) -> u64 {
        u64::from(self.low) | u64::from(self.high) << 32
    }
}

/// An id of up to seven ASCII characters in one word: the characters, and their number in the top
/// byte. Most ids are short; they are compared without reading their text.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortId(u64);

impl ShortId {
    #[inline]
    pub fn of(id: &[u8]) -> Option<Self> {
        const NOT_ASCII: u64 = 0x80_8080_8080_8080;
        if id.len() > 7 {
            return None;
        }
        // A loop: a copy of an unknown number of bytes would be a call.
        let text = id.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        (text & NOT_ASCII == 0).then_some(Self((id.len() as u64) << 56 | text))
    }

    fn text(self) -> String {
        let bytes = self.0.to_le_bytes();
        bytes[..usize::from(bytes[7])].iter().copied().map(char::from).collect()
    }
}

/// Top byte of a word that is a hash.
const HASHED: u64 = 0xff << 56;

/// Random seed of the ids' hash, so that nobody can choose ids that collide.
#[derive(Debug, Clone, Copy)]
struct Seed([u32; 2], u64);

impl Seed {
    fn new() -> Self {
        let (first, second) = (random::unforeseen(), random::unforeseen());
        Self([first as u32, (first >> 32) as u32], second | 1)
    }

    /// Hashes a word with two products: first of its halves, each shifted by a secret number, then
    /// of that product and a secret factor. The upper bits of the second product depend on all bits
    /// of the first.
    #[inline]
    fn hash(self, word: u64) -> u64 {
        let Self([low, high], factor) = self;
        let low = (word as u32).wrapping_add(low);
        let high = ((word >> 32) as u32).wrapping_add(high);
        let product = (u64::from(low) * u64::from(high)).wrapping_mul(factor);
        product ^ product >> 32
    }

    /// Returns a word for an id that is not a [`ShortId`]: a hash of its text, different from any
    /// short id.
    fn fingerprint(self, id: &[u8]) -> u64 {
        let (words, rest) = id.as_chunks();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
        let add = |hash: u64, word| self.hash(hash.rotate_left(29) ^ word).wrapping_add(word);
        words.fold(id.len() as u64, add) | HASHED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbered_as_they_come_and_kept_exactly() {
        let mut ids = Ids::default();
        let strange =
            ["17850", "017850", " a b ", "Zoë", "", "17850 ", "seven77", "eight888", "a\0", "a"];
        for (index, id) in strange.iter().enumerate() {
            assert_eq!(ids.intern(id.as_bytes()).ok(), Some(index as u32));
            assert_eq!(ids.intern(id.as_bytes()).ok(), Some(index as u32));
        }
        assert_eq!(ids.iter().collect::<Vec<_>>(), strange);
        assert_eq!(ids.name(3), "Zoë");
        assert_eq!(ids.get("17850 "), Some(5));
        assert_eq!(ids.get("zoë"), None);
        assert!(ids.intern(b"Zo\xeb").is_err());
        assert_eq!(ids.len(), strange.len());
    }

    /// Each list has its own hash function: ids that collide in one list do not collide in another.
    #[test]
    fn nobody_can_choose_ids_that_fall_together() {
        let together = |seed: Seed, ids: &[Vec<u8>]| {
            let mut buckets = vec![0u32; 4096];
            for id in ids {
                let word = ShortId::of(id).map_or_else(|| seed.fingerprint(id), |short| short.0);
                buckets[seed.hash(word) as usize % 4096] += 1;
            }
            buckets.into_iter().max().expect("some")
        };
        let ids = |start: &str| -> Vec<Vec<u8>> {
            (0..4096 * 64).map(|n| format!("{start}{n:06x}").into_bytes()).collect()
        };
        for start in ["", "a long id "] {
            let all = ids(start);
            let seed = Seed::new();
            // Ids that collide with this seed, found by trying: with another seed they take a
            // sixtieth of the buckets.
            let chosen: Vec<_> = all
                .iter()
                .filter(|id| {
                    let word =
                        ShortId::of(id).map_or_else(|| seed.fingerprint(id), |short| short.0);
                    seed.hash(word).is_multiple_of(4096)
                })
                .cloned()
                .collect();
            assert!(chosen.len() > 32, "{} of {start}", chosen.len());
            assert_eq!(together(seed, &chosen) as usize, chosen.len());
            assert!(together(Seed::new(), &chosen) < 8, "{start}");
            assert!(together(seed, &all) < 64 * 3, "as even as chance");
        }
    }

    #[test]
    fn the_table_finds_every_id_after_it_has_grown() {
        let mut ids = Ids::default();
        for n in 0..10_000_u32 {
            assert_eq!(ids.intern(n.to_string().as_bytes()).ok(), Some(n));
        }
        assert!((0..10_000_u32).all(|n| ids.get(&n.to_string()) == Some(n)));
        assert!(ids.bytes() >= 4 * 10_000);
    }
}
