//! New data for the data set of a run. Ids with a training pair keep their index, and old pairs keep their part:
//! nothing that was trained on becomes a test pair. The rules are in `docs/methods.md`, new data.

use serde::{Deserialize, Serialize};
use twotower_simd::sort_pairs;

use super::dataset::{Dataset, renumber, rows};
use super::features::{FeatureColumn, Features};
use super::filter;
use super::ids::Ids;
use super::intake::{Intake, goes_by_time};
use super::interactions::Interactions;
use super::pairs::{Csr, Pairs};
use super::part::{slot, word};
use super::report::{FileReport, Report};
use super::split::{self, Had, Parts};
use super::titles::{TitleLines, Titles};
use super::warnings;
use crate::config::{Column, Config, SplitKind};
use crate::error::{Error, Result};

/// Counts of new data that joined a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// Complete epochs before the extension.
    pub epochs: usize,
    /// Training pairs before the extension.
    pub pairs: usize,
    /// Users with a first training pair.
    pub users: usize,
    /// Items with a first training pair.
    pub items: usize,
    /// New training pairs.
    pub train: usize,
    /// New pairs that choose the best epoch.
    pub validation: usize,
    /// New pairs that measure the result.
    pub test: usize,
    /// Pairs of the new files that the run already has: they stay in their part.
    pub known: usize,
    /// Old items that got another title.
    pub titles: usize,
    /// Old users and items that got other features.
    pub features: usize,
}

/// Returns the options. Columns that they do not name are those of the files that the data set was read from.
pub(super) fn with_columns(config: &Config, read: &[FileReport]) -> Config {
    let mut config = config.clone();
    let (rates, is_timed) = (config.data.min_rating.is_some(), goes_by_time(config.split.kind));
    let data = &mut config.data;
    let columns = &mut data.columns;
    let sought = [
        (None, "user", &mut columns.user, true),
        (None, "item", &mut columns.item, true),
        (None, "rating", &mut columns.rating, rates),
        (None, "timestamp", &mut columns.timestamp, is_timed),
        (Some("items"), "item", &mut data.items.id, true),
        (Some("users"), "user", &mut data.users.id, true),
    ];
    for (file, role, option, is_read) in sought {
        let is_file = |read: &&FileReport| match file {
            None => slot(read.part).is_some() && !matches!(&*read.layout, "lists" | "blocks"),
            Some(part) => word(read.part) == part,
        };
        let before = read.iter().find(is_file).and_then(|file| file.column(role));
        if let (None, Some(column), true) = (&option, before, is_read) {
            *option = Some(match &column.name {
                Some(name) if !name.is_empty() => Column::Name(name.clone()),
                _ => Column::Position(column.position),
            });
        }
    }
    config
}

/// Returns a data set together with new data. The reading of the new data began with the ids of the data set;
/// `has` tells whether there are users and items files.
pub(super) fn extended(
    old: &Dataset,
    config: &Config,
    intake: Intake,
    mut report: Report,
    files: &str,
    has: [bool; 2],
) -> Result<(Dataset, Extension)> {
    let Intake { users, items, mut parts, titles, user_features, item_features, .. } = intake;
    let known = drop_known(&mut parts, old);
    report.dropped_by_core = drop_rare(&mut parts, config, old, [users.len(), items.len()]) as u64;
    let (new, within_tie) = split_new(parts, config, old, users.len())?;
    report.split_within_tie = within_tie;
    let mut extension = Extension::of(old, &new, known);
    if extension.train + extension.validation + extension.test == 0 {
        return Err(without_pairs(files, known, report.first_bad_lines));
    }
    let mut parts = joined(old, &new);
    let (users, trained_users) = renumber(users, &mut parts, 0);
    let (items, trained_items) = renumber(items, &mut parts, 1);
    sort_pairs(parts.validation.as_mut_slice());
    sort_pairs(parts.test.as_mut_slice());
    extension.users = trained_users - trained(&old.train, 0);
    extension.items = trained_items - trained(&old.train, 1);
    check_features(old, has, &extension)?;
    let n_users = rows(config.towers.user.is_features(), &users, trained_users);
    let n_items = rows(config.towers.item.is_features(), &items, trained_items);
    let sides = [
        (&old.user_features, &user_features, [&old.users, &users], [n_users, trained_users]),
        (&old.item_features, &item_features, [&old.items, &items], [n_items, trained_items]),
    ];
    let [user_features, item_features] = sides.map(|(before, columns, ids, rows)| {
        let Some(before) = before else { return Ok(None) };
        let (features, changed, unknown) = before.extended(columns, ids, rows)?;
        extension.features += changed;
        report.unknown_features += unknown;
        Ok::<_, Error>(Some(features))
    });
    let titles = titles_of(old, &titles.for_ids(&items), &items);
    extension.titles = titles.1;
    let mut all = Dataset {
        users,
        items,
        n_users,
        n_items,
        train: parts.train,
        validation: parts.validation,
        test: parts.test,
        report: old.report.clone(),
        user_features: user_features?,
        item_features: item_features?,
        titles: titles.0,
    };
    all.join_reports(report, [trained_users, trained_items]);
    Ok((all, extension))
}

