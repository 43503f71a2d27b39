//! Files that people and scripts can read: the pair of tables that TensorFlow's Embedding Projector
//! opens, and JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::Matrix;

/// An item, for a label.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title, if it has one.
    pub title: Option<&'a str>,
}

/// A line a row: its numbers.
pub fn vectors_tsv(matrix: &Matrix) -> Vec<u8> {
    let mut text = String::new();
    for row in matrix.rows() {
        for (n, value) in row.iter().enumerate() {
            let tab = if n == 0 { "" } else { "\t" };
            write!(text, "{tab}{value}").expect("a String takes text");
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// A line an item, under a header: its id and its title, or its id again where it has none.
pub fn metadata_tsv<'a>(labels: impl Iterator<Item = Label<'a>>) -> Vec<u8> {
    // The projector knows no quotes: what would end a cell becomes a space.
    let cell = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let mut text = String::from("item\ttitle\n");
    for Label { id, title } in labels {
        writeln!(text, "{}\t{}", cell(id), cell(title.unwrap_or(id))).expect("a String takes text");
    }
    text.into_bytes()
}

/// `{ normalized, items: [{ item, title, vector }] }`: all that a script needs for similar items.
pub fn items_json<'a>(
    matrix: &Matrix,
    labels: impl Iterator<Item = Label<'a>>,
    normalized: bool,
) -> Vec<u8> {
    #[derive(Serialize)]
    struct Item<'a> {
        item: &'a str,
        title: Option<&'a str>,
        vector: &'a [f32],
    }
    #[derive(Serialize)]
    struct Items<'a> {
        normalized: bool,
        items: Vec<Item<'a>>,
    }
    let items = labels.zip(matrix.rows());
    let items = items.map(|(Label { id, title }, vector)| Item { item: id, title, vector });
    json(&Items { normalized, items: items.collect() })
}

/// What the row numbers of the other files stand for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ids<'a> {
    /// The id of each row of the users.
    pub users: Vec<&'a str>,
    /// The id of each row of the items.
    pub items: Vec<&'a str>,
    /// The word for each feature of users, as `column=value`, if their tower takes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_features: Option<Vec<&'a str>>,
    /// The word for each feature of items, if their tower takes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_features: Option<Vec<&'a str>>,
}

/// `{ users, items, userFeatures, itemFeatures }`.
pub fn ids_json(ids: &Ids<'_>) -> Vec<u8> {
    json(ids)
}

fn json(document: &impl Serialize) -> Vec<u8> {
    crate::json::write(document).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_cell_becomes_a_space() {
        let labels =
            [Label { id: "a\tb", title: Some("two\nlines") }, Label { id: "c", title: None }];
        let text = metadata_tsv(labels.into_iter());
        assert_eq!(text, b"item\ttitle\na b\ttwo lines\nc\tc\n");
    }

    #[test]
    fn numbers_are_written_so_that_they_come_back() {
        let matrix = Matrix { values: vec![0.1, -1e-20, 3.0, f32::MIN_POSITIVE], width: 2 };
        let text = String::from_utf8(vectors_tsv(&matrix)).expect("text");
        let back = text.lines().flat_map(|line| line.split('\t')).map(str::parse::<f32>);
        assert_eq!(back.map(|x| x.expect("a number")).collect::<Vec<_>>(), matrix.values);
        assert_eq!(text.lines().count(), 2);
    }
}
