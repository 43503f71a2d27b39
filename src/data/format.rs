//! Detects the format of a file from its first bytes.

use super::delimited::Separator;
use super::json;
use super::separated::{AGREE, ROWS, ROWS_OF_SEPARATOR, Rows, Start};
use super::sought::Found;
use super::{number, roles};
use crate::config::Layout;
use crate::error::{Error, Result};

/// Layout of a file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Rows of cells.
    Table(Separator),
    /// A line for each user: the user, then all their items.
    Lists(Separator),
    /// Rows below a line such as `17:`, which names their item.
    Blocks(Separator),
    /// One JSON object a line.
    JsonLines,
    /// An array of JSON objects.
    JsonArray,
}

/// Options of a file's format.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Format<'a> {
    pub separator: Option<&'a str>,
    pub layout: Option<Layout>,
    /// Whether the file contains pairs: only then it may have lists or blocks.
    pub is_pairs: bool,
}

/// First rows of a file.
#[derive(Debug)]
pub(super) struct Sample {
    pub shape: Shape,
    /// Cells by row. The first row may be a header; in JSON it contains the keys.
    pub rows: Vec<Vec<String>>,
    /// Start of each row, and the end of the last one.
    pub starts: Vec<Start>,
    /// Lines above the first row, each as `line 1: text`.
    pub skipped: Vec<String>,
    /// Mean length of a line in bytes, its end included.
    pub line_bytes: f64,
}

impl Sample {
    /// Reads the first [`RECORD_LIMIT`](super::cells::RECORD_LIMIT) bytes of a file, or the `whole` file.
    ///
    /// # Errors
    /// [`Error::Data`] for text that is neither a table nor JSON.
    pub fn of(file: &str, head: &[u8], whole: bool, format: Format<'_>) -> Result<Self> {
        let refusal = |problem: &str| Error::Data {
            file: file.into(),
            problem: problem.into(),
            lines: Vec::new(),
        };
        let lines = memchr::memchr_iter(b'\n', head).count().max(1);
        let line_bytes = head.len() as f64 / lines as f64;
        let is_table = format.separator.is_some();
        match head.trim_ascii_start() {
            [] => Err(refusal("it has no lines of data")),
            [b'[', ..] if !is_table => json_rows(json::elements(head))
                .map(|rows| Self::of_json(Shape::JsonArray, rows, line_bytes))
                .ok_or_else(|| refusal("a JSON array must contain objects, one for each record")),
            [b'{', ..] if !is_table => json_rows(head.split(|&byte| byte == b'\n'))
                .map(|rows| Self::of_json(Shape::JsonLines, rows, line_bytes))
                .ok_or_else(|| {
                    refusal(
                        "it begins like JSON lines, but no line is a JSON object. Python \
                         dictionaries are not JSON: write them with `json.dumps`",
                    )
                }),
            _ => Rows::split(head, whole, format.separator.and_then(Separator::named))
                .map(|(separator, rows)| Self::of_rows(separator, rows, format, line_bytes))
                .ok_or_else(|| refusal("it has no columns. Set `data.separator`")),
        }
    }

    /// Decides the shape of rows, and skips the lines above the first row of data or its header.
    fn of_rows(separator: Separator, rows: Rows, format: Format<'_>, line_bytes: f64) -> Self {
        let Rows { mut cells, mut starts, width, agree } = rows;
        let shape = match format.layout {
            Some(Layout::Lists) if format.is_pairs => Shape::Lists(separator),
            None if format.is_pairs && is_block(&cells) => Shape::Blocks(separator),
            None if format.is_pairs && agree < AGREE && are_lists(&cells) => {
                Shape::Lists(separator)
            }
            _ => Shape::Table(separator),
        };
        let of_table = matches!(shape, Shape::Table(_));
        // A separator at the end of each line does not begin a column.
        let is_open = width > 1
            && cells.iter().filter(|row| row.len() == width).all(|row| row[width - 1].is_empty());
        let named_width = width - usize::from(is_open);
        let is_above = |row: &mut Vec<String>| {
            (is_comment(row) || of_table && row.len() != width) && !names_columns(row, named_width)
        };
        let above = cells.iter_mut().position(|row| !is_above(row)).unwrap_or_default();
        let skipped = cells
            .drain(..above)
            .zip(starts.drain(..above))
            .map(|(row, start)| format!("line {}: {}", start.lines + 1, row.join(" ")))
            .collect();
        if let Shape::Blocks(_) = shape {
            cells = with_block(cells);
        }
        Self { shape, rows: cells, starts, skipped, line_bytes }
    }

