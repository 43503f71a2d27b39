//! Reads the records of one file, in any format and from chunks of any size.

use super::cells::{Cells, MAX_CELLS, RECORD_LIMIT};
use super::delimited::{Row, Splitter, line_length, without_line_end};
use super::flaw::Flaw;
use super::format::{Sample, Shape};
use super::json::{self, Keys};
use super::sought::Found;
use crate::error::{Error, Result};

/// Result of reading a record.
type CellsOrFlaw<'a> = std::result::Result<Cells<'a>, Flaw>;

/// A record with its position.
pub(super) struct Record<'a> {
    /// Line on which it starts, from 1.
    pub line: u64,
    /// Whether an earlier record is on the same line.
    pub is_next: bool,
    /// Text of the record.
    pub text: &'a [u8],
    pub cells: CellsOrFlaw<'a>,
}

/// Reads one file's records from chunks. The result does not depend on the chunks: the format is
/// detected from a head of fixed length, and a record is passed on only when it is complete.
pub(super) struct Reader {
    file: String,
    parser: Parser,
    /// Number of lines read so far.
    line: u64,
    /// Number of blank lines among them.
    pub blank: u64,
    /// Bytes of the incomplete record.
    carry: Vec<u8>,
}

enum Parser {
    Table { splitter: Splitter, positions: [Option<usize>; MAX_CELLS] },
    Lists(Splitter),
    Blocks { splitter: Splitter, positions: [Option<usize>; MAX_CELLS], block: Vec<u8> },
    JsonLines(Keys),
    JsonArray(Keys),
}

impl Reader {
    /// Returns a reader for a file with the given `head`: its first [`RECORD_LIMIT`] bytes, or all
    /// of it. The first `ids` columns are ids.
    ///
    /// # Errors
    /// [`Error::Data`] if the head contains a NUL character.
    pub fn new(
        file: &str,
        mut head: Vec<u8>,
        sample: &Sample,
        found: &Found,
        ids: usize,
    ) -> Result<Self> {
        let mut positions = [None; MAX_CELLS];
        positions[..found.positions.len()].copy_from_slice(&found.positions);
        let limit = positions.iter().flatten().max().map_or(0, |last| last + 1);
        let width = sample.rows.first().map(Vec::len);
        let keys = || {
            let key = |position: Option<usize>| Some(sample.rows[0][position?].clone());
            Keys::new(positions.map(key), ids)
        };
        let parser = match sample.shape {
            Shape::Table(separator) => {
                Parser::Table { splitter: Splitter::new(separator, limit, width), positions }
            }
            Shape::Lists(separator) => Parser::Lists(Splitter::new(separator, usize::MAX, None)),
            Shape::Blocks(separator) => Parser::Blocks {
                splitter: Splitter::new(separator, limit, width.map(|width| width - 1)),
                positions,
                block: Vec::new(),
            },
            Shape::JsonLines => Parser::JsonLines(keys()),
            Shape::JsonArray => Parser::JsonArray(keys()),
        };
        let start = sample.start_of_body(found);
        let mut reader = Self { file: file.into(), parser, line: 0, blank: 0, carry: Vec::new() };
        reader.check(&head)?;
        head.drain(..start.byte);
        (reader.line, reader.carry) = (start.lines, head);
        Ok(reader)
    }

    /// Passes the records that `chunk` completes to `take`. If `last` is true, the file ends here,
    /// and the rest is also a record.
    ///
    /// # Errors
    /// Errors of `take`; [`Error::Data`] for a line that is too long, or a NUL character.
    pub fn push(
        &mut self,
        chunk: &[u8],
        last: bool,
        take: &mut impl FnMut(Record<'_>) -> Result<()>,
    ) -> Result<()> {
        self.check(chunk)?;
        let mut rest = chunk;
        if !self.carry.is_empty() {
            // Usually one line completes the record. A record with an open quote or a JSON element
            // can need more.
            let line_end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            rest = self.push_carried(rest, line_end, take)?;
            if !self.carry.is_empty() && !rest.is_empty() {
                rest = self.push_carried(rest, rest.len(), take)?;
            }
        }
        if !rest.is_empty() {
            let used = self.read(rest, false, take)?;
            self.carry.extend_from_slice(&rest[used..]);
        }
        if last {
            let carry = std::mem::take(&mut self.carry);
            self.read(&carry, true, take)?;
        }
        Ok(())
    }

    /// Rejects a NUL character, which text does not contain.
    ///
    /// # Errors
    /// [`Error::Data`].
    fn check(&self, chunk: &[u8]) -> Result<()> {
        let Some(at) = memchr::memchr(0, chunk) else { return Ok(()) };
        let lines = |bytes| memchr::memchr_iter(b'\n', bytes).count() as u64;
        let line = self.line + lines(&self.carry) + lines(&chunk[..at]) + 1;
        Err(Error::Data {
            file: self.file.clone(),
            problem: format!(
                "line {line} has a NUL character: the file is damaged, or not text. If it is UTF-16, \
                 set `data.encoding`"
            ),
            lines: Vec::new(),
        })
    }

    /// Appends the first `count` bytes of `chunk` to the carried bytes and reads these bytes;
    /// returns the rest of `chunk`.
    fn push_carried<'c>(
        &mut self,
        chunk: &'c [u8],
        count: usize,
        take: &mut impl FnMut(Record<'_>) -> Result<()>,
    ) -> Result<&'c [u8]> {
        let mut carry = std::mem::take(&mut self.carry);
        carry.extend_from_slice(&chunk[..count]);
        let used = self.read(&carry, false, take)?;
        carry.drain(..used);
        self.carry = carry;
        Ok(&chunk[count..])
    }

