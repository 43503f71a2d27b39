//! Counts of the records that were read, by their fate.

use serde::{Deserialize, Serialize};

use super::encoding::Encoding;
use super::loader::Part;

/// Counts of all that was read, skipped and left out, and what is to be said about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// Records read from all files, bad ones included; headers and blank lines not.
    pub lines: u64,
    /// Records that were skipped because something is wrong with them.
    pub bad_lines: u64,
    /// The first five of each file: `ratings.csv, line 7: a quote is never closed in "17850,""`.
    pub first_bad_lines: Vec<String>,
    /// Records that were skipped because they have no user.
    pub without_user: u64,
    /// Records that were skipped because they have no item.
    pub without_item: u64,
    /// Interactions under `data.minRating`.
    pub below_min_rating: u64,
    /// Interactions that repeat a pair of the same part; the earliest stays.
    pub duplicates: u64,
    /// Held-out pairs that were left out because the training or validation file has them too.
    pub held_out_seen_before: u64,
    /// Interactions that `data.core` left out.
    pub dropped_by_core: u64,
    /// Users whose pairs were split between equal times, by lot.
    pub split_within_tie: usize,
    /// Users without a training pair: they count as zero in every metric.
    pub test_only_users: usize,
    /// Items without a training pair: they stay in the test and can never be hit.
    pub test_only_items: usize,
    /// Values of features that no id with a training pair has: they are skipped.
    pub unknown_features: usize,
    /// Items that have a title.
    pub titled_items: usize,
    /// How each file was understood.
    pub read: Vec<FileReport>,
    /// Probable faults of the data, and guesses.
    pub warnings: Vec<String>,
    /// Hints about the data.
    pub notes: Vec<String>,
}

/// How a file was understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    /// Its name.
    pub file: String,
    /// Its role.
    pub part: Part,
    /// `table`, `lists` (a user and all their items in a line), `blocks` (an item above its rows),
    /// `json-lines` or `json-array`.
    pub layout: String,
    /// The separator of its cells, as `data.separator` has it; none in JSON.
    pub separator: Option<String>,
    /// Whether its first row names the columns.
    pub header: bool,
    /// Its encoding.
    pub encoding: Encoding,
    /// Records read, bad ones included.
    pub lines: u64,
    /// Records that are bad.
    pub bad: u64,
    /// Blank lines.
    pub blank: u64,
    /// Records without a user.
    pub without_user: u64,
    /// Records without an item.
    pub without_item: u64,
    /// Lines above the header or the first record, each as `line 1: text`.
    pub skipped: Vec<String>,
    /// The columns that are used; none of a file that was refused.
    pub columns: Vec<ColumnReport>,
    /// The header, if there is one, and the first five rows, with each cell cut at 60 characters.
    #[serde(default)]
    pub rows: Vec<Vec<String>>,
    /// The least and the most of the ratings in its first rows.
    pub ratings: Option<[f64; 2]>,
    /// Ids of the data that an items or users file has.
    pub matched: Option<usize>,
}

/// A column that is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// `user`, `item`, `rating`, `timestamp`, `title` or `feature`.
    pub role: String,
    /// Its name in the header, if there is one.
    pub name: Option<String>,
    /// Its position, from 0.
    pub position: usize,
    /// Number of values of a feature.
    pub values: Option<usize>,
}

impl ColumnReport {
    /// Its name, or else its position.
    pub fn label(&self) -> String {
        match self.name.as_deref() {
            Some(name) if !name.is_empty() => format!("`{name}`"),
            _ => self.position.to_string(),
        }
    }
}

impl FileReport {
    /// The column of a role.
    pub(super) fn column(&self, role: &str) -> Option<&ColumnReport> {
        self.columns.iter().find(|column| column.role == role)
    }
}

/// The sizes of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Users in any part.
    pub users: usize,
    /// Items in any part.
    pub items: usize,
    /// Pairs to train on.
    pub train: usize,
    /// Pairs that choose the best epoch.
    pub validation: usize,
    /// Pairs that measure the result.
    pub test: usize,
}

/// All that is told of a data set: its sizes, and what happened to it on its way in.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct About<'a> {
    #[serde(flatten)]
    pub(super) summary: Summary,
    #[serde(flatten)]
    pub(super) report: &'a Report,
}
