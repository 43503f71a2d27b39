//! Reads rows with quoted cells, which may contain separators, line ends and quotes.

use memchr::{memchr, memchr2};

/// Largest number of lines of a row. Without it, a file of open quotes would be searched again and
/// again.
const MOST_LINES: u64 = 1000;

/// Escape of a quote inside quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// `""`, as in RFC 4180.
    Doubled,
    /// `\"`, as MySQL and Book-Crossing write it.
    Backslash,
}

/// A row at the start of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quoted {
    /// Length in bytes, including the line end.
    pub length: usize,
    pub lines: u64,
    pub cells: usize,
    /// Whether a quoted cell contains a quote that is neither escaped nor at its end.
    pub is_odd: bool,
}

/// Cells of a row: their text, and the start and end of each.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub text: Vec<u8>,
    pub bounds: Vec<(usize, usize)>,
}

/// Reads the row at the start of `data` into `cells`.
///
/// # Errors
/// [`Broken`] if a quote is still open at the end, or if the row spans lines and has an odd quote
/// after its first line, or more than `most` cells.
pub(super) fn read(
    data: &[u8],
    separator: u8,
    escape: Escape,
    most: usize,
    cells: &mut Cells,
) -> Result<Quoted, Broken> {
    let Cells { text, bounds } = cells;
    text.clear();
    bounds.clear();
    let mut row = Quoted { length: 0, lines: 1, cells: 0, is_odd: false };
    let mut at = 0;
    loop {
        let start = text.len();
        let blanks = data[at..].iter().take_while(|byte| **byte == b' ').count();
        if data.get(at + blanks) == Some(&b'"') {
            at = quoted_cell(data, at + blanks + 1, separator, escape, text, &mut row)?;
        }
        let end = memchr2(separator, b'\n', &data[at..]).map_or(data.len(), |end| at + end);
        text.extend_from_slice(&data[at..end]);
        row.cells += 1;
        at = end;
        let is_last = data.get(at) != Some(&separator);
        if is_last && text.last() == Some(&b'\r') && text.len() > start {
            text.pop();
        }
        bounds.push((start, text.len()));
        if is_last {
            row.length = (at + 1).min(data.len());
            return Ok(row);
        }
        if row.lines > 1 && row.cells >= most {
            return Err(Broken::TooManyCells);
        }
        at += 1;
    }
}

/// Why a row with quotes is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote is still open at the end of the data.
    Open,
    /// A quoted cell spans lines, and an odd quote follows after its first line.
    OddQuote,
    TooManyCells,
    TooManyLines,
}

/// Appends a quoted cell, from after its opening quote; returns the position after its closing
/// quote.
fn quoted_cell(
    data: &[u8],
    mut at: usize,
    separator: u8,
    escape: Escape,
    text: &mut Vec<u8>,
    row: &mut Quoted,
) -> Result<usize, Broken> {
    loop {
        let rest = &data[at..];
        let next = match escape {
            Escape::Doubled => memchr(b'"', rest),
            Escape::Backslash => memchr2(b'"', b'\\', rest),
        };
        let length = next.ok_or(Broken::Open)?;
        text.extend_from_slice(&rest[..length]);
        row.lines += memchr::memchr_iter(b'\n', &rest[..length]).count() as u64;
        if row.lines > MOST_LINES {
            return Err(Broken::TooManyLines);
        }
        at += length;
        match &data[at..] {
            [b'\\', escaped, ..] => {
                row.lines += u64::from(*escaped == b'\n');
                text.push(*escaped);
                at += 2;
            }
            [b'\\'] => return Err(Broken::Open),
            [_, b'"', ..] if escape == Escape::Doubled => {
                text.push(b'"');
                at += 2;
            }
            [_, rest @ ..] if ends_cell(rest, separator) => return Ok(at + 1),
            _ => {
                row.is_odd = true;
                if row.lines > 1 {
                    return Err(Broken::OddQuote);
                }
                text.push(b'"');
                at += 1;
            }
        }
    }
}

/// Returns whether a cell may end here: before a separator or a line end, after spaces.
fn ends_cell(rest: &[u8], separator: u8) -> bool {
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    match &rest[blanks..] {
        [] | [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'] => true,
        [byte, ..] => *byte == separator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, escape: Escape) -> Result<(Vec<String>, Quoted), Broken> {
        let mut cells = Cells::default();
        let quoted = read(text.as_bytes(), b',', escape, 2, &mut cells)?;
        let cell = |&(start, end): &(usize, usize)| {
            String::from_utf8_lossy(&cells.text[start..end]).into_owned()
        };
        Ok((cells.bounds.iter().map(cell).collect(), quoted))
    }

    #[test]
    fn quotes_hold_separators_quotes_and_line_ends() {
        for (text, cells, lines, is_odd) in [
            ("\"a,b\",\"c \"\"d\"\"\"\r\n", ["a,b", "c \"d\""], 1, false),
            ("\"\",x", ["", "x"], 1, false),
            ("a, \"b, c\" \nd,e\n", ["a", "b, c "], 1, false),
            ("5\",x\n", ["5\"", "x"], 1, false),
            ("1,\"two\r\nlines\"\r\n2,b\n", ["1", "two\r\nlines"], 2, false),
            ("\"a \"b\" c\",d\n", ["a \"b\" c", "d"], 1, true),
        ] {
            let (found, quoted) = row(text, Escape::Doubled).expect(text);
            assert_eq!(found, cells, "{text}");
            assert_eq!((quoted.lines, quoted.is_odd), (lines, is_odd), "{text}");
            assert!(text.len() - quoted.length <= 4, "{text}");
        }
        let (found, quoted) =
            row("\"a\\\"\",\"\\\"B\\\", c\"\n", Escape::Backslash).expect("a row");
        assert_eq!((found, quoted.is_odd), (vec!["a\"".into(), "\"B\", c".into()], false));
    }

    #[test]
    fn a_stray_quote_does_not_swallow_what_follows() {
        for (text, broken) in [
            ("1,\"a\n2,b\n3,c\n", Broken::Open),
            ("1,\"a\n2,\"b\n3,c\n", Broken::OddQuote),
            ("\"a\n2,b\",x,y\n", Broken::TooManyCells),
        ] {
            assert_eq!(row(text, Escape::Doubled).expect_err(text), broken);
        }
        let endless = format!("1,\"a{}\"\n", "\"\"\n".repeat(1200));
        assert_eq!(row(&endless, Escape::Doubled).expect_err("endless"), Broken::TooManyLines);
    }
}