    /// Passes on the complete records of `data`; returns their length in bytes.
    fn read(
        &mut self,
        data: &[u8],
        last: bool,
        take: &mut impl FnMut(Record<'_>) -> Result<()>,
    ) -> Result<usize> {
        let mut used = 0;
        loop {
            let rest = &data[used..];
            if let [b'\n', ..] | [b'\r', b'\n', ..] = rest {
                used += if rest[0] == b'\n' { 1 } else { 2 };
                self.line += 1;
                self.blank += 1;
                continue;
            }
            if let Parser::JsonArray(_) = self.parser
                && let skipped @ 1.. = json::between(rest)
            {
                used += skipped;
                self.line += memchr::memchr_iter(b'\n', &rest[..skipped]).count() as u64;
                continue;
            }
            let Some((length, lines)) = self.parser.next(rest, last, self.line + 1, take)? else {
                if rest.len() < RECORD_LIMIT {
                    return Ok(used);
                }
                return Err(Error::Data {
                    file: self.file.clone(),
                    problem: format!(
                        "line {} is longer than {} KiB",
                        self.line + 1,
                        RECORD_LIMIT / 1024
                    ),
                    lines: Vec::new(),
                });
            };
            used += length;
            self.line += lines;
        }
    }
}

impl Parser {
    /// Passes on the record at the start of `data`, or the records of its line; returns the
    /// number of their bytes and lines.
    #[inline]
    fn next(
        &mut self,
        data: &[u8],
        last: bool,
        line: u64,
        take: &mut impl FnMut(Record<'_>) -> Result<()>,
    ) -> Result<Option<(usize, u64)>> {
        let mut hand_on = |length: usize, is_next, cells: CellsOrFlaw<'_>| {
            take(Record { line, is_next, text: &data[..length], cells })
        };
        Ok(Some(match self {
            Self::Table { splitter, positions } => {
                let Some(record) = splitter.next(data, last) else { return Ok(None) };
                let cells = record.row.map(|row| pick(positions, |at| row.get(at)));
                hand_on(record.length, false, cells)?;
                (record.length, record.lines)
            }
            Self::Lists(splitter) => {
                let Some(record) = splitter.next(data, last) else { return Ok(None) };
                let (length, lines) = (record.length, record.lines);
                match record.row {
                    Ok(row) => list(&row, |is_next, cells| hand_on(length, is_next, Ok(cells)))?,
                    Err(flaw) => hand_on(length, false, Err(flaw))?,
                }
                (length, lines)
            }
            Self::Blocks { splitter, positions, block } => {
                let Some(record) = splitter.next(data, last) else { return Ok(None) };
                if let [name @ .., b':'] = data[..record.length].trim_ascii() {
                    *block = name.to_vec();
                } else {
                    // Position 0 is the block's item; the cells of the row follow.
                    let cells = record.row.map(|row| {
                        pick(positions, |at| match at.checked_sub(1) {
                            Some(at) => row.get(at),
                            None => Some(&block[..]),
                        })
                    });
                    hand_on(record.length, false, cells)?;
                }
                (record.length, record.lines)
            }
            Self::JsonLines(keys) => {
                let Some(length) = line_length(data, last) else { return Ok(None) };
                let line = without_line_end(&data[..length]);
                hand_on(length, false, keys.read(line).ok_or(Flaw::NotAnObject))?;
                (length, 1)
            }
            Self::JsonArray(keys) => {
                let length = match json::element(&data[..data.len().min(RECORD_LIMIT)]) {
                    Some(length) => length,
                    None if last && !data.is_empty() && data.len() < RECORD_LIMIT => data.len(),
                    None => return Ok(None),
                };
                let element = &data[..length];
                hand_on(length, false, keys.read(element).ok_or(Flaw::NotAnObject))?;
                (length, memchr::memchr_iter(b'\n', element).count() as u64)
            }
        }))
    }
}

#[inline]
fn pick<'a>(
    positions: &[Option<usize>; MAX_CELLS],
    cell: impl Fn(usize) -> Option<&'a [u8]>,
) -> Cells<'a> {
    let mut cells = Cells::default();
    for (place, position) in cells.iter_mut().zip(positions) {
        if let Some(found) = position.and_then(&cell) {
            *place = found;
        }
    }
    cells
}

/// Passes on a pair for each item after the user of a row.
fn list(row: &Row<'_>, mut hand_on: impl FnMut(bool, Cells<'_>) -> Result<()>) -> Result<()> {
    let mut cells = row.cells();
    let user = cells.next().unwrap_or_default();
    for (n, item) in cells.filter(|item| !item.trim_ascii().is_empty()).enumerate() {
        let mut pair = Cells::default();
        (pair[0], pair[1]) = (user, item);
        hand_on(n > 0, pair)?;
    }
    Ok(())
}
