//! Files in, data set out.

use serde::{Deserialize, Serialize};

use super::columns::{Role, Sought};
use super::dataset::{Dataset, Sides};
use super::filter;
use super::flaw::{Refusal, Tally};
use super::format::RECORD_LIMIT;
use super::intake::{Intake, goes_by_time};
use super::interactions::Interactions;
use super::reader::{Opened, Reader, Record};
use super::report::Report;
use super::split;
use crate::config::{Column, Config, SplitKind};
use crate::error::{Error, Result};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Interactions that `split.kind` parts.
    All,
    /// Interactions to train on, with `split.kind` `given`.
    Train,
    /// Interactions that choose the best epoch, with `split.kind` `given`.
    Validation,
    /// Interactions that measure the result, with `split.kind` `given`.
    Test,
    /// Titles and features of the items.
    Items,
    /// Features of the users.
    Users,
}

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
/// Memory while it loads: 8 bytes a pair, or 16 where the split goes by time, besides the ids and
/// a second copy of the held-out pairs at 8 bytes each, made once times are gone. Only columns that
/// an option needs are read: ratings for `data.minRating`, times for a split by time.
pub struct Loader {
    config: Config,
    intake: Intake,
    report: Report,
    /// The files so far.
    begun: Vec<(Part, String)>,
    open: Option<Open>,
}

/// The file that is being read.
struct Open {
    part: Part,
    name: String,
    /// Bytes that the whole file has, if known.
    bytes: Option<u64>,
    /// The first bytes, gathered to be judged together.
    head: Vec<u8>,
    /// There once the head was judged.
    reader: Option<Reader>,
    tally: Tally,
}

impl Loader {
    /// A loader for one data set. Of the options it follows `data`, `split`, `seed`, and what
    /// towers are made of.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            intake: Intake::new(config),
            report: Report::default(),
            begun: Vec::new(),
            open: None,
        }
    }

    /// Ends the file before and begins another. `bytes` is the length of its text, unpacked, if it
    /// is known: memory is then taken once.
    ///
    /// # Errors
    /// [`Error::Config`] if the part does not go with `split.kind` or `split.validation`;
    /// [`Error::Data`] for what was wrong with the file before.
    pub fn begin(&mut self, part: Part, file_name: &str, bytes: Option<u64>) -> Result<()> {
        self.close()?;
        self.check_part(part, file_name)?;
        self.begun.push((part, file_name.into()));
        self.open = Some(Open {
            part,
            name: file_name.into(),
            bytes,
            head: Vec::new(),
            reader: None,
            tally: Tally::default(),
        });
        Ok(())
    }

    /// Takes in the next bytes of the file: plain text, unpacked.
    ///
    /// # Errors
    /// [`Error::Data`] for a file that cannot be read, [`Error::Config`] for a column that an
    /// option needs and the file lacks.
    ///
    /// # Panics
    /// If no file was begun.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let open = self.open.as_mut().expect("`begin` comes before `push`");
        let mut rest = chunk;
        if open.reader.is_none() {
            let missing = RECORD_LIMIT - open.head.len();
            let (to_head, after) = chunk.split_at(missing.min(chunk.len()));
            open.head.extend_from_slice(to_head);
            if open.head.len() < RECORD_LIMIT {
                return Ok(());
            }
            rest = after;
        }
        let reader = match open.reader.take() {
            Some(reader) => reader,
            None => open.judge(&self.config, false, &mut self.intake)?,
        };
        let Open { part, tally, .. } = open;
        let reader = open.reader.insert(reader);
        reader.push(rest, &mut |record| take(&mut self.intake, *part, tally, record))
    }

    /// Ends the last file and puts the data set together.
    ///
    /// # Errors
    /// [`Error::Data`] if too many lines were bad or nothing is left to learn from,
    /// [`Error::Config`] if a file is missing that `split.kind` needs.
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
                    problem: format!("there is no {} file to have them", word(part)),
                    allowed: "[], or names of columns of such a file".into(),
                });
            }
        }
        let has_validation = self.has(Part::Validation);
        let files = self.interactions_files();
        let Self { config, intake, mut report, .. } = self;
        let Intake { users, items, mut parts, below_min_rating, .. } = intake;
        let sides = Sides {
            titles: intake.titles,
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
            let dropped = filter::keep_core(&mut parts, users.len(), items.len(), k);
            report.dropped_by_core = dropped as u64;
        }
        let [train, validation, test] = parts;
        let mut parts = split::part(train, &config.split, config.seed);
        if given {
            parts.test = test.into_pairs();
        }
        if has_validation {
            parts.validation = validation.into_pairs();
        }
        Dataset::assemble(&files, users, items, parts, &sides, report)
    }

    /// Ends the open file, if there is one.
    fn close(&mut self) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let reader = match open.reader.take() {
            Some(reader) => reader,
            None => open.judge(&self.config, true, &mut self.intake)?,
        };
        let Open { part, name, mut tally, .. } = open;
        reader.finish(&mut |record| take(&mut self.intake, part, &mut tally, record))?;
        tally.check(&name)?;
        self.intake.settle()?;
        self.report.lines += tally.records;
        self.report.bad_lines += tally.bad;
        let named = tally.named.iter().map(|line| format!("{name}, {line}"));
        self.report.first_bad_lines.extend(named);
        Ok(())
    }

    fn check_part(&self, part: Part, file_name: &str) -> Result<()> {
        let kind = self.config.split.kind;
        let given = kind == SplitKind::Given;
        let refusal = |key: &str, problem: String, allowed: &str| {
            Err(Error::Config { key: key.into(), problem, allowed: allowed.into() })
        };
        match part {
            Part::All if given => refusal(
                "split.kind",
                format!("`given` needs train and test files, and {file_name} is neither"),
                WITHOUT_GIVEN,
            ),
            Part::Train | Part::Validation | Part::Test if !given => {
                let (kind, part) = (word(kind), word(part));
                refusal(
                    "split.kind",
                    format!("`{kind}` parts the data itself, and {file_name} is the {part} part"),
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
            problem: format!("`given` needs a {} file, and there is none", word(part)),
            allowed: WITHOUT_GIVEN.into(),
        })
    }

    /// Names of the files with interactions, for an error about all of them.
    fn interactions_files(&self) -> String {
        let names = self.begun.iter().filter(|(part, _)| slot(*part).is_some());
        let names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
        if names.is_empty() { "interactions".into() } else { names.join(", ") }
    }
}

