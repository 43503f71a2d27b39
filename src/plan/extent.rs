//! Sizes of the data that a plan depends on.

use crate::config::{Config, MAX_USES};
use crate::data::Csr;
use crate::error::{Error, Result};

/// Sizes of the data that a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Users with a row of their own.
    pub users: usize,
    /// Items with a row of their own.
    pub items: usize,
    /// Training pairs.
    pub pairs: usize,
    /// Number of (user, item) pairs that a ranking may exclude.
    pub hidden: usize,
    /// Largest number of users of one evaluation.
    pub evaluated: usize,
    /// Whether the best epoch is kept.
    pub keeps_best: bool,
    /// Whether batches are drawn at random; otherwise pairs are used in their order, and negatives
    /// come from the host.
    pub shuffled: bool,
    /// Sizes of the lists that towers read.
    pub bags: Bags,
}

/// Sizes of all lists.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bags {
    /// Lists of the users' features.
    pub user_features: BagExtent,
    /// Lists of the items' features.
    pub item_features: BagExtent,
    /// Lists of the users' items.
    pub history: BagExtent,
}

/// Sizes of lists of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct BagExtent {
    /// Number of rows of the table that members refer to.
    pub rows: usize,
    /// Total number of members of all lists.
    pub members: usize,
    /// Number of members of the longest list.
    pub most: usize,
}

impl BagExtent {
    /// Returns the sizes of lists whose members are rows of a table of `rows`.
    pub fn of(lists: &Csr, rows: usize) -> Self {
        Self { rows, members: lists.items.len(), most: lists.longest() }
    }
}

impl Extent {
    /// Returns the largest number of uses of one table's rows in a step.
    pub(super) fn most_uses(&self, config: &Config) -> usize {
        let (batch, candidates) = (config.batch_size, config.candidates());
        let Bags { user_features, item_features, history } = self.bags;
        // Saturating: a file may contain any numbers.
        let uses = |owners: usize, lists: BagExtent| owners.saturating_mul(lists.most);
        let shared = if config.shares_items() { candidates } else { 0 };
        let histories = uses(batch, history).saturating_add(shared);
        let features = uses(batch, user_features).max(uses(candidates, item_features));
        candidates.max(histories).max(features)
    }

    /// Rejects lists with more than `MAX_USES` uses of a table per step.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self, config: &Config) -> Result<()> {
        let uses = self.most_uses(config);
        if uses <= MAX_USES {
            return Ok(());
        }
        Err(Error::Config {
            key: "batchSize".into(),
            problem: format!("a step uses rows of one table up to {uses} times"),
            allowed: format!(
                "at most {MAX_USES}: use a smaller batchSize or towers.user.history.cap, or fewer \
                 features per user and item"
            ),
        })
    }
}
