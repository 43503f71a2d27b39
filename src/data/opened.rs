//! Reads a file: detects its format from its first bytes, then reads it in chunks.

use super::cells::RECORD_LIMIT;
use super::columns::{self, Judge};
use super::content;
use super::encoding::Decoder;
use super::flaw::{Refusal, Tally};
use super::foreign;
use super::format::{Format, Sample, Shape};
use super::intake::{Intake, goes_by_time};
use super::part::{Part, slot, word};
use super::reader::{Reader, Record};
use super::report::{ColumnReport, FileReport};
use super::roles::Role;
use super::sought::{self, Found, Sought};
use super::time::Clock;
use crate::config::{Column, Config};
use crate::error::{Error, Result};

/// Memory is reserved for the predicted number of lines times this factor: the mean line length
/// over the first [`RECORD_LIMIT`] bytes predicts that number within 0.2%.
const HEADROOM: f64 = 1.003;

/// Maximum numbers of rows, of columns, and of characters of a cell in a report.
const ROWS: usize = 5;
const COLUMNS: usize = 100;
const CHARACTERS: usize = 60;

/// A file that is being read.
pub(super) struct Open {
    part: Part,
    name: String,
    /// Length of the whole file in bytes, if known.
    bytes: Option<u64>,
    /// First bytes, collected before detection.
    head: Vec<u8>,
    /// Set after detection.
    judged: Option<Judged>,
}

/// First bytes of a file, as text.
pub(super) struct Head {
    decoder: Decoder,
    text: Vec<u8>,
    pub sample: Sample,
}

/// A file whose format was detected.
struct Judged {
    decoder: Decoder,
    reader: Reader,
    tally: Tally,
    report: FileReport,
    /// Number of interactions of the part in earlier files.
    rows_before: usize,
    /// Whether lines are read as lists because their lengths differ.
    is_guess: bool,
}

impl Judged {
    /// Reads text; `last` marks the end of the file.
    fn read(&mut self, part: Part, text: &[u8], last: bool, intake: &mut Intake) -> Result<()> {
        let Self { reader, tally, .. } = self;
        reader.push(text, last, &mut |record| take(intake, part, tally, record))
    }
}

/// Reports on a file that was read.
pub(super) struct Closed {
    pub report: FileReport,
    pub first_bad_lines: Vec<String>,
    pub warnings: Vec<String>,
}

impl Open {
    pub fn new(part: Part, name: &str, bytes: Option<u64>) -> Self {
        Self { part, name: name.into(), bytes, head: Vec::new(), judged: None }
    }

    /// Reads the next bytes.
    pub fn push(&mut self, chunk: &[u8], config: &Config, intake: &mut Intake) -> Result<()> {
        let mut rest = chunk;
        if self.judged.is_none() {
            let missing = RECORD_LIMIT - self.head.len();
            let (to_head, after) = chunk.split_at(missing.min(chunk.len()));
            self.head.extend_from_slice(to_head);
            if self.head.len() < RECORD_LIMIT {
                return Ok(());
            }
            rest = after;
        }
        let judged = match self.judged.take() {
            Some(judged) => judged,
            None => self.judge(config, false, intake)?,
        };
        let judged = self.judged.insert(judged);
        if judged.decoder.is_plain() {
            judged.read(self.part, rest, false, intake)
        } else {
            let text = judged.decoder.decode(rest);
            judged.read(self.part, &text, false, intake)
        }
    }

    /// Ends the file.
    pub fn close(mut self, config: &Config, intake: &mut Intake) -> Result<Closed> {
        let mut judged = match self.judged.take() {
            Some(judged) => judged,
            None => self.judge(config, true, intake)?,
        };
        let Self { part, name, .. } = self;
        judged.read(part, &[], true, intake)?;
        let Judged { reader, tally, mut report, rows_before, is_guess, .. } = judged;
        tally.check(&name)?;
        intake.settle()?;
        let mut warnings = Vec::new();
        if is_guess {
            warnings.push(format!(
                "{name}: the lines have different numbers of cells, so each is read as a user and all \
                 their items. If that is wrong, set `data.layout` to \"table\""
            ));
        }
        if let Some(slot) = slot(part) {
            warnings.extend(settle_dates(&name, intake, slot, rows_before)?);
        }
        report.lines = tally.records;
        report.bad = tally.bad;
        report.blank = tally.blank + reader.blank;
        report.without_user = tally.without_user;
        report.without_item = tally.without_item;
        let first_bad_lines = tally.named.iter().map(|line| format!("{name}, {line}")).collect();
        Ok(Closed { report, first_bad_lines, warnings })
    }

