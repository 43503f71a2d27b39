//! What happened to the data on its way in.

use serde::{Deserialize, Serialize};

/// Counts of all that was read, passed over and left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Records read from all files, bad ones included; headers and blank lines not.
    pub lines: u64,
    /// Records that were passed over because something was wrong with them.
    pub bad_lines: u64,
    /// The first five of each file: `ratings.csv, line 7: no item in "17850,,1291213920"`.
    pub first_bad_lines: Vec<String>,
    /// Interactions under `data.minRating`.
    pub below_min_rating: u64,
    /// Interactions that repeat a pair of the same part; the earliest stays.
    pub duplicates: u64,
    /// Held-out pairs that were left out because the training or validation file has them too.
    pub held_out_seen_before: u64,
    /// Interactions that `data.core` left out.
    pub dropped_by_core: u64,
    /// Users without a training pair: they count as zero in every metric.
    pub test_only_users: usize,
    /// Items without a training pair: they stay in the test and can never be hit.
    pub test_only_items: usize,
    /// Values of features that no id with a training pair has: they are passed over.
    pub unknown_features: usize,
    /// Items that have a title.
    pub titled_items: usize,
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
