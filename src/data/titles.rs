//! Text by id, such as titles of items.

use std::borrow::Cow;

use super::encoding::latin1;
use super::flaw::Refusal;
use super::ids::Ids;

/// Separates the texts of an id that has several lines; no text contains it.
pub(super) const JOINT: char = '\u{1f}';

/// Titles by index, all text in one arena.
#[derive(Debug, Clone)]
pub(super) struct Titles {
    text: String,
    /// Start of each title in `text`, and the end of the last one; a missing title is empty.
    offsets: Vec<usize>,
}

impl Default for Titles {
    fn default() -> Self {
        Self { text: String::new(), offsets: vec![0] }
    }
}

impl Titles {
    /// Returns the title at an index, if there is one.
    pub fn get(&self, index: u32) -> Option<&str> {
        let ix = index as usize;
        let span = *self.offsets.get(ix)?..*self.offsets.get(ix + 1)?;
        Some(&self.text[span]).filter(|title| !title.is_empty())
    }

    /// Returns titles from texts by index; an empty text is no title.
    pub fn in_order(all: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let mut titles = Self::default();
        all.for_each(|title| titles.push(title.as_ref()));
        titles
    }

    fn push(&mut self, title: &str) {
        self.text.push_str(title);
        self.offsets.push(self.text.len());
    }

    fn len(&self) -> usize {
        self.offsets.len() - 1
    }
}

/// A text column of items or users files, by id.
#[derive(Debug, Default)]
pub(super) struct TitleLines {
    pub ids: Ids,
    texts: Titles,
    /// First and last text of each id.
    ends: Vec<Option<[u32; 2]>>,
    /// Next text of the same id, for each text.
    next: Vec<Option<u32>>,
}

impl TitleLines {
    /// Adds an id's text, unless the id has one.
    pub fn push(&mut self, id: &[u8], text: &[u8]) -> Result<(), Refusal> {
        let index = self.ids.intern(id)?;
        self.ends.resize(self.ids.len(), None);
        if self.ends[index as usize].is_none() {
            self.keep(index, text);
        }
        Ok(())
    }

    /// Appends a text to those of an id.
    pub fn add(&mut self, id: &[u8], text: &[u8]) -> Result<(), Refusal> {
        let index = self.ids.intern(id)?;
        self.ends.resize(self.ids.len(), None);
        self.keep(index, text);
        Ok(())
    }

    fn keep(&mut self, index: u32, text: &[u8]) {
        let text = decode(text);
        if text.trim().is_empty() {
            return;
        }
        let new = self.texts.len() as u32;
        self.texts.push(text.trim());
        self.next.push(None);
        let ends = &mut self.ends[index as usize];
        if let Some([_, last]) = *ends {
            self.next[last as usize] = Some(new);
        }
        *ends = Some([ends.map_or(new, |[first, _]| first), new]);
    }

    /// Returns the texts in the order of `ids`; several different texts of an id are separated by
    /// [`JOINT`].
    pub fn for_ids(&self, ids: &Ids) -> Titles {
        Titles::in_order(ids.iter().map(|id| self.joined(id)))
    }

    fn joined(&self, id: &str) -> Cow<'_, str> {
        let ends = self.ids.get(id).and_then(|index| self.ends[index as usize]);
        let mut at = ends.map(|[first, _]| first);
        let mut joined: Cow<'_, str> = Cow::default();
        while let Some(text) = at.and_then(|at| self.texts.get(at)) {
            if joined.is_empty() {
                joined = Cow::Borrowed(text);
            } else if !joined.split(JOINT).any(|known| known == text) {
                joined = Cow::Owned(format!("{joined}{JOINT}{text}"));
            }
            at = at.and_then(|at| self.next[at as usize]);
        }
        joined
    }
}

/// Decodes UTF-8, or Latin-1 if that fails, since only the first bytes of a file decide its encoding.
fn decode(title: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(title) {
        Ok(title) => Cow::Borrowed(title),
        Err(_) => Cow::Owned(latin1(title)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [(&[u8], &[u8]); 6] = [
        (b"b", b"Bee"),
        (b"c", b" Caf\xe9 "),
        (b"b", b"Later"),
        (b"d", b""),
        (b"b", b"Bee"),
        (b"d", b"Dee"),
    ];

    fn found(lines: &TitleLines) -> Vec<Option<String>> {
        let ids = Ids::distinct(["a", "c", "b", "d"].into_iter()).expect("distinct");
        let titles = lines.for_ids(&ids);
        (0..5).map(|index| titles.get(index).map(String::from)).collect()
    }

    #[test]
    fn titles_follow_the_ids_and_the_first_one_stays() {
        let mut lines = TitleLines::default();
        for (id, title) in LINES {
            lines.push(id, title).expect("taken in");
        }
        let expected = [None, Some("Café"), Some("Bee"), Some("Dee"), None];
        assert_eq!(found(&lines), expected.map(|title| title.map(String::from)));
    }

    #[test]
    fn texts_of_several_lines_are_joined() {
        let mut lines = TitleLines::default();
        for (id, title) in LINES {
            lines.add(id, title).expect("taken in");
        }
        assert_eq!(found(&lines)[2].as_deref(), Some("Bee\u{1f}Later"));
    }
}
