//! Exports text files: the two tables for TensorFlow's Embedding Projector, and JSON. They are
//! written row by row.

use serde::Serialize;

use crate::error::Result;
use crate::formats::json;
use crate::formats::pieces::Texts;

/// Label of an item.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title, if it has one.
    pub title: Option<&'a str>,
}

/// Items up to which scoring all of them is fast enough.
const FEW_ITEMS: usize = 1_000_000;

/// Returns the index for a catalogue of `items`, as FAISS's `index_factory` names it; `None` where
/// scoring all of them is fast enough.
pub fn index_for(items: usize) -> Option<&'static str> {
    (items > FEW_ITEMS).then_some("HNSW32,Flat")
}

/// Returns the line of a row of numbers. The JSON writer takes half the time of `Display`.
pub fn vector_line(row: &[f32]) -> String {
    let list = json::write(row);
    list.trim_matches(['[', ']']).replace(',', "\t") + "\n"
}

/// The header above the [`metadata_line`]s.
pub const METADATA_START: &str = "item\ttitle\tpairs\tfeatures\n";

/// Returns the line of an item: its id, its title (or its id again), its number of training pairs,
/// and its features, each as `column=value`.
pub fn metadata_line(Label { id, title }: Label<'_>, pairs: u32, features: &[&str]) -> String {
    // The projector does not support quotes: characters that end a cell become spaces.
    let cell = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    format!(
        "{}\t{}\t{pairs}\t{}\n",
        cell(id),
        cell(title.unwrap_or(id)),
        cell(&features.join(" | "))
    )
}

/// Returns the start of `{ normalized, items: [{ item, title, vector }] }`, from which a script can
/// find similar items.
pub fn items_start(normalized: bool) -> String {
    format!("{{\"normalized\":{normalized},\"items\":[")
}

/// Returns an item of the list; the caller writes commas between items.
pub fn item_json(Label { id, title }: Label<'_>, vector: &[f32]) -> String {
    #[derive(Serialize)]
    struct Item<'a> {
        item: &'a str,
        title: Option<&'a str>,
        vector: &'a [f32],
    }
    json::write(&Item { item: id, title, vector })
}

/// The end of the object that [`items_start`] begins.
pub const ITEMS_END: &str = "]}";

/// Writes a named list of texts, as a member of an object.
///
/// # Errors
/// Errors of the sink.
pub fn list_json<'a>(
    file: &mut Texts<'_>,
    name: &str,
    texts: impl Iterator<Item = &'a str>,
) -> Result<()> {
    file.push(&format!("\"{name}\":["))?;
    for (n, text) in texts.enumerate() {
        if n > 0 {
            file.push(",")?;
        }
        file.push(&json::write(text))?;
    }
    file.push("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_catalogue_names_its_index() {
        assert_eq!(index_for(1_000_000), None);
        assert_eq!(index_for(1_000_001), Some("HNSW32,Flat"));
    }

    #[test]
    fn characters_that_end_a_cell_become_spaces() {
        let label = Label { id: "a\tb", title: Some("two\nlines") };
        let line = metadata_line(label, 7, &["year=1990", "by=a\tb"]);
        assert_eq!(line, "a b\ttwo lines\t7\tyear=1990 | by=a b\n");
        assert_eq!(metadata_line(Label { id: "c", title: None }, 0, &[]), "c\tc\t0\t\n");
    }

    #[test]
    fn numbers_are_written_so_that_they_come_back() {
        let row = [0.1, -1e-20, 3.0, f32::MIN_POSITIVE];
        let line = vector_line(&row);
        let back = line.trim_end().split('\t').map(str::parse::<f32>);
        assert_eq!(back.map(|x| x.expect("a number")).collect::<Vec<_>>(), row);
    }
}
