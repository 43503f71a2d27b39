//! The ids of a data set: strings on the outside, dense indices within.

use std::hash::Hasher as _;

use hashbrown::HashTable;

use super::flaw::{Flaw, Refusal};
use crate::error::Error;

/// Distinct strings, numbered from 0 in the order in which they came. All text lies in one arena.
#[derive(Debug, Clone)]
pub struct Ids {
    text: String,
    /// Where each id starts in `text`, and where the last one ends: `len() + 1` entries.
    offsets: Vec<u32>,
    /// Indices, found by the hash of the id's bytes.
    table: HashTable<u32>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { text: String::new(), offsets: vec![0], table: HashTable::new() }
    }
}

impl Ids {
    /// The index of an id, if it is known.
    pub fn get(&self, id: &str) -> Option<u32> {
        self.find(hash_of(id.as_bytes()), id.as_bytes())
    }

    /// The id at an index below [`len`](Self::len).
    pub fn name(&self, index: u32) -> &str {
        let ix = index as usize;
        &self.text[self.offsets[ix] as usize..self.offsets[ix + 1] as usize]
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids in order of index.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.offsets.windows(2).map(|span| &self.text[span[0] as usize..span[1] as usize])
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.text.capacity()
            + self.offsets.capacity() * size_of::<u32>()
            + self.table.allocation_size()
    }

    /// The index of an id, which is taken in if it is new. Only a new id is checked to be UTF-8:
    /// one that equals a known id is.
    pub(super) fn intern(&mut self, id: &[u8]) -> Result<u32, Refusal> {
        let hash = hash_of(id);
        if let Some(index) = self.find(hash, id) {
            return Ok(index);
        }
        let id = std::str::from_utf8(id).map_err(|_| Flaw::NotUtf8)?;
        let end = u32::try_from(self.text.len() + id.len()).map_err(|_| Error::Data {
            file: "ids".into(),
            problem: "the text of all distinct ids is over 4 GiB".into(),
            lines: Vec::new(),
        })?;
        let index = self.len() as u32;
        self.text.push_str(id);
        self.offsets.push(end);
        let Self { text, offsets, table } = self;
        table.insert_unique(hash, index, |&known| hash_of(span(text, offsets, known)));
        Ok(index)
    }

    fn find(&self, hash: u64, id: &[u8]) -> Option<u32> {
        self.table.find(hash, |&known| span(&self.text, &self.offsets, known) == id).copied()
    }
}

#[inline]
fn span<'a>(text: &'a str, offsets: &[u32], index: u32) -> &'a [u8] {
    let ix = index as usize;
    &text.as_bytes()[offsets[ix] as usize..offsets[ix + 1] as usize]
}

#[inline]
fn hash_of(id: &[u8]) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(id);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbered_as_they_come_and_kept_exactly() {
        let mut ids = Ids::default();
        let strange = ["17850", "017850", " a b ", "Zoë", "", "17850 "];
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
