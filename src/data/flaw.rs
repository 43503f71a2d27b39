//! What can be wrong with a line, and the count of it: a few bad lines are named and passed over,
//! too many are an error.

use crate::error::{Error, Result};

/// How many bad lines are named.
const NAMED: usize = 5;

/// How much of a bad line is shown, in characters.
const SHOWN: usize = 60;

/// Bad lines in a hundred from which on a file is refused.
const PERCENT_ALLOWED: u64 = 1;

/// Why a line was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("{found} columns where {expected} are needed")]
    TooFewColumns { found: usize, expected: usize },
    #[error("no {0}")]
    Missing(&'static str),
    #[error("an id is not UTF-8")]
    NotUtf8,
    #[error("the rating is not a number")]
    BadRating,
    #[error("the time is neither unix time nor an ISO date")]
    BadTime,
    #[error("a quote is never closed")]
    OpenQuote,
    #[error("not a JSON object")]
    NotAnObject,
}

/// Why a line was not taken in: its own flaw, or an end to the whole loading.
#[derive(Debug)]
pub(super) enum Refusal {
    Line(Flaw),
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

/// The records of one file, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Records read, bad ones included, blank lines and the header not.
    pub records: u64,
    /// Those that were passed over.
    pub bad: u64,
    /// The first of those: `line 7: no item in "17850,,1291213920"`.
    pub named: Vec<String>,
}

impl Tally {
    /// Counts a bad record that starts at this line of the file.
    #[cold]
    pub fn note(&mut self, line: u64, flaw: Flaw, record: &[u8]) {
        self.bad += 1;
        if self.named.len() < NAMED {
            let text = String::from_utf8_lossy(record);
            let shown: String = text.trim_end().chars().take(SHOWN).collect();
            self.named.push(format!("line {line}: {flaw} in {shown:?}"));
        }
    }

    /// # Errors
    /// [`Error::Data`] if the file had nothing to read, or too many bad lines.
    pub fn check(&self, file: &str) -> Result<()> {
        let problem = if self.records == 0 {
            "there are no lines in it".into()
        } else if self.bad * 100 > self.records * PERCENT_ALLOWED {
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
        tally.note(3, Flaw::Missing("item"), b"17850,,5\r\n");
        tally.note(9, Flaw::BadRating, &[b'x'; 100]);
        assert_eq!(tally.check("a.csv"), Ok(()));
        assert_eq!(tally.named[0], "line 3: no item in \"17850,,5\"");
        assert!(tally.named[1].len() < 110);
        for line in 10..20 {
            tally.note(line, Flaw::OpenQuote, b"\"");
        }
        let Err(Error::Data { file, problem, lines }) = tally.check("a.csv") else {
            panic!("six percent are bad");
        };
        assert_eq!((file.as_str(), lines.len()), ("a.csv", NAMED));
        assert_eq!(problem, "12 of 200 lines are bad, more than 1%");
        assert!(Tally::default().check("empty.csv").is_err());
    }
}