impl Open {
    /// Judges the head of the file and looks for its columns; makes room for its lines.
    fn judge(&mut self, config: &Config, whole: bool, intake: &mut Intake) -> Result<Reader> {
        let head = std::mem::take(&mut self.head);
        let Some(slot) = slot(self.part) else {
            let (known, role, features) = match self.part {
                Part::Users => (&[Role::User][..], Role::UserFeature, &intake.user_features),
                _ => (&[Role::Item, Role::Title][..], Role::ItemFeature, &intake.item_features),
            };
            let names: Vec<Column> =
                features.iter().map(|(column, _)| Column::Name(column.name.clone())).collect();
            let known = known.iter().map(|&role| Sought { role, option: None });
            let named = names.iter().map(|name| Sought { role, option: Some(name) });
            let sought: Vec<Sought<'_>> = known.chain(named).collect();
            return Ok(Reader::open(&self.name, head, whole, &sought)?.reader);
        };
        let columns = &config.data.columns;
        let sought = [
            Sought { role: Role::User, option: columns.user.as_ref() },
            Sought { role: Role::Item, option: columns.item.as_ref() },
            Sought { role: Role::Rating, option: columns.rating.as_ref() },
            Sought { role: Role::Timestamp, option: columns.timestamp.as_ref() },
        ];
        let Opened { reader, has: [_, _, has_ratings, has_times, ..], line_bytes } =
            Reader::open(&self.name, head, whole, &sought)?;
        if config.data.min_rating.is_some() && !has_ratings {
            return Err(Error::Config {
                key: "data.minRating".into(),
                problem: format!("{} has no ratings", self.name),
                allowed: "null, or a column named by `data.columns.rating`".into(),
            });
        }
        if goes_by_time(config.split.kind) && !has_times {
            return Err(Error::Config {
                key: "split.kind".into(),
                problem: format!(
                    "`{}` needs times, and {} has none",
                    word(config.split.kind),
                    self.name
                ),
                allowed: "random, or a column named by `data.columns.timestamp`".into(),
            });
        }
        if let Some(bytes) = self.bytes {
            intake.parts[slot].reserve((bytes as f64 / line_bytes * HEADROOM) as u64 + 1)?;
        }
        Ok(reader)
    }
}

/// What `split.kind` may be for data in one file.
const WITHOUT_GIVEN: &str = "random, temporal or leave-last-out, with one file for all";

/// By how much memory is taken for more lines than the mean line length promises: the mean over
/// [`RECORD_LIMIT`] bytes is that sure.
const HEADROOM: f64 = 1.003;

/// Takes in a record, or counts it as bad.
#[inline]
fn take(intake: &mut Intake, part: Part, tally: &mut Tally, record: Record<'_>) -> Result<()> {
    tally.records += 1;
    let taken = record.cells.map_err(Refusal::Line).and_then(|cells| match slot(part) {
        Some(slot) => intake.interaction(slot, cells),
        None if part == Part::Users => intake.user(cells),
        None => intake.item(cells),
    });
    match taken {
        Ok(()) => {}
        Err(Refusal::Line(flaw)) => tally.note(record.line, flaw, record.text),
        Err(Refusal::Load(error)) => return Err(error),
    }
    Ok(())
}

/// Where a part's interactions are gathered.
fn slot(part: Part) -> Option<usize> {
    match part {
        Part::All | Part::Train => Some(0),
        Part::Validation => Some(1),
        Part::Test => Some(2),
        Part::Items | Part::Users => None,
    }
}

/// Leaves out of each part what the parts before it have: such a pair is masked when it is scored,
/// so it could never be hit. The number of pairs left out.
fn drop_seen_before([train, validation, test]: &mut [Interactions; 3]) -> usize {
    let before = validation.len() + test.len();
    validation.retain(|user, item| !train.contains(user, item));
    test.retain(|user, item| !train.contains(user, item) && !validation.contains(user, item));
    before - validation.len() - test.len()
}

/// The word for a value in options and files.
fn word(value: impl Serialize) -> String {
    let word = serde_json::to_value(value).expect("a plain enum has a word");
    word.as_str().expect("a plain enum has a word").into()
}
