//! Features of users and items: columns named by options, whose cells contain one or several values
//! of a vocabulary. Values that no id with a training pair has are unknown: they are skipped and
//! counted.

use super::ids::Ids;
use super::pairs::Csr;
use super::titles::{JOINT, Titles};
use super::{list, number};
use crate::error::Result;

/// Number of ranges of a number column, with equal numbers of trained ids.
const BUCKETS: usize = 10;

/// Features of a tower's rows, and the columns from which features of other ids are read.
#[derive(Debug, Clone)]
pub struct Features {
    pub(super) columns: Vec<FeatureColumn>,
    /// Each feature as `column=value`, in order of first occurrence.
    pub vocabulary: Ids,
    /// Features of each row, ascending.
    pub lists: Csr,
}

/// A column and the content of its cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FeatureColumn {
    pub name: String,
    kind: Kind,
    /// Bounds between the ranges of its numbers, ascending.
    pub bounds: Vec<f64>,
}

/// Content of a feature column's cells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// One value.
    Category,
    /// Values separated by one of these characters.
    List(Vec<char>),
    /// Text; each word in lower case is a value.
    Words,
    /// A number; its range is the value.
    Number,
}

impl Kind {
    /// Returns the list with the separator `sign`: one character, or empty for the default ones.
    fn list(sign: &str) -> Option<Self> {
        let mut signs = sign.chars();
        match (signs.next(), signs.next()) {
            (None, _) => Some(Self::List(vec!['|', ';', ','])),
            (Some(sign), None) if !sign.is_alphanumeric() => Some(Self::List(vec![sign])),
            _ => None,
        }
    }
}

impl FeatureColumn {
    /// Parses an option: `year:number`, or only a name for one value per cell.
    pub fn parse(option: &str) -> Self {
        let (name, kind) = option
            .rsplit_once(":list")
            .and_then(|(name, separator)| Some((name, Kind::list(separator)?)))
            .or_else(|| Some((option.strip_suffix(":category")?, Kind::Category)))
            .or_else(|| Some((option.strip_suffix(":words")?, Kind::Words)))
            .or_else(|| Some((option.strip_suffix(":number")?, Kind::Number)))
            .unwrap_or((option, Kind::Category));
        let bounds = if kind == Kind::Number { vec![0.0; BUCKETS - 1] } else { Vec::new() };
        Self { name: name.into(), kind, bounds }
    }

    /// Sets the bounds of a number column at quantiles of the trained ids' numbers. If there are no
    /// numbers, no range is in the vocabulary.
    fn fit<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        if self.kind != Kind::Number {
            return;
        }
        let mut numbers: Vec<f64> =
            cells.flat_map(|cell| cell.split(JOINT)).filter_map(number::parse).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        for (n, bound) in (1..).zip(&mut self.bounds) {
            *bound = numbers.get(n * numbers.len() / BUCKETS).copied().unwrap_or_default();
        }
    }

    /// Returns the values in a cell as words of the vocabulary.
    pub(super) fn words(&self, cell: &str) -> Vec<String> {
        cell.split(JOINT).flat_map(|cell| self.words_of_line(cell)).collect()
    }

    /// Returns the values in the cell of one line.
    fn words_of_line(&self, cell: &str) -> Vec<String> {
        let filled = |values: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            let values = values.map(str::trim).filter(|value| !value.is_empty());
            values.map(|value| format!("{}={value}", self.name)).collect()
        };
        if let Kind::Category | Kind::List(_) = self.kind
            && let Some(values) = list::members(cell)
        {
            return filled(&mut values.iter().map(String::as_str));
        }
        match &self.kind {
            Kind::Category => filled(&mut std::iter::once(cell)),
            Kind::List(signs) => filled(&mut cell.split(&signs[..])),
            Kind::Words => {
                filled(&mut cell.to_lowercase().split(|letter: char| !letter.is_alphanumeric()))
            }
            Kind::Number => {
                let range = number::parse(cell).map(|number| self.range(number));
                filled(&mut range.as_deref().into_iter())
            }
        }
    }

    /// Returns the range of a number, from the bound that it has reached to the next one:
    /// `1990..2000`, or `..1990` for the first range.
    fn range(&self, number: f64) -> String {
        let reached = self.bounds.partition_point(|&bound| bound <= number);
        let (below, above) = self.bounds.split_at(reached);
        let text = |bound: Option<&f64>| bound.map_or_else(String::new, f64::to_string);
        format!("{}..{}", text(below.last()), text(above.first()))
    }
}

impl Features {
    /// Reads the cells of each column for `rows` ids. The values of the first `trained` ids are the
    /// vocabulary. Also returns the number of the other ids' values that are not in it.
    ///
    /// # Errors
    /// [`crate::Error::Data`] if the text of all distinct values is larger than 4 GiB.
    pub(super) fn read(
        columns: &[(FeatureColumn, Titles)],
        rows: usize,
        trained: usize,
    ) -> Result<(Self, usize)> {
        let mut features = Self {
            columns: columns.iter().map(|(column, _)| column.clone()).collect(),
            vocabulary: Ids::default(),
            lists: Csr { offsets: vec![0], items: Vec::new() },
        };
        for (column, (_, cells)) in features.columns.iter_mut().zip(columns) {
            column.fit((0..trained as u32).filter_map(|id| cells.get(id)));
        }
        for id in 0..trained as u32 {
            for (column, (_, cells)) in features.columns.iter().zip(columns) {
                for word in column.words(cells.get(id).unwrap_or_default()) {
                    features.vocabulary.take(&word)?;
                }
            }
        }
        let mut unknown = 0;
        for id in 0..rows as u32 {
            let (row, not_known) = features.lookup(|name| {
                let (_, cells) = columns.iter().find(|(column, _)| column.name == name)?;
                cells.get(id)
            });
            features.lists.items.extend(row);
            features.lists.offsets.push(features.lists.items.len() as u32);
            unknown += not_known;
        }
        Ok((features, unknown))
    }

