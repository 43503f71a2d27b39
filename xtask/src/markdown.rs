//! Tables and numbers of reports, as Markdown.

use std::fmt::{self, Display, Formatter};

/// Cells of a row, as Markdown.
pub type Row = Vec<String>;

/// A table, as Markdown: all columns but the first are numbers.
#[derive(Debug)]
pub struct Table {
    /// Names of the columns.
    pub head: Row,
    /// One row of cells for each line.
    pub rows: Vec<Row>,
}

impl Table {
    /// Returns a table with these columns.
    pub fn new(head: &[&str], rows: impl IntoIterator<Item = Row>) -> Self {
        Self {
            head: head.iter().copied().map(String::from).collect(),
            rows: rows.into_iter().collect(),
        }
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        writeln!(out, "{}", line(&self.head))?;
        let rule = self.head.iter().skip(1).map(|_| "---:|").collect::<String>();
        writeln!(out, "|---|{rule}")?;
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
    }
}

/// Formats a number with three significant digits.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}