    /// Detects the format from the head of the file, finds its columns, and reserves memory for its
    /// lines.
    fn judge(&mut self, config: &Config, whole: bool, intake: &mut Intake) -> Result<Judged> {
        let head = std::mem::take(&mut self.head);
        let raw_bytes = head.len() as f64;
        let head = self.decoded(head, whole, config)?;
        let (report, found) = self.find(&head, config, intake);
        let found = found?;
        let mut rows_before = 0;
        if let Some(slot) = slot(self.part) {
            self.require(config, &found)?;
            rows_before = intake.parts[slot].len();
            if let Some(all) = self.bytes {
                let line_bytes = head.sample.line_bytes * raw_bytes / head.text.len().max(1) as f64;
                let rows = (all as f64 / line_bytes * HEADROOM) as u64 + 1;
                intake.parts[slot].reserve(rows)?;
            }
        }
        let Head { decoder, text, sample } = head;
        let is_guess = matches!(sample.shape, Shape::Lists(_)) && config.data.layout.is_none();
        let reader = Reader::new(&self.name, text, &sample, &found, sought::ids(self.part))?;
        Ok(Judged { decoder, reader, tally: Tally::default(), report, rows_before, is_guess })
    }

    /// Decodes the first bytes and detects their format.
    pub fn decoded(&self, mut head: Vec<u8>, whole: bool, config: &Config) -> Result<Head> {
        if let Some(problem) = foreign::problem(&head) {
            return Err(Error::Data { file: self.name.clone(), problem, lines: Vec::new() });
        }
        let (mut decoder, mark) = Decoder::judge(&head, config.data.encoding);
        head.drain(..mark);
        let text = decoder.head(head);
        let sample = Sample::of(&self.name, &text, whole, self.format(config))?;
        Ok(Head { decoder, text, sample })
    }

    /// Finds the columns. The report has no columns if there is an error.
    pub fn find(
        &self,
        head: &Head,
        config: &Config,
        intake: &Intake,
    ) -> (FileReport, Result<Found>) {
        let features = features(self.part, intake);
        let sought = sought::columns(self.part, config, &features);
        let mut clock = Clock::new(config.data.time_format.as_deref());
        let header = self.header(config);
        let mut judge = Judge { header, missing: &intake.missing, clock: &mut clock };
        let found = columns::find(&self.name, &head.sample, &sought, &mut judge);
        let report = match &found {
            Ok(found) => {
                self.report(&head.sample, found.header, &found.positions, &sought, &head.decoder)
            }
            Err(_) => {
                let header = columns::has_header(&head.sample, &sought, header);
                self.report(&head.sample, header, &[], &sought, &head.decoder)
            }
        };
        (report, found)
    }

