//! Converts a data set to the content of a saved run, and back from untrusted content.

use std::borrow::Cow;

use super::Dataset;
use super::dataset::rows;
use super::features::{FeatureColumn, Features};
use super::ids::Ids;
use super::pairs::{Csr, Pairs};
use super::report::Report;
use super::titles::Titles;
use crate::config::{TowerConfig, Towers};

/// Content of a data set in a saved run.
#[derive(Debug)]
pub struct Kept<'a> {
    /// Ids of the users, in order.
    pub users: Vec<&'a str>,
    /// Ids of the items, in order.
    pub items: Vec<&'a str>,
    /// Titles of the items; empty if there is none.
    pub titles: Vec<&'a str>,
    /// Words of the training, validation and test pairs.
    pub parts: [Cow<'a, [u32]>; 3],
    /// Features of the users, if their tower uses any.
    pub user_features: Option<KeptFeatures<'a>>,
    /// Features of the items, if their tower uses any.
    pub item_features: Option<KeptFeatures<'a>>,
    /// Report on reading the data.
    pub report: Report,
}

/// Content of features in a saved run, in addition to the columns that the options name.
#[derive(Debug)]
pub struct KeptFeatures<'a> {
    /// Each feature as `column=value`, in order.
    pub vocabulary: Vec<&'a str>,
    /// Start of each row's features, and the end of the last row's.
    pub offsets: Cow<'a, [u32]>,
    /// Features, row after row.
    pub members: Cow<'a, [u32]>,
    /// Bounds between the ranges of numbers, column after column.
    pub bounds: Vec<f64>,
}

impl Dataset {
    /// Returns the content that [`Dataset::restore`] reads.
    pub fn keep(&self) -> Kept<'_> {
        let items = 0..self.items.len() as u32;
        Kept {
            users: self.users.iter().collect(),
            items: self.items.iter().collect(),
            titles: items.map(|item| self.title(item).unwrap_or_default()).collect(),
            parts: [&self.train, &self.validation, &self.test].map(|part| part.as_words().into()),
            user_features: self.user_features.as_ref().map(Features::keep),
            item_features: self.item_features.as_ref().map(Features::keep),
            report: self.report.clone(),
        }
    }

    /// Returns the data set of a saved run, for its towers.
    ///
    /// # Errors
    /// The fault of the content, as a clause.
    pub fn restore(kept: Kept<'_>, towers: &Towers) -> Result<Self, &'static str> {
        let Kept { users, items, titles, parts, user_features, item_features, report } = kept;
        if titles.len() != items.len() {
            return Err("it does not have one title for each item");
        }
        let users = Ids::distinct(users.into_iter()).ok_or("two of its users have the same id")?;
        let items = Ids::distinct(items.into_iter()).ok_or("two of its items have the same id")?;
        if parts.iter().any(|words| !words.len().is_multiple_of(2)) {
            return Err("a pair is incomplete");
        }
        let [train, validation, test] = parts.map(|words| Pairs::from_words(words.into_owned()));
        for part in [&train, &validation, &test] {
            let known = |[user, item]: [u32; 2]| {
                (user as usize) < users.len() && (item as usize) < items.len()
            };
            if !part.iter().all(known) {
                return Err("a pair has an unknown user or item");
            }
            if !part.as_slice().is_sorted_by(|a, b| a < b) {
                return Err("its pairs are not in order");
            }
        }
        let is_serving = train.is_empty() && validation.is_empty() && test.is_empty();
        let several = |ids: &Ids| (ids.len() > 1).then_some(ids.len());
        let counts = match is_serving {
            true => (several(&users), several(&items)),
            false => (trained(&train, 0), trained(&train, 1)),
        };
        let (Some(n_users), Some(n_items)) = counts else {
            return Err("its users and items are not in the order of a training run");
        };
        let n_users = rows(towers.user.is_features(), &users, n_users);
        let n_items = rows(towers.item.is_features(), &items, n_items);
        let features = |kept: Option<KeptFeatures<'_>>, tower: &TowerConfig, rows| {
            kept.map(|kept| Features::restore(kept, &tower.features, rows)).transpose()
        };
        Ok(Self {
            user_features: features(user_features, &towers.user.base, n_users)?,
            item_features: features(item_features, &towers.item, n_items)?,
            users,
            items,
            n_users,
            n_items,
            train,
            validation,
            test,
            report,
            titles: Titles::in_order(titles.into_iter()),
        })
    }
}

impl Features {
    fn keep(&self) -> KeptFeatures<'_> {
        KeptFeatures {
            vocabulary: self.vocabulary.iter().collect(),
            offsets: (&self.lists.offsets).into(),
            members: (&self.lists.items).into(),
            bounds: self.columns.iter().flat_map(|column| &column.bounds).copied().collect(),
        }
    }

    /// Returns the features of `rows` rows; `options` name their columns.
    fn restore(
        kept: KeptFeatures<'_>,
        options: &[String],
        rows: usize,
    ) -> Result<Self, &'static str> {
        let KeptFeatures { vocabulary, offsets, members, bounds } = kept;
        let vocabulary =
            Ids::distinct(vocabulary.into_iter()).ok_or("two of its features are equal")?;
        if offsets.len() != rows + 1
            || offsets[0] != 0
            || offsets[rows] as usize != members.len()
            || !offsets.is_sorted()
        {
            return Err("it does not have one list of features for each row");
        }
        if !members.iter().all(|&feature| (feature as usize) < vocabulary.len()) {
            return Err("a row has an unknown feature");
        }
        let lists = Csr { offsets: offsets.into_owned(), items: members.into_owned() };
        if !(0..rows as u32).all(|row| lists.row(row).is_sorted()) {
            return Err("the features of a row are not in order");
        }
        let mut columns: Vec<_> = options.iter().map(|name| FeatureColumn::parse(name)).collect();
        let expected = columns.iter().map(|column| column.bounds.len()).sum::<usize>();
        if expected != bounds.len() {
            return Err("its number of bounds does not match its columns");
        }
        let mut bounds = bounds.into_iter();
        for column in &mut columns {
            column.bounds.iter_mut().zip(&mut bounds).for_each(|(own, kept)| *own = kept);
            if !column.bounds.is_sorted() {
                return Err("the bounds of a column are not in order");
            }
        }
        Ok(Self { columns, vocabulary, lists })
    }
}

/// Returns the number of users (side 0) or of items (side 1) in the training pairs. Returns `None` if
/// it is 1, or if their indices have a gap.
fn trained(train: &Pairs, side: usize) -> Option<usize> {
    let rows = train.iter().map(|pair| pair[side] as usize + 1).max()?;
    let mut seen = vec![false; rows];
    for pair in train.iter() {
        seen[pair[side] as usize] = true;
    }
    (rows > 1 && seen.into_iter().all(|seen| seen)).then_some(rows)
}
