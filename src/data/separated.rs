//! Splits the first rows of a file, and finds their separator.

use super::delimited::{Separator, Splitter, without_line_end};

/// Number of rows that decide the separator.
pub(super) const ROWS_OF_SEPARATOR: usize = 100;

/// Number of rows that decide the columns.
pub(super) const ROWS: usize = 2000;

/// Smallest percentage of rows with the same number of cells in a table.
pub(super) const AGREE: usize = 80;

/// A position in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Start {
    pub byte: usize,
    /// Lines before it.
    pub lines: u64,
}

/// Rows split by a separator.
pub(super) struct Rows {
    pub cells: Vec<Vec<String>>,
    /// Start of each row, and the end of the last one.
    pub starts: Vec<Start>,
    /// Most frequent number of cells, and the percentage of rows with it.
    pub width: usize,
    pub agree: usize,
}

impl Rows {
    /// Splits the first rows by a named separator, by that of a line `sep=;`, or by the likeliest
    /// one. `None` if no separator gives columns.
    pub fn split(head: &[u8], whole: bool, named: Option<Separator>) -> Option<(Separator, Self)> {
        let excel = excel_separator(head);
        let start = excel.map_or_else(Start::default, |(_, byte)| Start { byte, lines: 1 });
        let read = |separator, most| Self::read(separator, head, start, whole, most);
        let separator = named.or(excel.map(|(separator, _)| separator)).or_else(|| {
            let all = Separator::ALL
                .map(|(separator, _)| (separator, read(separator, ROWS_OF_SEPARATOR)));
            let columns = all.into_iter().filter(|(_, rows)| rows.width > 1);
            columns.max_by_key(likeness).map(|(separator, _)| separator)
        })?;
        Some((separator, read(separator, ROWS)))
    }

    fn read(separator: Separator, head: &[u8], start: Start, whole: bool, most: usize) -> Self {
        let mut splitter = Splitter::new(separator, usize::MAX, None);
        let mut at = start;
        let (mut cells, mut starts) = (Vec::new(), Vec::new());
        while cells.len() < most
            && let Some(record) = splitter.next(&head[at.byte..], whole)
        {
            if let Ok(row) = record.row
                && !row.is_blank()
            {
                starts.push(at);
                cells.push(row.cells().map(text).collect::<Vec<String>>());
            }
            at = Start { byte: at.byte + record.length, lines: at.lines + record.lines };
        }
        starts.push(at);
        let (width, agreeing) = modal_width(&cells);
        Self { agree: agreeing * 100 / cells.len().max(1), width, cells, starts }
    }
}

/// Returns the most frequent number of cells, the larger one if equal, and the number of rows with
/// it.
fn modal_width(rows: &[Vec<String>]) -> (usize, usize) {
    let agreeing = |width: usize| rows.iter().filter(|row| row.len() == width).count();
    let widths = rows.iter().map(Vec::len);
    let counts = widths.take(ROWS_OF_SEPARATOR).map(|width| (agreeing(width), width));
    counts.max().map_or((0, 0), |(count, width)| (width, count))
}

/// Ranks a separator: by the share of rows with the same width, then by how early it occurs in
/// them. Blanks come last, since many cells contain them.
fn likeness((separator, rows): &(Separator, Rows)) -> impl Ord + use<> {
    let first_cells: usize = rows.cells.iter().map(|row| row[0].len()).sum();
    let is_blanks = *separator == Separator::Blanks;
    (rows.agree >= AGREE, !is_blanks, rows.agree, std::cmp::Reverse(first_cells))
}

/// Returns the separator of a first line `sep=;`, and the length of that line.
fn excel_separator(head: &[u8]) -> Option<(Separator, usize)> {
    let end = memchr::memchr(b'\n', head)?;
    match without_line_end(&head[..=end]).strip_prefix(b"sep=") {
        Some([byte]) => Some((Separator::Byte(*byte), end + 1)),
        _ => None,
    }
}

/// Returns a cell as text; invalid UTF-8 does not matter here.
fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}
