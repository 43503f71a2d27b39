//! Loads a data set from the bytes of its files.

use super::dataset::{Dataset, Sides};
use super::extend::{self, Extension};
use super::filter;
use super::intake::Intake;
use super::interactions::Interactions;
use super::opened::{Closed, Open};
use super::part::{Part, slot, word};
use super::report::{Report, Summary};
use super::split::{self, Had};
use super::warnings;
use crate::config::{Config, SplitKind};
use crate::error::{Error, Result};

/// Reads a data set from the bytes of its files, in chunks of any size.
///
/// ```
/// use twotower::Config;
/// use twotower::data::{Loader, Part};
///
/// # fn main() -> twotower::Result<()> {
/// let mut loader = Loader::new(&Config::default());
/// loader.begin(Part::All, "ratings.csv", None)?;
/// loader.push(b"user,item\nann,apple\nann,pear\nbob,app")?;
/// loader.push(b"le\n")?;
/// let data = loader.finish()?;
/// assert_eq!((data.n_users, data.n_items), (2, 2));
/// # Ok(())
/// # }
/// ```
///
/// Memory while loading: 8 bytes a pair, or 16 if the split is by time; the ids; and a copy of the
/// held-out pairs with 8 bytes each, made after times are dropped. Only columns that an option
/// needs are read: ratings for `data.minRating`, times for a split by time.
pub struct Loader {
    config: Config,
    intake: Intake,
    report: Report,
    /// Files begun so far.
    begun: Vec<(Part, String)>,
    open: Option<Open>,
    /// Sizes of the data set that the files join, if there is one.
    joins: Option<Summary>,
}

