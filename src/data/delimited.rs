//! Records of a table and their cells. Plain lines are split where they lie; a record with a quote
//! in it goes through `csv-core`, which knows separators, quotes and line ends within quotes.

use memchr::memchr;

use super::flaw::Flaw;
use super::format::RECORD_LIMIT;

/// What parts the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Byte(u8),
    /// `::`, as in MovieLens' `ratings.dat`.
    DoubleColon,
}

impl Separator {
    /// Those that are known, the ones least likely to occur within a cell first.
    pub const ALL: [Self; 5] = [
        Self::DoubleColon,
        Self::Byte(b'\t'),
        Self::Byte(b';'),
        Self::Byte(b'|'),
        Self::Byte(b','),
    ];

    /// Whether cells may be quoted. MovieLens' `|` and `::` files take every byte as it is.
    fn quotes(self) -> bool {
        matches!(self, Self::Byte(b'\t' | b';' | b','))
    }
}

/// A record at the start of some bytes.
pub(super) struct Record<'a> {
    /// Its bytes, line end included.
    pub length: usize,
    /// The lines that it spans: more than one where a quoted cell holds line ends.
    pub lines: u64,
    pub row: Result<Row<'a>, Flaw>,
}

/// The cells of a record.
pub(super) struct Row<'a> {
    text: &'a [u8],
    /// Start and end of each cell in `text`.
    bounds: &'a [(usize, usize)],
}

impl<'a> Row<'a> {
    pub fn get(&self, position: usize) -> Option<&'a [u8]> {
        self.bounds.get(position).map(|&(start, end)| &self.text[start..end])
    }

    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a [u8]> {
        self.bounds.iter().map(|&(start, end)| &self.text[start..end])
    }

    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// Splits records into cells. Its buffers are kept from record to record.
pub(super) struct Splitter {
    separator: Separator,
    /// Cells after this many are of no interest.
    limit: usize,
    bounds: Vec<(usize, usize)>,
    quoted: Box<csv_core::Reader>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    pub fn new(separator: Separator, limit: usize) -> Self {
        let mut quoted = csv_core::ReaderBuilder::new();
        quoted.terminator(csv_core::Terminator::Any(b'\n'));
        if let Separator::Byte(byte) = separator {
            quoted.delimiter(byte);
        }
        Self {
            separator,
            limit,
            bounds: Vec::new(),
            quoted: Box::new(quoted.build()),
            text: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The record at the start of `data`; `None` if its end is not there yet. With `last` the end
    /// of `data` ends the record too.
    pub fn next<'a>(&'a mut self, data: &'a [u8], last: bool) -> Option<Record<'a>> {
        let length = line_length(data, last)?;
        let line = without_line_end(&data[..length]);
        if self.separator.quotes() && memchr(b'"', line).is_some() {
            return self.next_quoted(data, length, last);
        }
        self.bounds.clear();
        match self.separator {
            Separator::Byte(byte) => self.split(line, 1, |ix| line[ix] == byte),
            Separator::DoubleColon => self.split(line, 2, |ix| line[ix..].starts_with(b"::")),
        }
        Some(Record { length, lines: 1, row: Ok(Row { text: line, bounds: &self.bounds }) })
    }

    #[inline]
    fn split(&mut self, line: &[u8], width: usize, is_separator: impl Fn(usize) -> bool) {
        let (mut start, mut ix) = (0, 0);
        while ix < line.len() {
            if is_separator(ix) {
                self.bounds.push((start, ix));
                if self.bounds.len() >= self.limit {
                    return;
                }
                ix += width;
                start = ix;
            } else {
                ix += 1;
            }
        }
        self.bounds.push((start, line.len()));
    }

    /// Reads line after line until every quote is closed. A quote that stays open is a flaw of its
    /// first line alone, so that it cannot swallow the rest of the file.
    fn next_quoted<'a>(
        &'a mut self,
        data: &'a [u8],
        first_line: usize,
        last: bool,
    ) -> Option<Record<'a>> {
        self.quoted.reset();
        let (mut written, mut cells) = (0, 0);
        let (mut length, mut lines) = (0, 0);
        let mut next_line = Some(first_line);
        while let Some(line) = next_line
            && length + line <= RECORD_LIMIT
        {
            let line = &data[length..length + line];
            length += line.len();
            lines += 1;
            let closed = self.read_quoted(line, &mut written, &mut cells)
                || !line.ends_with(b"\n") && self.read_quoted(b"\n", &mut written, &mut cells);
            if closed {
                let row = self.quoted_row(&data[..length], cells);
                return Some(Record { length, lines, row: Ok(row) });
            }
            next_line = line_length(&data[length..], last);
        }
        let undecided = next_line.is_none() && !last && data.len() < RECORD_LIMIT;
        (!undecided).then_some(Record { length: first_line, lines: 1, row: Err(Flaw::OpenQuote) })
    }