impl Extension {
    /// Counts the pairs before an extension, and the new ones by part.
    fn of(old: &Dataset, new: &Parts, known: usize) -> Self {
        Self {
            pairs: old.train.len(),
            train: new.train.len(),
            validation: new.validation.len(),
            test: new.test.len(),
            known,
            ..Self::default()
        }
    }
}

/// Returns the old and the new pairs of each part.
fn joined(old: &Dataset, new: &Parts) -> Parts {
    Parts {
        train: merged(&old.train, &new.train),
        validation: merged(&old.validation, &new.validation),
        test: merged(&old.test, &new.test),
    }
}

/// Returns the error for files without a new pair.
fn without_pairs(files: &str, known: usize, lines: Vec<String>) -> Error {
    let problem = match known {
        0 => "it has no pairs".into(),
        _ => format!("all of its {known} pairs are in the run already"),
    };
    Error::Data { file: files.into(), problem, lines }
}

/// Removes the new pairs of users and items that are rare among all pairs. Returns their number.
fn drop_rare(parts: &mut [Interactions], config: &Config, old: &Dataset, ids: [usize; 2]) -> usize {
    let Some(k) = config.data.core else { return 0 };
    let counts = [0, 1].map(|side| {
        let mut counts = vec![0; ids[side]];
        let pairs = old.parts().into_iter().flat_map(Pairs::iter);
        pairs.for_each(|pair| counts[pair[side] as usize] += 1);
        counts
    });
    filter::keep_core(parts, counts, k)
}

/// Removes the pairs that a data set has in any part. Returns their number.
fn drop_known(parts: &mut [Interactions], old: &Dataset) -> usize {
    let olds = old.parts();
    let is_known =
        |user, item| olds.iter().any(|part| part.as_slice().binary_search(&[user, item]).is_ok());
    let before: usize = parts.iter().map(Interactions::len).sum();
    for part in &mut *parts {
        part.retain(|user, item| !is_known(user, item));
    }
    before - parts.iter().map(Interactions::len).sum::<usize>()
}

/// Splits new interactions by the rule of the data set that they join.
fn split_new(
    [first, validation, test]: [Interactions; 3],
    config: &Config,
    old: &Dataset,
    users: usize,
) -> Result<(Parts, usize)> {
    let mut had: Had = vec![[0; 3]; users];
    for (part, pairs) in old.parts().into_iter().enumerate() {
        pairs.iter().for_each(|[user, _]| had[user as usize][part] += 1);
    }
    let (mut parts, within_tie) = split::split(first, &config.split, config.seed, had)?;
    if config.split.kind == SplitKind::Given {
        parts.test = test.into_pairs();
    }
    if validation.len() > 0 {
        parts.validation = validation.into_pairs();
    }
    Ok((parts, within_tie))
}

/// Returns old and new pairs, sorted.
fn merged(old: &Pairs, new: &Pairs) -> Pairs {
    let mut all: Pairs = old.iter().chain(new.iter()).collect();
    sort_pairs(all.as_mut_slice());
    all
}

/// Returns the number of users (`side` 0) or items (`side` 1) with a training pair: they come first.
pub fn trained(train: &Pairs, side: usize) -> usize {
    train.iter().map(|pair| pair[side] as usize + 1).max().unwrap_or(0)
}

