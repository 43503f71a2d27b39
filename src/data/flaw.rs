//! Bad lines: a few are reported and skipped, too many are an error.

use crate::error::{Error, Result};

/// Number of bad lines that are quoted.
const NAMED: usize = 5;

/// Characters of a bad line that are quoted.
const SHOWN: usize = 60;

/// Largest percentage of bad lines.
const PERCENT_ALLOWED: u64 = 1;

/// Number of bad lines that a small file may have, if at most one line in [`PART_OF_FEW`] is bad. More bad
/// lines mean that the file was misunderstood.
const FEW: u64 = 5;
const PART_OF_FEW: u64 = 5;

/// Why a line is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("{found} instead of {expected} cells")]
    Columns { found: usize, expected: usize },
    #[error("an id is not UTF-8; if the file is Latin-1, set `data.encoding`")]
    NotUtf8,
    #[error("the rating is not a number")]
    BadRating,
    #[error("the time has an unknown format; set `data.timeFormat`")]
    BadTime,
    #[error("a quote is never closed")]
    OpenQuote,
    #[error("not a JSON object")]
    NotAnObject,
}

/// Why a line was not accepted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The line is bad.
    Line(Flaw),
    /// It has no user.
    NoUser,
    /// It has no item.
    NoItem,
    /// Loading fails.
    Load(Error),
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        Self::Line(flaw)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Load(error)
    }
}

/// Counts of the records of one file.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Records, including bad ones, without blank lines and the header.
    pub records: u64,
    /// Bad records.
    pub bad: u64,
    /// Blank lines.
    pub blank: u64,
    /// Records without a user.
    pub without_user: u64,
    /// Records without an item. An interaction without user and item counts as one without a user.
    pub without_item: u64,
    /// First bad lines: `line 7: the rating is not a number in "17850,85123A,?"`.
    pub named: Vec<String>,
}

impl Tally {
    /// Counts a bad record that starts at this line of the file; a line of spaces counts as blank.
    #[cold]
    pub fn note(&mut self, line: u64, flaw: Flaw, record: &[u8]) {
        if record.trim_ascii().is_empty() {
            self.records -= 1;
            self.blank += 1;
            return;
        }
        self.bad += 1;
        if self.named.len() < NAMED {
            let text = String::from_utf8_lossy(record);
            let shown: String = text.trim_end().chars().take(SHOWN).collect();
            self.named.push(format!("line {line}: {flaw} in {shown:?}"));
        }
    }

    /// Checks the counts at the end of a file.
    ///
    /// # Errors
    /// [`Error::Data`] if the file has no records, or too many bad lines.
    pub fn check(&self, file: &str) -> Result<()> {
        let problem = if self.records == 0 {
            "it has no lines of data".into()
        } else if self.bad * 100 > self.records * PERCENT_ALLOWED
            && (self.bad > FEW || self.bad * PART_OF_FEW > self.records)
        {
            let Self { records, bad, .. } = self;
            format!("{bad} of {records} lines are bad, more than {PERCENT_ALLOWED}%")
        } else {
            return Ok(());
        };
        Err(Error::Data { file: file.into(), problem, lines: self.named.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_line_in_a_hundred_is_allowed_and_no_more() {
        let mut tally = Tally { records: 200, ..Tally::default() };
        tally.note(3, Flaw::BadRating, b"17850,a,?\r\n");
        tally.note(9, Flaw::BadRating, &[b'x'; 100]);
        assert_eq!(tally.check("a.csv"), Ok(()));
        assert_eq!(tally.named[0], "line 3: the rating is not a number in \"17850,a,?\"");
        assert!(tally.named[1].len() < 120);
        for line in 10..20 {
            tally.note(line, Flaw::OpenQuote, b"\"");
        }
        let Err(Error::Data { file, problem, lines }) = tally.check("a.csv") else {
            panic!("six percent are bad");
        };
        assert_eq!((file.as_str(), lines.len()), ("a.csv", NAMED));
        assert_eq!(problem, "12 of 200 lines are bad, more than 1%");
        assert!(Tally::default().check("empty.csv").is_err());
        for (records, bad, is_allowed) in [
            (5, 1, true),
            (5, 2, false),
            (24, 2, true),
            (24, 5, false),
            (30, 6, false),
            (4, 1, false),
        ] {
            let tally = Tally { records, bad, ..Tally::default() };
            assert_eq!(tally.check("small.csv").is_ok(), is_allowed, "{bad} of {records}");
        }
    }

    #[test]
    fn a_line_of_blanks_is_not_bad() {
        let mut tally = Tally { records: 200, ..Tally::default() };
        tally.note(3, Flaw::OpenQuote, b" \t\r\n");
        assert_eq!((tally.records, tally.bad, tally.blank), (199, 0, 1));
    }
}
