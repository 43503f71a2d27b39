//! Splits text into the records of a table and their cells. Plain lines are split in place; records
//! with quotes are read by [`quoted`], which handles separators, quotes and line ends inside
//! quotes.

use memchr::{memchr, memchr_iter, memrchr};

use super::cells::RECORD_LIMIT;
use super::flaw::Flaw;
use super::quoted::{self, Broken, Cells, Escape};

/// Separator of the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Byte(u8),
    /// `::`, as in MovieLens' `ratings.dat`.
    DoubleColon,
    /// Any number of spaces and tabs.
    Blanks,
}

impl Separator {
    /// Every separator, with its name in options and reports.
    pub const ALL: [(Self, &str); 6] = [
        (Self::DoubleColon, "::"),
        (Self::Byte(b'\t'), "tab"),
        (Self::Byte(b';'), ";"),
        (Self::Byte(b'|'), "|"),
        (Self::Byte(b','), ","),
        (Self::Blanks, "blanks"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(separator, _)| *separator)
    }

    /// Returns the byte of a separator whose cells may be quoted. With other separators, quotes are
    /// ordinary characters.
    fn of_quoted(self) -> Option<u8> {
        match self {
            Self::Byte(byte @ (b';' | b',')) => Some(byte),
            _ => None,
        }
    }
}

/// A record at the start of the data.
pub(super) struct Record<'a> {
    /// Length in bytes, including the line end.
    pub length: usize,
    /// Number of lines: more than one if a quoted cell contains line ends.
    pub lines: u64,
    pub row: Result<Row<'a>, Flaw>,
}

/// The cells of a record.
pub(super) struct Row<'a> {
    text: &'a [u8],
    /// Start and end of each cell in `text`, up to the splitter's limit.
    bounds: &'a [(usize, usize)],
}

impl<'a> Row<'a> {
    #[inline]
    pub fn get(&self, position: usize) -> Option<&'a [u8]> {
        self.bounds.get(position).map(|&(start, end)| &self.text[start..end])
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a [u8]> {
        self.bounds.iter().map(|&(start, end)| &self.text[start..end])
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }
}

/// Splits records into cells. Reuses its buffers.
pub(super) struct Splitter {
    separator: Separator,
    /// Number of cells to return; further cells are only counted.
    limit: usize,
    /// Required number of cells, if known.
    width: Option<usize>,
    bounds: Vec<(usize, usize)>,
    quoted: Cells,
}

impl Splitter {
    pub fn new(separator: Separator, limit: usize, width: Option<usize>) -> Self {
        Self { separator, limit, width, bounds: Vec::new(), quoted: Cells::default() }
    }

    /// Returns the record at the start of `data`; `None` if it is incomplete. With `last`, the end
    /// of `data` also ends the record.
    #[inline]
    pub fn next<'a>(&'a mut self, data: &'a [u8], last: bool) -> Option<Record<'a>> {
        let length = line_length(data, last)?;
        let line = without_line_end(&data[..length]);
        if let Some(separator) = self.separator.of_quoted()
            && memchr(b'"', line).is_some()
        {
            return self.next_quoted(data, separator, length, last);
        }
        self.bounds.clear();
        let count = match self.separator {
            Separator::Byte(byte) => self.split_at_byte(line, byte),
            Separator::DoubleColon => self.split_at_colons(line),
            Separator::Blanks => self.split_at_blanks(line),
        };
        let row = match self.width {
            Some(width) if count != width => self.odd_row(line, count, width),
            _ => Ok(Row { text: line, bounds: &self.bounds }),
        };
        Some(Record { length, lines: 1, row })
    }

    /// Splits a line into cells. Returns their number, as the functions below do.
    #[inline]
    fn split_at_byte(&mut self, line: &[u8], separator: u8) -> usize {
        let mut start = 0;
        for (ix, &byte) in line.iter().enumerate() {
            if byte == separator {
                self.bounds.push((start, ix));
                start = ix + 1;
                if self.bounds.len() >= self.limit {
                    return self.bounds.len() + 1 + memchr_iter(separator, &line[start..]).count();
                }
            }
        }
        self.bounds.push((start, line.len()));
        self.bounds.len()
    }

