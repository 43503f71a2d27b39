//! What kind of text a file is, found out from its first bytes.

use super::delimited::{Separator, Splitter};
use super::json;
use crate::error::{Error, Result};

/// A file's kind is found out from this many of its first bytes, and no record may be longer: 256
/// KiB are some ten thousand lines, whose mean length tells the number of lines within 0.2%.
pub(super) const RECORD_LIMIT: usize = 256 * 1024;

/// Rows that a separator is judged by.
const ROWS: usize = 100;

/// The kinds of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Rows of cells.
    Table(Separator),
    /// One JSON object a line.
    JsonLines,
}

/// The first rows of a file.
#[derive(Debug)]
pub(super) struct Sample {
    pub shape: Shape,
    /// Cells by row; of JSON lines the keys of the first one alone.
    pub rows: Vec<Vec<String>>,
    /// Mean length of a line in bytes, its end included.
    pub line_bytes: f64,
}

impl Sample {
    /// Judges the first [`RECORD_LIMIT`] bytes of a file, or all of it.
    ///
    /// # Errors
    /// [`Error::Data`] for what is neither a table nor JSON lines.
    pub fn of(file: &str, head: &[u8], whole: bool) -> Result<Self> {
        let refusal = |problem: &str| {
            Err(Error::Data { file: file.into(), problem: problem.into(), lines: Vec::new() })
        };
        if head.starts_with(b"\x1f\x8b") || head.contains(&0) {
            return refusal("not plain text: archives are to be unpacked, and UTF-16 is not read");
        }
        let lines = memchr::memchr_iter(b'\n', head).count().max(1);
        let line_bytes = head.len() as f64 / lines as f64;
        match head.trim_ascii_start().first() {
            None => return refusal("there are no lines in it"),
            Some(b'[') => return refusal("a JSON array: one object a line is needed"),
            Some(b'{') => {
                let Some(keys) = head.split(|&b| b == b'\n').find_map(json::keys) else {
                    return refusal("it begins like JSON lines, but no line is a JSON object");
                };
                return Ok(Self { shape: Shape::JsonLines, rows: vec![keys], line_bytes });
            }
            Some(_) => {}
        }
        // The likeliest separator is the one whose rows agree most about the number of columns; of
        // equals the first listed, so `max_by_key`, which takes the last, sees them backwards.
        let best = Separator::ALL
            .iter()
            .rev()
            .map(|&separator| (separator, first_rows(separator, head, whole)))
            .filter(|(_, rows)| rows.first().is_some_and(|row| row.len() > 1))
            .max_by_key(|(_, rows)| {
                rows.iter().filter(|row| row.len() == rows[0].len()).count() * ROWS / rows.len()
            });
        match best {
            Some((separator, rows)) => {
                Ok(Self { shape: Shape::Table(separator), rows, line_bytes })
            }
            None => refusal("no columns: comma, tab, semicolon, `|` or `::` are to part them"),
        }
    }

    pub fn is_json(&self) -> bool {
        self.shape == Shape::JsonLines
    }
}

fn first_rows(separator: Separator, head: &[u8], whole: bool) -> Vec<Vec<String>> {
    let mut splitter = Splitter::new(separator, usize::MAX);
    let mut rest = head;
    let mut rows = Vec::new();
    while rows.len() < ROWS
        && let Some(record) = splitter.next(rest, whole)
    {
        if let Ok(row) = record.row
            && !row.is_blank()
        {
            rows.push(row.cells().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
        }
        rest = &rest[record.length..];
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_told_apart() {
        for (text, separator, columns) in [
            ("user,item\n1,2\n", Separator::Byte(b','), 2),
            ("196\t242\t3\n", Separator::Byte(b'\t'), 3),
            ("1::1193::5::978300760\n", Separator::DoubleColon, 4),
            ("u;i;r\n1;2;3,5\n1;3;4,5\n", Separator::Byte(b';'), 3),
            ("1|Toy Story (1995)|a,b\n2|GoldenEye|c\n", Separator::Byte(b'|'), 3),
            ("item,title\n1,\"a;b|c\"\n2,\"d, e\"\n", Separator::Byte(b','), 2),
            ("user,item,time\n1,2,2010-12-01 08:26\n", Separator::Byte(b','), 3),
        ] {
            let sample = Sample::of("f", text.as_bytes(), true).expect("a table");
            assert_eq!(sample.shape, Shape::Table(separator), "{text}");
            assert!(sample.rows.iter().all(|row| row.len() == columns), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_reason() {
        for (bytes, word) in [
            (&b"\x1f\x8b\x08"[..], "archives"),
            (b"u\0s\0e\0r\0", "UTF-16"),
            (b"  \n", "no lines"),
            (b"[{\"user\":1}]", "array"),
            (b"{user:1}\n", "no line is a JSON object"),
            (b"user item\n1 2\n", "no columns"),
        ] {
            let error = Sample::of("f", bytes, true).expect_err("refused").to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
