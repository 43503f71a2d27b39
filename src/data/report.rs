//! Reports on a data set: counts of its records, and how its files were understood.

use serde::{Deserialize, Serialize};

use super::part::Part;
use crate::config::Encoding;

/// Counts of read and skipped records, reports on files, warnings and notes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// Records of all files, including bad ones, without headers and blank lines.
    pub lines: u64,
    /// Records that were skipped because they are bad.
    pub bad_lines: u64,
    /// First five bad lines of each file:
    /// `ratings.csv, line 7: a quote is never closed in "17850,""`.
    pub first_bad_lines: Vec<String>,
    /// Records that were skipped because they have no user.
    pub without_user: u64,
    /// Records that were skipped because they have no item.
    pub without_item: u64,
    /// Interactions below `data.minRating`.
    pub below_min_rating: u64,
    /// Interactions that repeat a pair of the same part; the earliest is kept.
    pub duplicates: u64,
    /// Held-out pairs that were removed because the training or validation file also contains them.
    pub held_out_seen_before: u64,
    /// Interactions that `data.core` removed.
    pub dropped_by_core: u64,
    /// Users whose pairs were split between equal times, at random.
    pub split_within_tie: usize,
    /// Users without a training pair: they count as zero in every metric.
    pub test_only_users: usize,
    /// Items without a training pair: they stay in the test part but can never be hits.
    pub test_only_items: usize,
    /// Feature values that no id with a training pair has: they are skipped.
    pub unknown_features: usize,
    /// Items with a title.
    pub titled_items: usize,
    /// Reports on the files.
    pub read: Vec<FileReport>,
    /// Probable mistakes, and guesses.
    pub warnings: Vec<String>,
    /// Suggestions.
    pub notes: Vec<String>,
}

/// Report on how a file was understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    /// Name of the file.
    pub file: String,
    /// Role of the file.
    pub part: Part,
    /// `table`, `lists` (a user and all their items in a line), `blocks` (an item above its rows),
    /// `json-lines` or `json-array`.
    pub layout: String,
    /// Separator of its cells, as in `data.separator`; `None` for JSON.
    pub separator: Option<String>,
    /// Whether its first row is a header.
    pub header: bool,
    /// Encoding of the file.
    pub encoding: Encoding,
    /// Records, including bad ones.
    pub lines: u64,
    /// Bad records.
    pub bad: u64,
    /// Blank lines.
    pub blank: u64,
    /// Records without a user.
    pub without_user: u64,
    /// Records without an item.
    pub without_item: u64,
    /// Lines above the header or the first record, each as `line 1: text`.
    pub skipped: Vec<String>,
    /// Columns that are used; empty if the file was rejected.
    pub columns: Vec<ColumnReport>,
    /// The header, if there is one, and the first five rows, with at most 60 characters of each
    /// cell.
    #[serde(default)]
    pub rows: Vec<Vec<String>>,
    /// Smallest and largest rating in its first rows.
    pub ratings: Option<[f64; 2]>,
    /// Number of ids of the data that an items or users file contains.
    pub matched: Option<usize>,
}

/// A column that is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// `user`, `item`, `rating`, `timestamp`, `title` or `feature`.
    pub role: String,
    /// Name in the header, if there is one.
    pub name: Option<String>,
    /// Position, from 0.
    pub position: usize,
    /// Number of values of a feature.
    pub values: Option<usize>,
}

impl ColumnReport {
    /// Returns its name, or its position if it has no name.
    pub fn label(&self) -> String {
        match self.name.as_deref() {
            Some(name) if !name.is_empty() => format!("`{name}`"),
            _ => self.position.to_string(),
        }
    }
}

impl FileReport {
    /// Returns the column of a role.
    pub(super) fn column(&self, role: &str) -> Option<&ColumnReport> {
        self.columns.iter().find(|column| column.role == role)
    }
}

/// Sizes of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Users in any part.
    pub users: usize,
    /// Items in any part.
    pub items: usize,
    /// Training pairs.
    pub train: usize,
    /// Pairs that choose the best epoch.
    pub validation: usize,
    /// Pairs that measure the result.
    pub test: usize,
}

/// Sizes and report of a data set.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct About<'a> {
    #[serde(flatten)]
    pub(super) summary: Summary,
    #[serde(flatten)]
    pub(super) report: &'a Report,
}
