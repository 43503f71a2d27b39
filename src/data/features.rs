//! Features of users and items: the columns that the options name, each cell as one or several values of
//! a vocabulary. What occurs with no trained id is unknown: it is passed over and counted.

use std::collections::BTreeMap;

use super::pairs::Csr;
use super::titles::Titles;

/// Ranges that a column of numbers is parted into, each with as many of the trained ids.
const BUCKETS: usize = 10;

/// Features of the rows of a tower, and the vocabulary that they are indices of.
#[derive(Debug, Clone)]
pub struct Features {
    /// What each feature stands for, as `column=value`, in the order in which they were first seen.
    pub vocabulary: Vec<String>,
    /// Features of each row, ascending.
    pub lists: Csr,
    /// Values of these rows that no trained id has.
    pub unknown: usize,
}

/// A column, and what its cells hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeatureColumn {
    pub name: String,
    kind: Kind,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One value.
    Category,
    /// Values with `|`, `;` or `,` between them.
    List,
    /// Text, of which each word is a value, whatever its case.
    Words,
    /// A number, of which the range that it is in is the value.
    Number,
}

impl FeatureColumn {
    /// A column as options name it: `year:number`, or a name alone for one value a cell.
    pub fn parse(option: &str) -> Self {
        let kinds = [
            ("category", Kind::Category),
            ("list", Kind::List),
            ("words", Kind::Words),
            ("number", Kind::Number),
        ];
        let (name, kind) = option
            .rsplit_once(':')
            .and_then(|(name, word)| {
                Some((name, kinds.iter().find(|(known, _)| *known == word)?.1))
            })
            .unwrap_or((option, Kind::Category));
        Self { name: name.into(), kind }
    }

    /// The values in a cell.
    fn values(&self, cell: &str, bounds: &[f64]) -> Vec<String> {
        let filled = |values: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            values.map(str::trim).filter(|value| !value.is_empty()).map(String::from).collect()
        };
        match self.kind {
            Kind::Category => filled(&mut std::iter::once(cell)),
            Kind::List => filled(&mut cell.split(['|', ';', ','])),
            Kind::Words => {
                filled(&mut cell.to_lowercase().split(|letter: char| !letter.is_alphanumeric()))
            }
            Kind::Number => {
                let bucket = |number: f64| bounds.partition_point(|&bound| bound <= number);
                number(cell).map(|number| format!("range {}", bucket(number))).into_iter().collect()
            }
        }
    }

    /// Where the ranges of a column of numbers end: at the quantiles of what trained ids have.
    fn bounds<'a>(&self, cells: impl Iterator<Item = &'a str>) -> Vec<f64> {
        if self.kind != Kind::Number {
            return Vec::new();
        }
        let mut numbers: Vec<f64> = cells.filter_map(number).collect();
        numbers.sort_by(f64::total_cmp);
        let quantile = |n: usize| numbers.get(n * numbers.len() / BUCKETS).copied();
        let mut bounds: Vec<f64> = (1..BUCKETS).filter_map(quantile).collect();
        bounds.dedup();
        bounds
    }
}

impl Features {
    /// Reads the cells of each column for `rows` ids, of which the first `trained` make the vocabulary.
    pub(super) fn new(columns: &[(FeatureColumn, Titles)], rows: usize, trained: usize) -> Self {
        let bounds: Vec<Vec<f64>> = columns
            .iter()
            .map(|(column, cells)| {
                column.bounds((0..trained as u32).filter_map(|id| cells.get(id)))
            })
            .collect();
        let mut known = BTreeMap::new();
        let mut features = Self {
            vocabulary: Vec::new(),
            lists: Csr { offsets: vec![0], items: Vec::new() },
            unknown: 0,
        };
        for id in 0..rows {
            let first = features.lists.items.len();
            for ((column, cells), bounds) in columns.iter().zip(&bounds) {
                for value in column.values(cells.get(id as u32).unwrap_or_default(), bounds) {
                    let word = format!("{}={value}", column.name);
                    match known.get(&word) {
                        Some(&feature) => features.lists.items.push(feature),
                        None if id < trained => {
                            let feature = features.vocabulary.len() as u32;
                            features.vocabulary.push(word.clone());
                            known.insert(word, feature);
                            features.lists.items.push(feature);
                        }
                        None => features.unknown += 1,
                    }
                }
            }
            features.lists.items[first..].sort_unstable();
            features.lists.offsets.push(features.lists.items.len() as u32);
        }
        features
    }
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ids::Ids;
    use crate::data::titles::TitleLines;

    #[test]
    fn options_name_a_column_and_what_it_holds() {
        let parsed = FeatureColumn::parse;
        assert_eq!(
            parsed("year:number"),
            FeatureColumn { name: "year".into(), kind: Kind::Number }
        );
        assert_eq!(parsed("a:b"), FeatureColumn { name: "a:b".into(), kind: Kind::Category });
        let values = |option: &str, cell: &str| parsed(option).values(cell, &[1.0, 2.0]);
        assert_eq!(values("genre", " Film noir "), ["Film noir"]);
        assert_eq!(values("genre:list", "War|Film noir,|Comedy"), ["War", "Film noir", "Comedy"]);
        assert_eq!(values("title:words", "It's 1984"), ["it", "s", "1984"]);
        for (cell, range) in [("0.5", "range 0"), ("1", "range 1"), ("7", "range 2")] {
            assert_eq!(values("year:number", cell), [range]);
        }
        assert!(values("year:number", "unknown").is_empty());
    }

    #[test]
    fn the_vocabulary_is_that_of_trained_ids_and_the_rest_is_counted() {
        let mut lines = TitleLines::default();
        for (id, cell) in [("a", "x|y"), ("b", "y"), ("d", "y|z|z")] {
            lines.push(id.as_bytes(), cell.as_bytes()).expect("taken in");
        }
        let mut ids = Ids::default();
        for id in ["a", "b", "c", "d"] {
            ids.intern(id.as_bytes()).expect("taken in");
        }
        let columns = [(FeatureColumn::parse("tags:list"), lines.for_items(&ids))];
        let features = Features::new(&columns, 4, 3);
        assert_eq!(features.vocabulary, ["tags=x", "tags=y"]);
        let lists: Vec<&[u32]> = (0..4).map(|id| features.lists.row(id)).collect();
        assert_eq!(lists, [&[0, 1][..], &[1], &[], &[1]]);
        assert_eq!(features.unknown, 2);
    }

    #[test]
    fn ranges_have_as_many_numbers_each() {
        let numbers: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let column = FeatureColumn::parse("year:number");
        let bounds = column.bounds(numbers.iter().map(String::as_str));
        assert_eq!(bounds, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
        assert_eq!(column.bounds(["5"; 30].into_iter()), [5.0]);
    }
}
