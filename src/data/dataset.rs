//! The data set of a run: ids, pairs and features.

use twotower_simd::sort_pairs;

use super::features::{FeatureColumn, Features};
use super::ids::Ids;
use super::pairs::Pairs;
use super::part::Part;
use super::report::{About, Report, Summary};
use super::split::Parts;
use super::titles::{TitleLines, Titles};
use crate::config::Towers;
use crate::error::{Error, Result};
use crate::order::ascending;
use crate::random::{hash, keyed, stream};

/// Users, items and the pairs of the three parts.
///
/// Users and items with a training pair come first, in the order of their first line: they are the
/// rows of the towers. Higher indices occur only in validation and test. Such an item stays in the
/// test part but can never be a hit; such a user counts as zero in every metric.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Ids of the users in any part.
    pub users: Ids,
    /// Ids of the items in any part.
    pub items: Ids,
    /// Number of rows of the user tower, U: users with a training pair, or all users if the tower
    /// has only features.
    pub n_users: usize,
    /// Number of rows of the item tower, I: items with a training pair, or all items if the tower
    /// has only features.
    pub n_items: usize,
    /// Training pairs, without duplicates, sorted by user and item.
    pub train: Pairs,
    /// Pairs that choose the best epoch, sorted by user and item; may be empty.
    pub validation: Pairs,
    /// Pairs that measure the result, sorted by user and item; may be empty.
    pub test: Pairs,
    /// Report on reading the data.
    pub report: Report,
    /// Features of the users, if their tower uses any.
    pub user_features: Option<Features>,
    /// Features of the items, if their tower uses any.
    pub item_features: Option<Features>,
    pub(super) titles: Titles,
}

/// Titles and features of items and users.
#[derive(Debug)]
pub(super) struct Sides {
    pub titles: TitleLines,
    pub user_ids: Ids,
    pub user_features: Vec<(FeatureColumn, TitleLines)>,
    pub item_features: Vec<(FeatureColumn, TitleLines)>,
    pub towers: Towers,
}

impl Dataset {
    /// Returns an item's title, if an items file contains one.
    pub fn title(&self, item: u32) -> Option<&str> {
        self.titles.get(item)
    }

    /// Returns the number of training pairs of each of the I items of the tower.
    pub fn item_counts(&self) -> Vec<u32> {
        self.train.counts(1, self.n_items)
    }

    /// Returns the number of training pairs of each of the U users of the tower.
    pub fn user_counts(&self) -> Vec<u32> {
        self.train.counts(0, self.n_users)
    }

    /// Returns whether pairs can be held out for tuning: see [`Dataset::with_held_out`].
    pub fn can_hold_out(&self, share: f64) -> bool {
        let counts = self.item_counts();
        self.train.as_slice().chunk_by(|a, b| a[0] == b[0]).any(|pairs| {
            held_out(pairs.len(), share) > 0
                && pairs.iter().any(|pair| counts[pair[1] as usize] > 1)
        })
    }

    /// Returns the data set for tuning: a random share of each user's training pairs becomes the
    /// validation part, and the test part is empty. Every user and item keeps a training pair.
    pub fn with_held_out(&self, share: f64, seed: u32) -> Self {
        let mut left = self.item_counts();
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for pairs in self.train.as_slice().chunk_by(|a, b| a[0] == b[0]) {
            let key = hash(seed, stream::TUNE, pairs[0][0]);
            let by_lot = ascending(pairs.iter().map(|&[_, item]| keyed(key, item)));
            let wanted = held_out(pairs.len(), share);
            let mut held_out = 0;
            for pair in by_lot.map(|n| pairs[n]) {
                let count = &mut left[pair[1] as usize];
                if held_out < wanted && *count > 1 {
                    *count -= 1;
                    held_out += 1;
                    validation.push(pair);
                } else {
                    train.push(pair);
                }
            }
        }
        let [train, validation] = [train, validation].map(|mut pairs| {
            sort_pairs(&mut pairs);
            pairs.into_iter().collect::<Pairs>()
        });
        Self { train, validation, test: Pairs::default(), ..self.clone() }
    }

    /// Returns the sizes of the parts.
    pub fn summary(&self) -> Summary {
        Summary {
            users: self.users.len(),
            items: self.items.len(),
            train: self.train.len(),
            validation: self.validation.len(),
            test: self.test.len(),
        }
    }