    /// Reads on; whether that was the end of the record.
    fn read_quoted(&mut self, mut input: &[u8], written: &mut usize, cells: &mut usize) -> bool {
        // `csv-core` wants a byte of room even when it has nothing more to write.
        self.text.resize(self.text.len().max(*written + input.len() + 1), 0);
        loop {
            self.ends.resize(self.ends.len().max(*cells + 8), 0);
            let (result, read, wrote, ended) = self.quoted.read_record(
                input,
                &mut self.text[*written..],
                &mut self.ends[*cells..],
            );
            *written += wrote;
            *cells += ended;
            match result {
                csv_core::ReadRecordResult::OutputEndsFull => input = &input[read..],
                result => return result == csv_core::ReadRecordResult::Record,
            }
        }
    }

    /// The cells as `csv-core` wrote them, one behind the other.
    fn quoted_row(&mut self, record: &[u8], cells: usize) -> Row<'_> {
        // `csv-core` was told of the line feed alone, so that a carriage return within a line stays.
        if record.ends_with(b"\r\n") {
            self.ends[cells - 1] -= 1;
        }
        self.bounds.clear();
        let mut start = 0;
        for &end in self.ends[..cells].iter().take(self.limit) {
            self.bounds.push((start, end));
            start = end;
        }
        Row { text: &self.text, bounds: &self.bounds }
    }
}

/// Bytes of the first line, its end included; `None` if its end is not there, or past
/// [`RECORD_LIMIT`].
pub(super) fn line_length(data: &[u8], last: bool) -> Option<usize> {
    let window = &data[..data.len().min(RECORD_LIMIT)];
    match memchr(b'\n', window) {
        Some(end) => Some(end + 1),
        None if last && !data.is_empty() && data.len() < RECORD_LIMIT => Some(data.len()),
        None => None,
    }
}

/// A line without its `\n` or `\r\n`.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of every record, with the lines that it spans; a flaw as its text.
    fn read(text: &str, separator: Separator) -> Vec<(u64, Vec<String>)> {
        let mut splitter = Splitter::new(separator, usize::MAX);
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
        let records = read(text, separator);
        assert_eq!(records.len(), 1, "{records:?}");
        records.into_iter().next().expect("one record").1
    }

    #[test]
    fn cells_lie_between_separators() {
        assert_eq!(one("a,b,,d", Separator::Byte(b',')), ["a", "b", "", "d"]);
        assert_eq!(one("a\tb c\r\n", Separator::Byte(b'\t')), ["a", "b c"]);
        assert_eq!(one("1::a:b::\n", Separator::DoubleColon), ["1", "a:b", ""]);
        assert_eq!(one("1|\"a|b\"\n", Separator::Byte(b'|')), ["1", "\"a", "b\""]);
    }

    #[test]
    fn quotes_hold_separators_quotes_and_line_ends() {
        let comma = Separator::Byte(b',');
        assert_eq!(one("\"a,b\",\"c \"\"d\"\"\"\r\n", comma), ["a,b", "c \"d\""]);
        assert_eq!(one("\"\",x,\"\"", comma), ["", "x", ""]);
        assert_eq!(one("5\",x", comma), ["5\"", "x"]);
        assert_eq!(one("a,\"b\r\"\n", comma), ["a", "b\r"]);
        let many = vec!["\"x\""; 100].join(",");
        assert_eq!(one(&many, comma), vec!["x"; 100]);
        assert_eq!(
            read("1,\"two\r\nlines\"\r\n2,b\r\n", comma),
            [(2, vec!["1".into(), "two\r\nlines".into()]), (1, vec!["2".into(), "b".into()])]
        );
    }

    #[test]
    fn an_open_quote_costs_one_line() {
        let records = read("1,\"a\n2,b\n3,c\n", Separator::Byte(b','));
        assert_eq!(records.len(), 3);
        assert_eq!(records[0].1, ["a quote is never closed"]);
        assert_eq!(records[2].1, ["3", "c"]);
    }

    #[test]
    fn a_record_waits_for_its_end() {
        let mut splitter = Splitter::new(Separator::Byte(b','), 2);
        assert!(splitter.next(b"a,b", false).is_none());
        assert!(splitter.next(b"a,\"b\n", false).is_none());
        assert!(splitter.next(b"", true).is_none());
        let endless = vec![b'x'; RECORD_LIMIT + 1];
        assert!(splitter.next(&endless, true).is_none());
    }
}