    fn split_at_colons(&mut self, line: &[u8]) -> usize {
        let (mut start, mut ix) = (0, 0);
        while ix < line.len() {
            if line[ix..].starts_with(b"::") {
                self.bounds.push((start, ix));
                ix += 2;
                start = ix;
            } else {
                ix += 1;
            }
        }
        self.bounds.push((start, line.len()));
        self.bounds.len()
    }

    fn split_at_blanks(&mut self, line: &[u8]) -> usize {
        let is_blank = |byte: u8| byte == b' ' || byte == b'\t';
        let mut start = None;
        for ix in 0..=line.len() {
            match (start, line.get(ix).is_none_or(|&byte| is_blank(byte))) {
                (None, false) => start = Some(ix),
                (Some(from), true) => {
                    self.bounds.push((from, ix));
                    start = None;
                }
                _ => {}
            }
        }
        self.bounds.len()
    }

    /// Accepts a row with a different number of cells if its extra cells are empty.
    #[cold]
    fn odd_row<'a>(&'a self, line: &'a [u8], count: usize, width: usize) -> Result<Row<'a>, Flaw> {
        if let Separator::Byte(byte) = self.separator
            && count > width
        {
            let empty = line.iter().rev().take_while(|end| **end == byte).count();
            if count - width <= empty {
                return Ok(Row { text: line, bounds: &self.bounds });
            }
        }
        Err(Flaw::Columns { found: count, expected: width })
    }

    /// Reads a record with quotes. If it does not end, or its number of cells is wrong, only its
    /// first line is bad.
    fn next_quoted<'a>(
        &'a mut self,
        data: &'a [u8],
        separator: u8,
        first_line: usize,
        last: bool,
    ) -> Option<Record<'a>> {
        let window = &data[..data.len().min(RECORD_LIMIT)];
        let is_whole = last && data.len() < RECORD_LIMIT;
        // Ignores an incomplete line: a quote at its end may be the first of two.
        let end = memrchr(b'\n', window).map_or(0, |end| end + 1);
        let window = if is_whole { window } else { &window[..end] };
        let most = self.width.unwrap_or(usize::MAX);
        let fits = |cells: usize| self.width.is_none_or(|width| cells == width);
        let doubled = quoted::read(window, separator, Escape::Doubled, most, &mut self.quoted);
        if doubled == Err(Broken::Open) && !last && data.len() < RECORD_LIMIT {
            return None;
        }
        let is_plain = doubled.is_ok_and(|row| fits(row.cells) && !row.is_odd);
        let mut row = doubled;
        if !is_plain {
            let line = &data[..first_line];
            let escape = Escape::Backslash;
            let escaped = quoted::read(line, separator, escape, most, &mut self.quoted);
            let is_escaped = escaped.is_ok_and(|row| fits(row.cells) && !row.is_odd);
            if is_escaped {
                row = escaped;
            } else {
                row = quoted::read(window, separator, Escape::Doubled, most, &mut self.quoted);
            }
        }
        let flawed = |flaw| Some(Record { length: first_line, lines: 1, row: Err(flaw) });
        let Ok(row) = row else { return flawed(Flaw::OpenQuote) };
        if !fits(row.cells) {
            return flawed(match row.lines {
                1 => Flaw::Columns { found: row.cells, expected: most },
                _ => Flaw::OpenQuote,
            });
        }
        let Cells { text, bounds } = &self.quoted;
        Some(Record { length: row.length, lines: row.lines, row: Ok(Row { text, bounds }) })
    }
}

/// Returns the length of the first line in bytes, including its end; `None` if the line is
/// incomplete or longer than [`RECORD_LIMIT`].
pub(super) fn line_length(data: &[u8], last: bool) -> Option<usize> {
    let window = &data[..data.len().min(RECORD_LIMIT)];
    match memchr(b'\n', window) {
        Some(end) => Some(end + 1),
        None if last && !data.is_empty() && data.len() < RECORD_LIMIT => Some(data.len()),
        None => None,
    }
}