impl Loader {
    /// Returns a loader for one data set. It uses the options `data`, `split`, `seed` and `towers`.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            intake: Intake::new(config),
            report: Report::default(),
            begun: Vec::new(),
            open: None,
            joins: None,
        }
    }

    /// Returns a loader of new data that joins a data set: see [`Loader::extend`]. It begins with the ids of the
    /// data set, and finds columns as in its files.
    pub fn joining(dataset: &Dataset, config: &Config) -> Self {
        let mut loader = Self::new(&extend::with_columns(config, &dataset.report.read));
        (loader.intake.users, loader.intake.items) = (dataset.users.clone(), dataset.items.clone());
        loader.joins = Some(dataset.summary());
        loader
    }

    /// Returns the options that the files are read with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Ends the previous file and begins another one. `bytes` is the length of its decompressed
    /// text, if known: memory is then reserved once.
    ///
    /// # Errors
    /// [`Error::Config`] if the part contradicts `split.kind` or `split.validation`;
    /// [`Error::Data`] for faults of the previous file.
    pub fn begin(&mut self, part: Part, file_name: &str, bytes: Option<u64>) -> Result<()> {
        self.close()?;
        self.check_part(part, file_name)?;
        self.begun.push((part, file_name.into()));
        self.open = Some(Open::new(part, file_name, bytes));
        Ok(())
    }

    /// Reads the next bytes of the file, decompressed.
    ///
    /// # Errors
    /// [`Error::Data`] if the file cannot be read, [`Error::Config`] if it lacks a column that an
    /// option needs.
    ///
    /// # Panics
    /// If no file was begun.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let open = self.open.as_mut().expect("`begin` comes before `push`");
        open.push(chunk, &self.config, &mut self.intake)
    }

    /// Ends the last file and returns the data set.
    ///
    /// # Errors
    /// [`Error::Data`] if too many lines are bad or too few pairs remain, [`Error::Config`] if a
    /// file that `split.kind` needs is missing.
    pub fn finish(mut self) -> Result<Dataset> {
        self.close()?;
        let given = self.config.split.kind == SplitKind::Given;
        if given {
            self.require(Part::Train)?;
            self.require(Part::Test)?;
        }
        for (part, features, key) in [
            (Part::Users, &self.intake.user_features, "towers.user.features"),
            (Part::Items, &self.intake.item_features, "towers.item.features"),
        ] {
            if !features.is_empty() && !self.has(part) {
                return Err(Error::Config {
                    key: key.into(),
                    problem: format!("there is no {} file", word(part)),
                    allowed: "[], or names of columns of that file".into(),
                });
            }
        }
        let has_validation = self.has(Part::Validation);
        let files = self.interactions_files();
        let Self { config, intake, mut report, .. } = self;
        let Intake { users, items, mut parts, below_min_rating, .. } = intake;
        let sides = Sides {
            titles: intake.titles,
            user_ids: intake.user_ids,
            user_features: intake.user_features,
            item_features: intake.item_features,
            towers: config.towers.clone(),
        };
        report.below_min_rating = below_min_rating;
        for part in &mut parts {
            report.duplicates += part.sort_and_collapse(users.len()) as u64;
        }
        report.held_out_seen_before = drop_seen_before(&mut parts) as u64;
        if let Some(k) = config.data.core {
            let besides = [vec![0; users.len()], vec![0; items.len()]];
            let dropped = filter::keep_core(&mut parts, besides, k);
            report.dropped_by_core = dropped as u64;
        }
        let [train, validation, test] = parts;
        let (mut parts, within_tie) = split::split(train, &config.split, config.seed, Had::new())?;
        report.split_within_tie = within_tie;
        if given {
            parts.test = test.into_pairs();
        }
        if has_validation {
            parts.validation = validation.into_pairs();
        }
        let mut data = Dataset::assemble(&files, users, items, parts, &sides, report)?;
        warnings::add(&mut data, &config);
        Ok(data)
    }

    /// Ends the last file, and returns the data set together with the new data: users and items with a training
    /// pair keep their index, and old pairs keep their part (`docs/methods.md`, new data).
    ///
    /// # Errors
    /// [`Error::Data`] if too many lines are bad or there is no new pair; [`Error::Config`] for new ids without a
    /// file of their features, and if the data set has changed since [`Loader::joining`].
    pub fn extend(mut self, dataset: &Dataset) -> Result<(Dataset, Extension)> {
        self.close()?;
        if self.joins != Some(dataset.summary()) {
            return Err(Error::Config {
                key: "extend".into(),
                problem: "the data has changed since the files were opened".into(),
                allowed: "reading the files again".into(),
            });
        }
        let files = self.interactions_files();
        let has = [Part::Users, Part::Items].map(|part| self.has(part));
        let Self { config, mut intake, mut report, .. } = self;
        report.below_min_rating = intake.below_min_rating;
        for part in &mut intake.parts {
            report.duplicates += part.sort_and_collapse(intake.users.len()) as u64;
        }
        report.held_out_seen_before = drop_seen_before(&mut intake.parts) as u64;
        extend::extended(dataset, &config, intake, report, &files, has)
    }

    /// Ends the open file, if there is one.
    fn close(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let closed = open.close(&self.config, &mut self.intake)?;
        let Closed { report: file, first_bad_lines, warnings } = closed;
        let report = &mut self.report;
        report.lines += file.lines;
        report.bad_lines += file.bad;
        report.without_user += file.without_user;
        report.without_item += file.without_item;
        report.first_bad_lines.extend(first_bad_lines);
        report.warnings.extend(warnings);
        report.read.push(file);
        Ok(())
    }

    fn check_part(&self, part: Part, file_name: &str) -> Result<()> {
        let kind = self.config.split.kind;
        let given = kind == SplitKind::Given;
        let refusal = |key: &str, problem: String, allowed: &str| {
            Err(Error::Config { key: key.into(), problem, allowed: allowed.into() })
        };
        match part {
            // With given parts, new data without a part joins the training part.
            Part::All if given && self.joins.is_none() => refusal(
                "split.kind",
                format!("`given` needs train and test files, but {file_name} is neither"),
                WITHOUT_GIVEN,
            ),
            Part::Train | Part::Validation | Part::Test if !given => {
                let (kind, part) = (word(kind), word(part));
                refusal(
                    "split.kind",
                    format!("`{kind}` splits the data itself, but {file_name} is the {part} part"),
                    "given",
                )
            }
            Part::Validation if self.config.split.validation > 0.0 => refusal(
                "split.validation",
                format!("{file_name} is the validation part"),
                "0 with a validation file",
            ),
            _ => Ok(()),
        }
    }

    fn has(&self, part: Part) -> bool {
        self.begun.iter().any(|(begun, _)| *begun == part)
    }

    fn require(&self, part: Part) -> Result<()> {
        if self.has(part) {
            return Ok(());
        }
        Err(Error::Config {
            key: "split.kind".into(),
            problem: format!("`given` needs a {} file, but there is none", word(part)),
            allowed: WITHOUT_GIVEN.into(),
        })
    }

    /// Returns the names of the files with interactions, for errors about all of them.
    fn interactions_files(&self) -> String {
        let names = self.begun.iter().filter(|(part, _)| slot(*part).is_some());
        let names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
        if names.is_empty() { "interactions".into() } else { names.join(", ") }
    }
}

/// Allowed values of `split.kind` for data in one file.
const WITHOUT_GIVEN: &str =
    "random, temporal, temporal-global or leave-last-out, with one file for all";

/// Removes pairs that an earlier part contains: they are masked in scoring, so they could never be
/// hits. Returns the number of removed pairs.
fn drop_seen_before([train, validation, test]: &mut [Interactions; 3]) -> usize {
    let before = validation.len() + test.len();
    validation.retain(|user, item| !train.contains(user, item));
    test.retain(|user, item| !train.contains(user, item) && !validation.contains(user, item));
    before - validation.len() - test.len()
}
