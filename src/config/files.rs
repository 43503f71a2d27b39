//! Typed options for files: how they are read, filtered and split.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Test and validation parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// The rule.
    pub kind: SplitKind,
    /// Share of each user's pairs in the test part; for `temporal-global`, of all pairs.
    pub test: f64,
    /// Share of the pairs outside the test part that are in the validation part.
    pub validation: f64,
    /// Start of the test part, for `temporal-global`.
    pub at: Option<Moment>,
}

/// A point in time in the options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Moment {
    /// Seconds or milliseconds since 1970.
    Number(serde_json::Number),
    /// A date.
    Text(String),
}

/// Rules for splitting data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitKind {
    /// Training and test parts are separate files.
    Given,
    /// A seeded share of each user's pairs.
    Random,
    /// The last share of each user's pairs by time.
    Temporal,
    /// The last share of all pairs by time.
    TemporalGlobal,
    /// Each user's last pair by time.
    LeaveLastOut,
}

/// Options for reading and filtering files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataOptions {
    /// Minimum rating of a pair that is kept.
    pub min_rating: Option<f64>,
    /// k of the k-core filter.
    pub core: Option<usize>,
    /// Columns of an interactions file.
    pub columns: Columns,
    /// Options for reading an items file.
    pub items: ItemsFile,
    /// Options for reading a users file.
    pub users: UsersFile,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Contents of a line of text.
    pub layout: Option<Layout>,
    /// Text between cells, by its name.
    pub separator: Option<String>,
    /// Encoding of the files.
    pub encoding: Option<Encoding>,
    /// Format of the times.
    pub time_format: Option<String>,
    /// Words that mean "no value".
    pub missing: Vec<String>,
}

/// Contents of a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A record.
    Table,
    /// A user and all their items.
    Lists,
}

/// Options for reading an items file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemsFile {
    /// Column of the item ids.
    pub id: Option<Column>,
    /// Column of the titles.
    pub title: Option<Column>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Text between cells, by its name.
    pub separator: Option<String>,
}

/// Options for reading a users file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UsersFile {
    /// Column of the user ids.
    pub id: Option<Column>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Text between cells, by its name.
    pub separator: Option<String>,
}

/// Columns of an interactions file. A column that is `None` is detected from the header or the
/// format.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Columns {
    /// User ids.
    pub user: Option<Column>,
    /// Item ids.
    pub item: Option<Column>,
    /// Ratings.
    pub rating: Option<Column>,
    /// Times.
    pub timestamp: Option<Column>,
}

/// A column by name or by position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// Position, from 0.
    Position(usize),
    /// Name in the header, or key of a JSON line.
    Name(String),
}

/// Encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252, which contains the characters of Latin-1.
    #[serde(rename = "latin-1")]
    Latin1,
    /// UTF-16 in either byte order.
    #[serde(rename = "utf-16")]
    Utf16,
}

/// Codes that a pattern may contain.
const TIME_CODES: &str = "%Y %y %m %d %H %I %p %M %S %f %b %s";

/// Returns the first unknown code of a pattern.
fn unknown_code(pattern: &str) -> Option<String> {
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        if sign == '%' {
            let code: String = signs.next().map_or("%".into(), |code| format!("%{code}"));
            if code != "%%" && !TIME_CODES.split(' ').any(|known| known == code) {
                return Some(code);
            }
        }
    }
    None
}

/// Rejects a `data.timeFormat` that is neither an order nor a pattern.
///
/// # Errors
/// [`Error::Config`].
pub(super) fn check_time_format(format: &str) -> Result<()> {
    let unknown = match format {
        "month-first" | "day-first" => None,
        pattern if pattern.contains('%') => unknown_code(pattern),
        other => Some(other.into()),
    };
    unknown.map_or(Ok(()), |unknown| {
        Err(Error::Config {
            key: "data.timeFormat".into(),
            problem: format!("`{unknown}` is unknown"),
            allowed: format!("month-first, day-first, or a pattern of {TIME_CODES}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_of_a_time_format_are_named() {
        assert_eq!(unknown_code("%d.%m.%Y %%"), None);
        assert_eq!(unknown_code("%d %Q").as_deref(), Some("%Q"));
        assert_eq!(unknown_code("%"), Some("%".into()));
        assert_eq!(check_time_format("%d.%m.%Y"), Ok(()));
        let refused = |format| check_time_format(format).expect_err("refused").to_string();
        assert!(refused("%Q").contains("`%Q` is unknown"), "{}", refused("%Q"));
        assert!(refused("european").contains("month-first, day-first, or a pattern"));
    }
}