    /// Returns the options of the format.
    fn format<'c>(&self, config: &'c Config) -> Format<'c> {
        let data = &config.data;
        let separator = match self.part {
            Part::Items => &data.items.separator,
            Part::Users => &data.users.separator,
            _ => &data.separator,
        };
        let is_pairs = slot(self.part).is_some();
        Format { separator: separator.as_deref(), layout: data.layout, is_pairs }
    }

    /// Returns whether the file has a header, if an option says so.
    fn header(&self, config: &Config) -> Option<bool> {
        match self.part {
            Part::Items => config.data.items.header,
            Part::Users => config.data.users.header,
            _ => config.data.header,
        }
    }

    /// Rejects a file without a column that an option needs.
    fn require(&self, config: &Config, found: &Found) -> Result<()> {
        let [_, _, ratings, times] = [0, 1, 2, 3].map(|n| found.positions[n].is_some());
        let file = &self.name;
        if config.data.min_rating.is_some() && !ratings {
            let unclear: Vec<String> = found.unclear_ratings.iter().map(usize::to_string).collect();
            let problem = match unclear.is_empty() {
                true => format!("{file} has no ratings"),
                false => format!(
                    "it is unclear which column of {file} contains the ratings; candidates: {}",
                    unclear.join(", ")
                ),
            };
            return Err(Error::Config {
                key: "data.minRating".into(),
                problem,
                allowed: "null, or a column named by `data.columns.rating`".into(),
            });
        }
        if goes_by_time(config.split.kind) && !times {
            let kind = word(config.split.kind);
            return Err(Error::Config {
                key: "split.kind".into(),
                problem: format!("`{kind}` needs times, but {file} has none"),
                allowed: "random, or a column named by `data.columns.timestamp`".into(),
            });
        }
        Ok(())
    }

    fn report(
        &self,
        sample: &Sample,
        header: bool,
        positions: &[Option<usize>],
        sought: &[Sought<'_>],
        decoder: &Decoder,
    ) -> FileReport {
        let names_columns = header && !sample.rows.is_empty();
        let columns = sought.iter().zip(positions).filter_map(|(column, position)| {
            let position = (*position)?;
            Some(ColumnReport {
                role: column.role.name().into(),
                name: names_columns.then(|| sample.rows[0].get(position).cloned()).flatten(),
                position,
                values: None,
            })
        });
        let (layout, separator) = match sample.shape {
            Shape::Table(separator) => ("table", Some(separator)),
            Shape::Lists(separator) => ("lists", Some(separator)),
            Shape::Blocks(separator) => ("blocks", Some(separator)),
            Shape::JsonLines => ("json-lines", None),
            Shape::JsonArray => ("json-array", None),
        };
        let rating = sought.iter().position(|column| column.role == Role::Rating);
        let ratings = rating.and_then(|ix| positions.get(ix).copied()?).and_then(|position| {
            let body = sample.body(header).iter();
            content::range(body.filter_map(|row| row.get(position)).map(String::as_str))
        });
        FileReport {
            file: self.name.clone(),
            part: self.part,
            layout: layout.into(),
            separator: separator.map(|separator| separator.name().into()),
            header,
            encoding: decoder.encoding,
            skipped: sample.skipped.clone(),
            columns: columns.collect(),
            rows: sample
                .rows
                .iter()
                .take(ROWS + usize::from(header))
                .map(|row| shown(row))
                .collect(),
            ratings,
            matched: None,
            lines: 0,
            bad: 0,
            blank: 0,
            without_user: 0,
            without_item: 0,
        }
    }
}

/// Returns a row as reports show it.
fn shown(row: &[String]) -> Vec<String> {
    row.iter().take(COLUMNS).map(|cell| cell.chars().take(CHARACTERS).collect()).collect()
}

/// Returns the names of the feature columns that a file must have.
fn features(part: Part, intake: &Intake) -> Vec<Column> {
    let columns = match part {
        Part::Users => &intake.user_features,
        Part::Items => &intake.item_features,
        _ => return Vec::new(),
    };
    columns.iter().map(|(column, _)| Column::Name(column.name.clone())).collect()
}

/// Adds a record, or counts why it was skipped.
#[inline]
fn take(intake: &mut Intake, part: Part, tally: &mut Tally, record: Record<'_>) -> Result<()> {
    tally.records += u64::from(!record.is_next);
    let taken = record.cells.map_err(Refusal::Line).and_then(|cells| match slot(part) {
        Some(slot) => intake.interaction(slot, cells),
        None if part == Part::Users => intake.user(cells),
        None => intake.item(cells),
    });
    match taken {
        Ok(()) => {}
        Err(Refusal::Line(flaw)) => tally.note(record.line, flaw, record.text),
        Err(Refusal::NoUser) => tally.without_user += 1,
        Err(Refusal::NoItem) => tally.without_item += 1,
        Err(Refusal::Load(error)) => return Err(error),
    }
    Ok(())
}

/// Decides from all dates of a file whether they are month first; returns a warning if no date
/// decides.
fn settle_dates(
    name: &str,
    intake: &mut Intake,
    slot: usize,
    rows_before: usize,
) -> Result<Option<String>> {
    let seen = std::mem::take(&mut intake.clock.seen);
    match (seen.month_first, seen.day_first) {
        (true, true) => Err(Error::Data {
            file: name.into(),
            problem: "some of its dates are month first, others day first. Set `data.timeFormat`"
                .into(),
            lines: Vec::new(),
        }),
        (false, true) => {
            intake.parts[slot].map_times(rows_before, super::dates::swapped);
            Ok(None)
        }
        (false, false) if seen.either => Ok(Some(format!(
            "{name}: no date shows whether the month or the day comes first; they are read as month \
             first. Set `data.timeFormat` to \"month-first\" or \"day-first\""
        ))),
        _ => Ok(None),
    }
}