    /// Returns sizes and report.
    pub fn about(&self) -> About<'_> {
        About { summary: self.summary(), report: &self.report }
    }

    /// Builds the data set from its parts: renumbers ids so that those with a training pair come
    /// first, and drops ids without a pair.
    ///
    /// # Errors
    /// [`Error::Data`], which names `files`, if there are not two users and two items to train on.
    pub(super) fn assemble(
        files: &str,
        users: Ids,
        items: Ids,
        mut parts: Parts,
        sides: &Sides,
        mut report: Report,
    ) -> Result<Self> {
        let (users, n_users) = renumber(users, &mut parts, 0);
        let (items, n_items) = renumber(items, &mut parts, 1);
        sort_pairs(parts.validation.as_mut_slice());
        sort_pairs(parts.test.as_mut_slice());
        if let Some(problem) = shortage(parts.train.len(), n_users, n_items) {
            return Err(too_few(files, problem, report));
        }
        let titles = sides.titles.for_ids(&items);
        report.test_only_users = users.len() - n_users;
        report.test_only_items = items.len() - n_items;
        report.titled_items =
            (0..items.len() as u32).filter(|&item| titles.get(item).is_some()).count();
        let Towers { user, item } = &sides.towers;
        let rows =
            [rows(user.is_features(), &users, n_users), rows(item.is_features(), &items, n_items)];
        let user_features = features(&sides.user_features, &users, [rows[0], n_users])?;
        let item_features = features(&sides.item_features, &items, [rows[1], n_items])?;
        report.unknown_features = user_features.1 + item_features.1;
        for file in &mut report.read {
            let (ids, known, features) = match file.part {
                Part::Items => (&items, &sides.titles.ids, &item_features.0),
                Part::Users => (&users, &sides.user_ids, &user_features.0),
                _ => continue,
            };
            file.matched = Some(ids.iter().filter(|id| known.get(id).is_some()).count());
            let counts = features.iter().flat_map(Features::counts);
            let columns = file.columns.iter_mut().filter(|column| column.role == "feature");
            columns.zip(counts).for_each(|(column, count)| column.values = Some(count));
        }
        let Parts { train, validation, test } = parts;
        Ok(Self {
            users,
            items,
            n_users: rows[0],
            n_items: rows[1],
            train,
            validation,
            test,
            report,
            user_features: user_features.0,
            item_features: item_features.0,
            titles,
        })
    }
}

/// Returns what a data set lacks for training.
fn shortage(pairs: usize, users: usize, items: usize) -> Option<&'static str> {
    match (pairs, users, items) {
        (0, ..) => Some("there are no pairs to train on"),
        (_, 1, _) => Some("there is only one user to train on"),
        (_, _, 1) => Some("there is only one item to train on"),
        _ => None,
    }
}

/// Returns the error for a shortage, with the number of lines that have no user or no item.
fn too_few(files: &str, shortage: &str, report: Report) -> Error {
    let Report { lines, without_user, without_item, first_bad_lines, .. } = report;
    let without = match without_user + without_item {
        0 => String::new(),
        n => format!("; {n} of {lines} lines have no user or no item"),
    };
    let problem = format!("{shortage}{without}");
    Error::Data { file: files.into(), problem, lines: first_bad_lines }
}

/// Returns how many of a user's `pairs` pairs are held out.
fn held_out(pairs: usize, share: f64) -> usize {
    ((pairs as f64 * share).round() as usize).min(pairs - 1)
}

/// Returns the number of rows of a tower. A tower with only features has outputs for all ids,
/// others only for ids with a training pair.
pub(super) fn rows(is_features: bool, ids: &Ids, trained: usize) -> usize {
    if is_features { ids.len() } else { trained }
}

/// Returns the features of a tower's rows, of which the first `trained` have a training pair, and
/// the number of unknown values in the other rows.
fn features(
    columns: &[(FeatureColumn, TitleLines)],
    ids: &Ids,
    [rows, trained]: [usize; 2],
) -> Result<(Option<Features>, usize)> {
    if columns.is_empty() {
        return Ok((None, 0));
    }
    let columns: Vec<_> =
        columns.iter().map(|(column, lines)| (column.clone(), lines.for_ids(ids))).collect();
    let (features, unknown) = Features::read(&columns, rows, trained)?;
    Ok((Some(features), unknown))
}

/// Renumbers one side of all pairs: 0 for users, 1 for items. Returns the remaining ids, and the
/// number of those with a training pair.
pub(super) fn renumber(mut ids: Ids, parts: &mut Parts, side: usize) -> (Ids, usize) {
    let mut trained = vec![false; ids.len()];
    let mut held_out = vec![false; ids.len()];
    for pair in parts.train.iter() {
        trained[pair[side] as usize] = true;
    }
    for pair in parts.validation.iter().chain(parts.test.iter()) {
        held_out[pair[side] as usize] = true;
    }
    let n_trained = trained.iter().filter(|&&trained| trained).count();
    if n_trained == ids.len() {
        ids.shrink_to_fit();
        return (ids, n_trained);
    }
    let mut left = Ids::default();
    let mut renumbered = vec![u32::MAX; ids.len()];
    for group in [true, false] {
        for (index, id) in ids.iter().enumerate() {
            if trained[index] == group && (trained[index] || held_out[index]) {
                renumbered[index] = left.intern(id.as_bytes()).expect("there were more ids before");
            }
        }
    }
    // Ids with a training pair keep their order, so the training pairs stay sorted.
    for part in [&mut parts.train, &mut parts.validation, &mut parts.test] {
        for pair in part.as_mut_slice() {
            pair[side] = renumbered[pair[side] as usize];
        }
    }
    (left, n_trained)
}