/// Rejects new users or items if their tower has features and there is no file that could contain theirs.
fn check_features(old: &Dataset, has: [bool; 2], extension: &Extension) -> Result<()> {
    let sides = [
        ("towers.user.features", "users", old.user_features.is_some(), extension.users),
        ("towers.item.features", "items", old.item_features.is_some(), extension.items),
    ];
    for ((key, word, is_needed, added), has) in sides.into_iter().zip(has) {
        if is_needed && !has && added > 0 {
            return Err(Error::Config {
                key: key.into(),
                problem: format!("the new data has {added} new {word}, and no {word} file"),
                allowed: format!(
                    "new data with a `{word}` file that contains the features of the new {word}"
                ),
            });
        }
    }
    Ok(())
}

/// Returns the titles of all items: a new one replaces an old one. Also returns how many old titles changed.
fn titles_of(old: &Dataset, new: &Titles, items: &Ids) -> (Titles, usize) {
    let mut changed = 0;
    let titles = items.iter().zip(0..).map(|(id, item)| {
        let before = old.items.get(id).and_then(|item| old.title(item));
        let title = new.get(item).or(before);
        changed += usize::from(before.is_some() && title != before);
        title.unwrap_or_default()
    });
    (Titles::in_order(titles), changed)
}

impl Features {
    /// Returns the features of `rows` rows, of which the first `trained` have a training pair. Old values keep their
    /// index. An id with a line in the new files gets the features of that line; any other id keeps its features.
    /// Also returns the number of old rows whose features changed, and of unknown values.
    fn extended(
        &self,
        columns: &[(FeatureColumn, TitleLines)],
        [old, ids]: [&Ids; 2],
        [rows, trained]: [usize; 2],
    ) -> Result<(Self, usize, usize)> {
        let cells: Vec<Titles> = columns.iter().map(|(_, lines)| lines.for_ids(ids)).collect();
        let is_new = |id| columns.first().is_some_and(|(_, lines)| lines.ids.get(id).is_some());
        let mut all = Self {
            columns: self.columns.clone(),
            vocabulary: self.vocabulary.clone(),
            lists: Csr { offsets: vec![0], items: Vec::new() },
        };
        for row in 0..trained as u32 {
            for (column, cells) in self.columns.iter().zip(&cells) {
                for word in column.words(cells.get(row).unwrap_or_default()) {
                    all.vocabulary.take(&word)?;
                }
            }
        }
        let (mut changed, mut unknown) = (0, 0);
        for (row, id) in (0..rows as u32).zip(ids.iter()) {
            let before = old.get(id).filter(|&row| (row as usize) < self.lists.len());
            let before = before.map(|row| self.lists.row(row));
            if is_new(id) {
                let (list, not_known) = all.lookup(|name| {
                    let column = self.columns.iter().position(|column| column.name == name)?;
                    cells.get(column)?.get(row)
                });
                changed += usize::from(before.is_some_and(|before| before != list));
                all.lists.items.extend(list);
                unknown += not_known;
            } else {
                all.lists.items.extend(before.unwrap_or_default());
            }
            all.lists.offsets.push(all.lists.items.len() as u32);
        }
        Ok((all, changed, unknown))
    }
}

impl Dataset {
    /// Returns the training, validation and test pairs.
    fn parts(&self) -> [&Pairs; 3] {
        [&self.train, &self.validation, &self.test]
    }

    /// Adds the report on new files, and counts titles and ids without a training pair in all data.
    fn join_reports(&mut self, new: Report, [trained_users, trained_items]: [usize; 2]) {
        let report = &mut self.report;
        report.lines += new.lines;
        report.bad_lines += new.bad_lines;
        report.without_user += new.without_user;
        report.without_item += new.without_item;
        report.below_min_rating += new.below_min_rating;
        report.duplicates += new.duplicates;
        report.held_out_seen_before += new.held_out_seen_before;
        report.dropped_by_core += new.dropped_by_core;
        report.split_within_tie += new.split_within_tie;
        report.unknown_features += new.unknown_features;
        report.test_only_users = self.users.len() - trained_users;
        report.test_only_items = self.items.len() - trained_items;
        report.warnings.extend(new.warnings);
        for file in &new.read {
            report.warnings.extend(warnings::of_lines(file, &new.first_bad_lines));
        }
        report.first_bad_lines.extend(new.first_bad_lines);
        report.read.extend(new.read);
        let titled = (0..self.items.len() as u32).filter(|&item| self.titles.get(item).is_some());
        report.titled_items = titled.count();
    }
}
