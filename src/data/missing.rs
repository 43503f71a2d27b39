//! Recognizes missing values: empty cells, and the words of `data.missing`.

/// The words for missing values, with a fast look-up.
#[derive(Debug)]
pub(super) struct Missing {
    words: Vec<Vec<u8>>,
    /// Whether a word begins with this byte. Most ids need no other check.
    begins: [bool; 256],
}

impl Missing {
    pub fn new(words: &[String]) -> Self {
        let mut begins = [false; 256];
        for first in words.iter().filter_map(|word| word.bytes().next()) {
            begins[usize::from(first)] = true;
        }
        Self { words: words.iter().map(|word| word.clone().into_bytes()).collect(), begins }
    }

    /// Returns whether a trimmed cell has no value.
    #[inline]
    pub fn is(&self, cell: &[u8]) -> bool {
        match cell.first() {
            None => true,
            Some(&first) => self.begins[usize::from(first)] && self.words.iter().any(|w| w == cell),
        }
    }

    /// Returns the cell, or an empty one if it has no value.
    pub fn or_empty<'a>(&self, cell: &'a [u8]) -> &'a [u8] {
        if self.is(cell.trim_ascii()) { b"" } else { cell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_and_the_words_have_no_value() {
        let missing = Missing::new(&["NA".into(), "\\N".into()]);
        for cell in ["", "NA", "\\N"] {
            assert!(missing.is(cell.as_bytes()), "{cell}");
        }
        for cell in ["N", "NAN", "na", "0", "\\"] {
            assert!(!missing.is(cell.as_bytes()), "{cell}");
        }
    }
}