/// Returns a line without its `\n` or `\r\n`.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Separator = Separator::Byte(b',');

    /// Returns the cells of every record with its number of lines; a flaw as its text.
    fn read(text: &str, separator: Separator, width: Option<usize>) -> Vec<(u64, Vec<String>)> {
        let mut splitter = Splitter::new(separator, usize::MAX, width);
        let mut rest = text.as_bytes();
        let mut records = Vec::new();
        while let Some(record) = splitter.next(rest, true) {
            let cells = match record.row {
                Ok(row) => row.cells().map(|c| String::from_utf8_lossy(c).into_owned()).collect(),
                Err(flaw) => vec![flaw.to_string()],
            };
            records.push((record.lines, cells));
            rest = &rest[record.length..];
        }
        assert!(rest.is_empty());
        records
    }

    fn one(text: &str, separator: Separator) -> Vec<String> {
        let records = read(text, separator, None);
        assert_eq!(records.len(), 1, "{records:?}");
        records.into_iter().next().expect("one record").1
    }

    #[test]
    fn cells_lie_between_separators() {
        assert_eq!(one("a,b,,d", COMMA), ["a", "b", "", "d"]);
        assert_eq!(one("a\tb c\r\n", Separator::Byte(b'\t')), ["a", "b c"]);
        assert_eq!(one("1::a:b::\n", Separator::DoubleColon), ["1", "a:b", ""]);
        assert_eq!(one("1|\"a|b\"\n", Separator::Byte(b'|')), ["1", "\"a", "b\""]);
        assert_eq!(one("1\t\"a, b\n", Separator::Byte(b'\t')), ["1", "\"a, b"]);
        assert_eq!(one("  1  2\t3 \n", Separator::Blanks), ["1", "2", "3"]);
        let many = vec!["\"x\""; 100].join(",");
        assert_eq!(one(&many, COMMA), vec!["x"; 100]);
    }

    #[test]
    fn cells_after_the_last_one_of_interest_are_counted() {
        for separator in [COMMA, Separator::Byte(b'\t')] {
            let line = "a,b,c,d\n".replace(',', if separator == COMMA { "," } else { "\t" });
            for (width, fits) in [(3, false), (4, true), (5, false)] {
                let mut splitter = Splitter::new(separator, 2, Some(width));
                let row = splitter.next(line.as_bytes(), true).expect("a record").row;
                assert_eq!(row.is_ok_and(|row| row.cells().count() == 2), fits, "{width}");
            }
        }
    }

    #[test]
    fn rows_of_another_width_are_bad_but_for_empty_cells_at_the_end() {
        let text = "a,b\nc,d,,\nlonely\ne,f,g\n";
        let rows: Vec<_> = read(text, COMMA, Some(2)).into_iter().map(|(_, cells)| cells).collect();
        assert_eq!(rows[1][..2], ["c", "d"]);
        assert_eq!(rows[2], ["1 instead of 2 cells"]);
        assert_eq!(rows[3], ["3 instead of 2 cells"]);
    }

    #[test]
    fn a_stray_quote_costs_one_line() {
        for text in ["1,\"a\n2,b\n3,c\n", "1,\"a\n2,\"b\n3,c\n", "1,\"a\n2,b\",\n3,c\n"] {
            let records = read(text, COMMA, Some(2));
            assert_eq!(records.len(), 3, "{text}");
            assert_eq!(records[0].1, ["a quote is never closed"], "{text}");
            assert_eq!(records[2].1, ["3", "c"], "{text}");
        }
        let records = read("1,\"two\r\nlines\"\r\n2,b\r\n", COMMA, Some(2));
        assert_eq!(records[0], (2, vec!["1".into(), "two\r\nlines".into()]));
        assert_eq!(records[1].1, ["2", "b"]);
    }

    #[test]
    fn a_backslash_before_a_quote_is_recognised() {
        let text = "\"0\";\"Paidos \\\"\"\r\n\"2\";\"\\\"A\\\"; B\"\r\n\"3\";\"C:\\\"\r\n";
        let records = read(text, Separator::Byte(b';'), Some(2));
        let cells: Vec<_> = records.iter().map(|(_, cells)| cells[1].as_str()).collect();
        assert_eq!(cells, ["Paidos \"", "\"A\"; B", "C:\\"]);
    }

    #[test]
    fn a_record_waits_for_its_end() {
        let mut splitter = Splitter::new(COMMA, 2, None);
        assert!(splitter.next(b"a,b", false).is_none());
        assert!(splitter.next(b"a,\"b\n", false).is_none());
        assert!(splitter.next(b"a,\"b\nc\"", false).is_none(), "the quote may be the first of two");
        assert!(splitter.next(b"", true).is_none());
        let endless = vec![b'x'; RECORD_LIMIT + 1];
        assert!(splitter.next(&endless, true).is_none());
    }
}