    fn of_json(shape: Shape, rows: Vec<Vec<String>>, line_bytes: f64) -> Self {
        let starts = vec![Start::default(); 2];
        Self { shape, rows, starts, skipped: Vec::new(), line_bytes }
    }

    pub fn is_json(&self) -> bool {
        matches!(self.shape, Shape::JsonLines | Shape::JsonArray)
    }

    /// Returns the rows below the header, if there is one.
    pub fn body(&self, header: bool) -> &[Vec<String>] {
        &self.rows[usize::from(header).min(self.rows.len())..]
    }

    /// Returns the start of the records.
    pub fn start_of_body(&self, found: &Found) -> Start {
        self.starts[usize::from(found.header && !self.is_json()).min(self.starts.len() - 1)]
    }
}

fn is_comment(row: &[String]) -> bool {
    row[0].trim_start().starts_with(['#', '%'])
}

/// Returns whether a comment, or a row of another width, is the header. If it is, the row becomes
/// its names, padded to the width of the other rows.
fn names_columns(row: &mut Vec<String>, width: usize) -> bool {
    let mut cells = row.clone();
    cells[0] = cells[0].trim_start_matches(['#', '%', ' ']).into();
    if cells[0].is_empty() && is_comment(row) {
        cells.remove(0);
    }
    // R does not name the column of row numbers.
    if cells.len() + 1 == width {
        cells.insert(0, String::new());
    }
    let names = cells.len() == width && cells.iter().any(|cell| roles::is_known(cell));
    if names {
        *row = cells;
    }
    names
}

/// Returns whether rows of different lengths contain an id in every cell.
fn are_lists(rows: &[Vec<String>]) -> bool {
    let is_fraction = |cell: &str| number::parse(cell).is_some_and(|number| number.fract() != 0.0);
    let is_id = |cell: &String| {
        let cell = cell.trim();
        !cell.contains(|sign: char| sign == '"' || sign.is_whitespace()) && !is_fraction(cell)
    };
    rows.len() > 1
        && !rows[0].iter().any(|cell| roles::is_known(cell))
        && rows.iter().filter(|row| !is_comment(row)).all(|row| row.iter().all(is_id))
}

/// Returns whether the first row begins a block, as in the files of the Netflix prize.
fn is_block(rows: &[Vec<String>]) -> bool {
    rows.first().is_some_and(|row| block_name(row).is_some())
}

