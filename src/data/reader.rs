//! One file as a run of records, whatever its format and however its bytes come in.

use super::columns::{self, Found, Sought};
use super::delimited::{Row, Splitter, line_length, without_line_end};
use super::flaw::Flaw;
use super::format::{RECORD_LIMIT, Sample, Shape};
use super::json::Keys;
use crate::config::FEATURE_COLUMNS;
use crate::error::{Error, Result};

/// The most columns that are read from a file: id, title and features.
pub(super) const MAX_CELLS: usize = 2 + FEATURE_COLUMNS;

/// The cells of a record in the order in which their columns were sought; empty where a column was
/// not sought or the cell is empty.
pub(super) type Cells<'a> = [&'a [u8]; MAX_CELLS];

/// What became of a record.
type CellsOrFlaw<'a> = std::result::Result<Cells<'a>, Flaw>;

/// A record as it is handed on.
pub(super) struct Record<'a> {
    /// The line on which it starts, from 1.
    pub line: u64,
    /// Its text.
    pub text: &'a [u8],
    pub cells: CellsOrFlaw<'a>,
}

/// Reads one file's records out of chunks. What does not depend on the chunks: the format is judged
/// by a head of fixed length, and a record is handed on only when its end is there.
pub(super) struct Reader {
    file: String,
    parser: Parser,
    /// Records have yet to come: the header, if there is one, is the first.
    skip_header: bool,
    /// Lines read so far.
    line: u64,
    /// Bytes that no record has used yet.
    carry: Vec<u8>,
}

enum Parser {
    Table { splitter: Splitter, positions: [Option<usize>; MAX_CELLS], width: usize },
    JsonLines(Keys),
}

/// A reader for a file, and what its head told.
pub(super) struct Opened {
    pub reader: Reader,
    /// Whether each of the columns sought is there.
    pub has: [bool; MAX_CELLS],
    /// Mean length of a line in bytes.
    pub line_bytes: f64,
}

impl Reader {
    /// Judges a file by its head: the first [`RECORD_LIMIT`] bytes, or all of it (`whole`).
    ///
    /// # Errors
    /// As [`Sample::of`] and [`columns::find`].
    pub fn open(file: &str, head: Vec<u8>, whole: bool, sought: &[Sought<'_>]) -> Result<Opened> {
        let bom = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let sample = Sample::of(file, &head[bom..], whole)?;
        let Found { header, positions: found } = columns::find(file, &sample, sought)?;
        let mut positions = [None; MAX_CELLS];
        positions[..found.len()].copy_from_slice(&found);
        let parser = match sample.shape {
            Shape::Table(separator) => {
                let width = positions.iter().flatten().max().map_or(0, |last| last + 1);
                Parser::Table { splitter: Splitter::new(separator, width), positions, width }
            }
            Shape::JsonLines => Parser::JsonLines(Keys::new(
                positions.map(|position| Some(sample.rows[0][position?].clone())),
            )),
        };
        let skip_header = header && !sample.is_json();
        let mut carry = head;
        carry.drain(..bom);
        let reader = Self { file: file.into(), parser, skip_header, line: 0, carry };
        let has = positions.map(|position| position.is_some());
        Ok(Opened { reader, has, line_bytes: sample.line_bytes })
    }

    /// Hands on the records that `chunk` completes.
    ///
    /// # Errors
    /// What `take` returns; [`Error::Data`] for a line without an end.
    pub fn push(
        &mut self,
        chunk: &[u8],
        take: &mut impl FnMut(Record<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut rest = chunk;
        if !self.carry.is_empty() {
            // A line is all that a record mostly lacks; only one with an open quote takes more.
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
        Ok(())
    }

    /// Hands on what is left, as the end of the file.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self, take: &mut impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        let carry = std::mem::take(&mut self.carry);
        self.read(&carry, true, take)?;
        Ok(())
    }

    /// Moves some bytes of `chunk` behind the carried ones and reads those; the rest of `chunk`.
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

    /// Hands on the records of `data` whose end is there; the bytes that they take.
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
                continue;
            }
            let Some((length, lines, cells)) = self.parser.next(rest, last) else {
                if rest.len() < RECORD_LIMIT {
                    return Ok(used);
                }
                return Err(Error::Data {
                    file: self.file.clone(),
                    problem: format!(
                        "line {} has no end within {} KiB",
                        self.line + 1,
                        RECORD_LIMIT / 1024
                    ),
                    lines: Vec::new(),
                });
            };
            if !std::mem::take(&mut self.skip_header) {
                take(Record { line: self.line + 1, text: &rest[..length], cells })?;
            }
            used += length;
            self.line += lines;
        }
    }
}

impl Parser {
    /// The record at the start of `data`: its bytes, its lines and its cells.
    #[inline]
    fn next<'a>(&'a mut self, data: &'a [u8], last: bool) -> Option<(usize, u64, CellsOrFlaw<'a>)> {
        match self {
            Self::Table { splitter, positions, width } => {
                let record = splitter.next(data, last)?;
                let cells = record.row.and_then(|row| pick(&row, positions, *width));
                Some((record.length, record.lines, cells))
            }
            Self::JsonLines(keys) => {
                let length = line_length(data, last)?;
                let line = without_line_end(&data[..length]);
                Some((length, 1, keys.read(line).ok_or(Flaw::NotAnObject)))
            }
        }
    }
}

#[inline]
fn pick<'a>(
    row: &Row<'a>,
    positions: &[Option<usize>; MAX_CELLS],
    width: usize,
) -> CellsOrFlaw<'a> {
    if row.len() < width {
        return Err(Flaw::TooFewColumns { found: row.len(), expected: width });
    }
    let mut cells = Cells::default();
    for (cell, position) in cells.iter_mut().zip(positions) {
        if let Some(found) = position.and_then(|position| row.get(position)) {
            *cell = found;
        }
    }
    Ok(cells)
}
