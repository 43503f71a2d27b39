//! Full-ranking evaluation of a part of the data, and the popularity baseline beside it.

use super::Trainer;
use crate::data::{Csr, Dataset, Pairs};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::plan::{NO_ID, TOP_K};

/// A held-out part.
#[derive(Debug)]
pub struct HeldOut {
    /// Users who have a held-out item, ascending.
    pub users: Vec<u32>,
    items: Csr,
}

impl HeldOut {
    /// A part over `users`, those without a training pair included.
    pub fn new(pairs: &Pairs, users: usize) -> Self {
        let items = pairs.rows(users);
        let users = (0..users as u32).filter(|&user| !items.row(user).is_empty()).collect();
        Self { users, items }
    }

    /// Whether nothing is held out.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Metrics of the lists of [`HeldOut::users`], one after the other.
    fn measure(&self, lists: &[u32], n_items: usize) -> Metrics {
        let lists = lists.chunks_exact(TOP_K).zip(&self.users);
        Metrics::new(lists.map(|(list, &user)| (list, self.items.row(user))), n_items)
    }
}

/// What each user of a tower has, in training and validation.
pub fn history(dataset: &Dataset) -> Csr {
    let known = dataset.validation.iter().filter(|[user, item]| {
        (*user as usize) < dataset.n_users && (*item as usize) < dataset.n_items
    });
    let pairs: Pairs = dataset.train.iter().chain(known).collect();
    pairs.rows(dataset.n_users)
}

impl Trainer {
    pub(super) async fn measure_validation(&mut self) -> Result<Option<Metrics>> {
        let seen = self.dataset.train.rows(self.dataset.n_users);
        self.model.hide(&seen.offsets, &seen.items);
        self.measure(false).await
    }

    /// The test's metrics; validation pairs count as seen.
    pub(super) async fn measure_test(&mut self) -> Result<Option<Metrics>> {
        self.model.hide(&self.history.offsets, &self.history.items);
        self.measure(true).await
    }

    async fn measure(&mut self, test: bool) -> Result<Option<Metrics>> {
        let held_out = if test { &self.test } else { &self.validation };
        if held_out.is_empty() {
            return Ok(None);
        }
        // Users without a training pair come last, have no tower row, and count as zero.
        let trained =
            held_out.users.partition_point(|&user| (user as usize) < self.dataset.n_users);
        let mut lists = self.model.top_items(&held_out.users[..trained]).await?;
        lists.resize(held_out.users.len() * TOP_K, NO_ID);
        Ok(Some(held_out.measure(&lists, self.dataset.n_items)))
    }

    /// The most popular items that a user has not seen, for everyone.
    pub(super) fn measure_popularity(&self, held_out: &HeldOut) -> Option<Metrics> {
        if held_out.is_empty() {
            return None;
        }
        let counts = self.dataset.item_counts();
        let mut popular: Vec<u32> = (0..self.dataset.n_items as u32).collect();
        popular.sort_by_key(|&item| std::cmp::Reverse(counts[item as usize]));
        let mut lists = Vec::with_capacity(held_out.users.len() * TOP_K);
        for (n, &user) in held_out.users.iter().enumerate() {
            if (user as usize) < self.dataset.n_users {
                let seen = self.history.row(user);
                let unseen = popular.iter().filter(|item| seen.binary_search(item).is_err());
                lists.extend(unseen.take(TOP_K));
            }
            lists.resize((n + 1) * TOP_K, NO_ID);
        }
        Some(held_out.measure(&lists, self.dataset.n_items))
    }
}