/// Returns the name of the block that a row begins.
fn block_name(row: &[String]) -> Option<&str> {
    let [cell] = row else { return None };
    let name = cell.trim().strip_suffix(':')?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

/// Inserts the name of its block before each row.
fn with_block(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut block = String::new();
    let mut named = Vec::new();
    for mut row in rows {
        if let Some(name) = block_name(&row) {
            block = name.into();
        } else {
            row.insert(0, block.clone());
            named.push(row);
        }
    }
    named
}

/// Returns the keys of JSON records in order of first occurrence, and below them the values.
fn json_rows<'a>(records: impl Iterator<Item = &'a [u8]>) -> Option<Vec<Vec<String>>> {
    let objects: Vec<_> = records.filter_map(json::object).take(ROWS).collect();
    let mut keys: Vec<String> = Vec::new();
    for key in objects.iter().take(ROWS_OF_SEPARATOR).flat_map(|object| object.keys()) {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    let values = |object: &json::Object| -> Vec<String> {
        keys.iter().map(|key| object.get(key).map_or_else(String::new, json::plain)).collect()
    };
    let rows: Vec<_> = objects.iter().map(values).collect();
    (!keys.is_empty()).then(|| [vec![keys], rows].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &[u8]) -> Result<Sample> {
        Sample::of("f", text, true, Format { is_pairs: true, ..Format::default() })
    }

    #[test]
    fn separators_are_told_apart() {
        for (text, separator, columns) in [
            ("user,item\n1,2\n", Separator::Byte(b','), 2),
            ("196\t242\t3\n", Separator::Byte(b'\t'), 3),
            ("1::1193::5::978300760\n", Separator::DoubleColon, 4),
            ("u;i;r\n1;2;3,5\n1;3;4,5\n", Separator::Byte(b';'), 3),
            ("1|Toy Story (1995)|a,b\n2|GoldenEye|c\n", Separator::Byte(b'|'), 3),
            ("1,2,Action|Drama\n1,3,War|Drama\n", Separator::Byte(b','), 3),
            ("item,title\n1,\"a;b|c\"\n2,\"d, e\"\n", Separator::Byte(b','), 2),
            ("user,item,time\n1,2,2010-12-01 08:26\n", Separator::Byte(b','), 3),
            ("  1  2 3\n 1 12 4\n", Separator::Blanks, 3),
            ("sep=|\r\n1|2\r\n1|3\r\n", Separator::Byte(b'|'), 2),
            ("sep=\t\n1\t2\n1\t3\n", Separator::Byte(b'\t'), 2),
        ] {
            let sample = sample(text.as_bytes()).expect("a table");
            assert_eq!(sample.shape, Shape::Table(separator), "{text}");
            assert!(sample.rows.iter().all(|row| row.len() == columns), "{text}");
        }
    }

    #[test]
    fn lines_of_different_length_are_lists_of_ids() {
        for (text, separator) in [
            ("0 90 91\n1 91\n2 92 93 94\n", Separator::Blanks),
            ("ann,apple,pear\nbob,fig\ncem,apple,fig,kiwi\n", Separator::Byte(b',')),
            ("0\t90\t91\n1\t91\n2\t92\t93\t94\n", Separator::Byte(b'\t')),
        ] {
            assert_eq!(sample(text.as_bytes()).expect("lists").shape, Shape::Lists(separator));
        }
        let comments = "1,2,Fine\n1,3,Fine, but long\n2,2,A b, c, d\n2,4,E, f\n";
        assert!(matches!(sample(comments.as_bytes()).expect("rows").shape, Shape::Table(_)));
    }

    #[test]
    fn blocks_put_their_item_before_each_row() {
        let sample =
            sample(b"17:\n5,3,2005-09-06\n6,4,2005-05-13\n8:\n5,1,2005-10-19\n").expect("rows");
        assert_eq!(sample.shape, Shape::Blocks(Separator::Byte(b',')));
        assert_eq!(sample.rows[2], ["8", "5", "1", "2005-10-19"]);
    }

    #[test]
    fn lines_above_the_header_are_skipped() {
        for (text, first, skipped) in [
            ("My ratings\n\nuser,item\n1,2\n", ["user", "item"], &["line 1: My ratings"][..]),
            (
                "# made in May\n# user item\n1 2\n1 3\n",
                ["user", "item"],
                &["line 1: # made in May"],
            ),
            ("0   5\n1\t2\n1\t3\n2\t3\n3\t3\n3\t4\n", ["1", "2"], &["line 1: 0   5"]),
            ("%%MatrixMarket\n1 2\n1 3\n", ["1", "2"], &["line 1: %%MatrixMarket"]),
            ("\"item\",\"user\"\n\"1\",\"a\",\"b\"\n\"2\",\"c\",\"d\"\n", ["", "item"], &[]),
        ] {
            let sample = sample(text.as_bytes()).expect("rows");
            assert_eq!(sample.rows[0][..2], first, "{text}");
            assert_eq!(sample.skipped, skipped, "{text}");
        }
        let open = sample(b"user,item\n1,2,\n1,3,\n2,2,\n").expect("rows");
        assert_eq!(
            (&open.rows[0][..], open.skipped.len()),
            (&["user".into(), "item".into()][..], 0)
        );
    }

    #[test]
    fn keys_come_from_more_than_the_first_record() {
        for text in ["{\"b\":1}\n{\"a\":[2],\"b\":null}\n", "[{\"b\":1},\n{\"a\":[2],\"b\":null}]"]
        {
            let rows = sample(text.as_bytes()).expect("records").rows;
            assert_eq!(rows, [["b", "a"], ["1", ""], ["", "[2]"]], "{text}");
        }
    }

    #[test]
    fn unreadable_files_are_rejected_with_the_reason() {
        for (bytes, word) in [
            (&b"  \n"[..], "no lines"),
            (b"[1, 2]", "must contain objects"),
            (b"{user:1}\n", "no line is a JSON object"),
            (b"{'user':1}\n", "json.dumps"),
            (b"user\n1\n", "no columns"),
        ] {
            let error = sample(bytes).expect_err("refused").to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
