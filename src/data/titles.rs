//! Text by id, such as what the items are called, for people.

use std::borrow::Cow;

use super::flaw::Refusal;
use super::ids::Ids;

/// Titles by index, all text in one arena.
#[derive(Debug, Clone)]
pub(super) struct Titles {
    text: String,
    /// Where each title starts in `text`, and where the last one ends; an absent one is empty.
    offsets: Vec<usize>,
}

impl Default for Titles {
    fn default() -> Self {
        Self { text: String::new(), offsets: vec![0] }
    }
}

impl Titles {
    /// The title at an index, if there is one.
    pub fn get(&self, index: u32) -> Option<&str> {
        let ix = index as usize;
        let span = *self.offsets.get(ix)?..*self.offsets.get(ix + 1)?;
        Some(&self.text[span]).filter(|title| !title.is_empty())
    }

    /// Titles by index, empty where there is none.
    pub fn in_order<'a>(all: impl Iterator<Item = &'a str>) -> Self {
        let mut titles = Self::default();
        all.for_each(|title| titles.push(title));
        titles
    }

    fn push(&mut self, title: &str) {
        self.text.push_str(title);
        self.offsets.push(self.text.len());
    }
}

/// A column of items or users files, until it is known which of them the interactions have.
#[derive(Debug, Default)]
pub(super) struct TitleLines {
    ids: Ids,
    titles: Titles,
}

impl TitleLines {
    /// Takes in an id's text; of several texts of one id the first stays.
    pub fn push(&mut self, item: &[u8], title: &[u8]) -> Result<(), Refusal> {
        let index = self.ids.intern(item)?;
        if index as usize + 1 == self.titles.offsets.len() {
            self.titles.push(decode(title).trim());
        }
        Ok(())
    }

    /// The titles in the order of `items`.
    pub fn for_items(&self, items: &Ids) -> Titles {
        let title = |item| self.ids.get(item).and_then(|index| self.titles.get(index));
        Titles::in_order(items.iter().map(|item| title(item).unwrap_or_default()))
    }
}

/// UTF-8, or else Latin-1, in which every byte is the character of that number: MovieLens' `u.item`
/// is written in it.
fn decode(title: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(title) {
        Ok(title) => Cow::Borrowed(title),
        Err(_) => Cow::Owned(title.iter().copied().map(char::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_follow_the_items_and_the_first_one_stays() {
        let mut lines = TitleLines::default();
        let all: [(&[u8], &[u8]); 4] =
            [(b"b", b"Bee"), (b"c", b" Caf\xe9 "), (b"b", b"Later"), (b"d", b"")];
        for (item, title) in all {
            lines.push(item, title).expect("taken in");
        }
        let mut items = Ids::default();
        for item in ["a", "c", "b", "d"] {
            items.intern(item.as_bytes()).expect("taken in");
        }
        let titles = lines.for_items(&items);
        let found: Vec<_> = (0..5).map(|index| titles.get(index)).collect();
        assert_eq!(found, [None, Some("Café"), Some("Bee"), None, None]);
    }
}
