//! Tables of figures as Markdown, with a row for each arm.

use crate::report::statistics::Figure;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter, Write as _};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub caption: String,
    pub rows: Vec<String>,
    pub columns: Vec<Column>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub format: Format,
    /// One for each row; `None` if the row has no such figure.
    pub figures: Vec<Option<Figure>>,
}

/// How a column's figures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    /// A metric, or a small share such as a drift: four digits after the point.
    Score,
    /// A relative difference, in percent.
    Percent,
    /// A ratio of two figures.
    Ratio,
    /// A time in seconds.
    Fine,
    /// A whole number.
    Count,
    /// A large number, in millions.
    Millions,
}

impl Table {
    pub fn new<'a>(caption: impl Into<String>, rows: impl IntoIterator<Item = &'a str>) -> Self {
        let rows = rows.into_iter().map(str::to_owned).collect();
        Self { caption: caption.into(), rows, columns: Vec::new() }
    }

    /// Adds a column; `figure` returns the figure of a row's name.
    pub fn column(
        mut self,
        name: impl Into<String>,
        format: Format,
        figure: impl Fn(&str) -> Option<Figure>,
    ) -> Self {
        let figures = self.rows.iter().map(|row| figure(row)).collect();
        self.columns.push(Column { name: name.into(), format, figures });
        self
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}\n", self.caption)?;
        let mut rule = String::from("|---|");
        write!(out, "| |")?;
        for column in &self.columns {
            write!(out, " {} |", column.name)?;
            rule += "---:|";
        }
        writeln!(out, "\n{rule}")?;
        for (n, row) in self.rows.iter().enumerate() {
            write!(out, "| {row} |")?;
            for column in &self.columns {
                let text = column.figures[n].map(|figure| column.format.text(figure));
                write!(out, " {} |", text.unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

impl Format {
    /// Formats a figure as its mean ± its spread.
    pub fn text(self, Figure { mean, spread }: Figure) -> String {
        let (digits, divisor, unit) = match self {
            Self::Score => (4, 1.0, ""),
            Self::Percent => (1, 0.01, " %"),
            Self::Ratio => (2, 1.0, ""),
            Self::Fine => (3, 1.0, ""),
            Self::Count => (0, 1.0, ""),
            Self::Millions => (2, 1e6, ""),
        };
        let mut text = match self {
            Self::Percent => format!("{:+.digits$}", mean / divisor),
            _ => format!("{:.digits$}", mean / divisor),
        };
        if let Some(spread) = spread {
            write!(text, " ± {:.digits$}", spread / divisor).expect("a String takes text");
        }
        text + unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_with_a_cell_for_every_figure() {
        let table = Table::new("On two seeds.", ["full", "none"])
            .column("NDCG@20", Format::Score, |row| {
                (row == "full").then(|| Figure::of(&[0.41, 0.43]))
            })
            .column("against full", Format::Percent, |_| Some(Figure::of(&[-0.025])));
        let wanted = "On two seeds.\n\n\
            | | NDCG@20 | against full |\n\
            |---|---:|---:|\n\
            | full | 0.4200 ± 0.0141 | -2.5 % |\n\
            | none |  | -2.5 % |\n";
        assert_eq!(table.to_string(), wanted);
    }

    #[test]
    fn large_numbers_are_in_millions() {
        assert_eq!(Format::Millions.text(Figure::of(&[12_340_000.0])), "12.34");
        assert_eq!(Format::Count.text(Figure::of(&[598.4])), "598");
    }
}