    /// Returns the number of values of each column.
    pub(super) fn counts(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().map(|column| {
            let begin = format!("{}=", column.name);
            self.vocabulary.iter().filter(|word| word.starts_with(&begin)).count()
        })
    }

    /// Returns the names of the columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Returns the features of any id, ascending; `cell` returns its cell in each column. Also
    /// returns the number of its values that are not in the vocabulary.
    pub fn lookup<'a>(&self, cell: impl Fn(&str) -> Option<&'a str>) -> (Vec<u32>, usize) {
        let (mut row, mut unknown) = (Vec::new(), 0);
        for column in &self.columns {
            for word in column.words(cell(&column.name).unwrap_or_default()) {
                match self.vocabulary.get(&word) {
                    Some(feature) => row.push(feature),
                    None => unknown += 1,
                }
            }
        }
        row.sort_unstable();
        (row, unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::titles::TitleLines;

    #[test]
    fn options_name_a_column_and_what_it_holds() {
        let words = |option: &str, cell: &str| {
            let mut column = FeatureColumn::parse(option);
            column.fit("0.5 1 1 1 1 2.5 2.5 2.5 2.5 2.5".split(' '));
            column.words(cell)
        };
        assert_eq!(words("genre", " Film noir "), ["genre=Film noir"]);
        assert_eq!(words("a:b", "c"), ["a:b=c"]);
        assert_eq!(words("g:list", "War|Film noir,|Comedy"), ["g=War", "g=Film noir", "g=Comedy"]);
        assert_eq!(words("g:list", "[\"War\", 'Film noir']"), ["g=War", "g=Film noir"]);
        assert_eq!(words("g", "['War']\u{1f}Comedy"), ["g=War", "g=Comedy"]);
        assert_eq!(words("a:list/", "Le Guin, U./ Pohl, F."), ["a=Le Guin, U.", "a=Pohl, F."]);
        assert_eq!(words("a:list:", "x:y,z"), ["a=x", "a=y,z"]);
        for other in ["a:lists", "a:list//", "a:tuple"] {
            assert_eq!(words(other, "x/y"), [format!("{other}=x/y")]);
        }
        assert_eq!(words("title:words", "It's 1984"), ["title=it", "title=s", "title=1984"]);
        for (cell, range) in
            [("0.5", "y=..1"), ("$1,000.00", "y=2.5.."), ("1", "y=1..2.5"), ("7", "y=2.5..")]
        {
            assert_eq!(words("y:number", cell), [range]);
        }
        assert!(words("y:number", "unknown").is_empty());
    }

    #[test]
    fn the_vocabulary_is_that_of_trained_ids_and_the_rest_is_counted() {
        let mut lines = TitleLines::default();
        for (id, cell) in [("a", "x|y"), ("b", "y"), ("d", "y|z|z")] {
            lines.push(id.as_bytes(), cell.as_bytes()).expect("taken in");
        }
        let ids = Ids::distinct(["a", "b", "c", "d"].into_iter()).expect("distinct");
        let columns = [(FeatureColumn::parse("tags:list"), lines.for_ids(&ids))];
        let (features, unknown) = Features::read(&columns, 4, 3).expect("read");
        assert_eq!(features.vocabulary.iter().collect::<Vec<_>>(), ["tags=x", "tags=y"]);
        let lists: Vec<&[u32]> = (0..4).map(|id| features.lists.row(id)).collect();
        assert_eq!(lists, [&[0, 1][..], &[1], &[], &[1]]);
        assert_eq!(unknown, 2);
    }

    #[test]
    fn an_id_that_was_never_seen_is_read_as_those_that_were() {
        let ids = Ids::distinct(["a", "b"].into_iter()).expect("distinct");
        let mut columns = Vec::new();
        for (option, cells) in [("year:number", ["1990", "2000"]), ("tags:list", ["s|t", "t"])] {
            let mut lines = TitleLines::default();
            for (id, cell) in ids.iter().zip(cells) {
                lines.push(id.as_bytes(), cell.as_bytes()).expect("taken in");
            }
            columns.push((FeatureColumn::parse(option), lines.for_ids(&ids)));
        }
        let (features, _) = Features::read(&columns, 2, 2).expect("read");
        assert_eq!(features.columns().collect::<Vec<_>>(), ["year", "tags"]);
        let words = |list: &[u32]| -> Vec<&str> {
            list.iter().map(|&feature| features.vocabulary.name(feature)).collect()
        };
        assert_eq!(words(features.lists.row(1)), ["tags=t", "year=2000.."]);
        let told = |cells: &[(&str, &'static str)]| {
            features.lookup(|name| Some(cells.iter().find(|(column, _)| *column == name)?.1))
        };
        let (row, unknown) = told(&[("tags", "t, u"), ("year", "1995"), ("colour", "red")]);
        assert_eq!((words(&row), unknown), (vec!["year=1990..2000", "tags=t"], 1));
        assert_eq!(told(&[]), (Vec::new(), 0));
    }

    #[test]
    fn ranges_have_as_many_numbers_each() {
        let bounds = |numbers: &[u32]| {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            let mut column = FeatureColumn::parse("year:number");
            column.fit(numbers.iter().map(String::as_str));
            column.bounds
        };
        let tenths = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0];
        assert_eq!(bounds(&(0..100).collect::<Vec<_>>()), tenths);
        assert_eq!(bounds(&[5; 30]), [5.0; 9]);
    }
}
