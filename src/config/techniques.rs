//! Typed options of the techniques: OneBP, the bank of negatives, and skipping.

use serde::{Deserialize, Serialize};

/// Training of the item tower only; a user's vector is a moving average of its items' outputs (Chen
/// & Wang 2024).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneBp {
    /// Share β of a user's vector that is kept at each pair.
    pub beta: f32,
}

/// Negatives from earlier batches (Wang, Zhu & He 2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cbns {
    /// Size M of the bank.
    pub capacity: usize,
    /// Start of the bank's use.
    pub warmup: Warmup,
    /// Sides that get gradients from the bank.
    pub sides: Sides,
}

/// Start of the bank's use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Warmup {
    /// After this many steps.
    Steps(u32),
    /// By a rule.
    Rule(WarmupRule),
}

impl Warmup {
    /// Starts when outputs are steady.
    pub const AUTO: Self = Self::Rule(WarmupRule::Auto);
}

/// Rules for the first use of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarmupRule {
    /// The bank is used when outputs are steady.
    Auto,
}

/// Sides that get gradients from the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// The batch's users from banked items, and the batch's items from banked users.
    Both,
    /// The batch's users from banked items, as published.
    Items,
}

/// Skipping of pairs, which shortens epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Skip {
    /// Policy that selects the pairs.
    pub policy: SkipPolicy,
    /// Share of the pairs to skip.
    pub share: f64,
    /// Rows that must be stale for a stale pair.
    pub rows: SkipRows,
    /// Share of all pairs that belong to hot rows.
    pub hot_share: f64,
    /// Complete epochs before the first decision.
    pub start: usize,
    /// Share of the pairs that are sampled to find the threshold.
    pub sample: f64,
    /// Epochs from one decision to the next; 0 decides once.
    pub recheck: usize,
    /// Probability that an epoch trains on a pair that it would skip.
    pub keep: f64,
    /// Share of the epochs after which no pairs are skipped.
    pub until: f64,
}

impl Skip {
    /// Returns whether the policy judges users' rows.
    pub fn judges_users(&self) -> bool {
        match self.policy {
            SkipPolicy::Stale => self.rows == SkipRows::Both,
            SkipPolicy::Cap => true,
            SkipPolicy::Popularity | SkipPolicy::Random => false,
        }
    }

    /// Returns the number of epochs, out of `epochs`, after which no pairs are skipped.
    pub fn ends_after(&self, epochs: usize) -> usize {
        // Corrects products such as 0.29 · 100, which is slightly below 29 in floating point.
        const HAIR: f64 = 1e-9;
        (self.until * epochs as f64 + HAIR) as usize
    }

    /// Returns whether the policy judges items' rows.
    pub fn judges_items(&self) -> bool {
        matches!(self.policy, SkipPolicy::Stale | SkipPolicy::Popularity)
    }
}

/// Policies that select the pairs to skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipPolicy {
    /// Pairs whose rows hardly move (Ebrahimzadeh Maboud et al. 2024).
    Stale,
    /// Pairs of rare items.
    Popularity,
    /// Pairs of users with more pairs than a cap: an epoch keeps the cap on average, in rotation.
    Cap,
    /// Random pairs, drawn again for each epoch: the control.
    Random,
}

/// Rows that must be stale for a stale pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipRows {
    /// The rows of its user and its item.
    Both,
    /// Only the row of its item.
    Item,
}
