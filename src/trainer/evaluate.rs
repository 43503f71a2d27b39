//! Full-ranking evaluation of a part of the data, and the popularity baseline.

use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use web_time::Instant;

use super::{Edge, Measured, Trainer};
use crate::data::{Csr, Dataset, Pairs};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::order::by_count;
use crate::plan::{NO_ID, TOP_K};

/// A held-out part.
#[derive(Debug)]
pub struct HeldOut {
    /// Users with a held-out item, ascending.
    pub users: Vec<u32>,
    items: Csr,
}

impl HeldOut {
    /// Creates a part over `users`, including users without a training pair.
    pub fn new(pairs: &Pairs, users: usize) -> Self {
        let items = pairs.rows(users);
        let users = (0..users as u32).filter(|&user| !items.row(user).is_empty()).collect();
        Self { users, items }
    }

    /// Returns whether nothing is held out.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Returns the users with a row in the user tower. The other users come last, and their metrics
    /// count as zero.
    pub fn ranked(&self, n_users: usize) -> &[u32] {
        &self.users[..self.users.partition_point(|&user| (user as usize) < n_users)]
    }

    /// Returns the metrics of one list for each of [`HeldOut::users`], in this order.
    fn measure(&self, lists: &[u32], n_items: usize) -> Metrics {
        let lists = lists.chunks_exact(TOP_K).zip(&self.users);
        Metrics::new(lists.map(|(list, &user)| (list, self.items.row(user))), n_items)
    }
}

/// Pairs whose items a ranking excludes. They determine the part that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// Training pairs: the validation part is measured.
    Train = 0,
    /// Training and validation pairs: the test part is measured.
    History = 1,
}

/// Returns the items of each user of the tower, by [`Mask`]. Without a validation part, both share
/// one list.
pub fn masks(dataset: &Dataset) -> [Rc<Csr>; 2] {
    let train = Rc::new(dataset.train.rows(dataset.n_users));
    if dataset.validation.is_empty() {
        return [Rc::clone(&train), train];
    }
    let known = dataset.validation.iter().filter(|[user, item]| {
        (*user as usize) < dataset.n_users && (*item as usize) < dataset.n_items
    });
    let history: Pairs = dataset.train.iter().chain(known).collect();
    [train, Rc::new(history.rows(dataset.n_users))]
}

/// Returns the metrics of recommending the most popular items that a user does not have. A user
/// without a training pair gets no items and counts as zero. None if nothing is held out.
pub fn popularity(dataset: &Dataset, held_out: &HeldOut, seen: &Csr) -> Option<Metrics> {
    if held_out.is_empty() {
        return None;
    }
    let popular = by_count(&dataset.item_counts());
    let mut lists = Vec::with_capacity(held_out.users.len() * TOP_K);
    for (n, &user) in held_out.users.iter().enumerate() {
        if (user as usize) < dataset.n_users {
            let seen = seen.row(user);
            let unseen = popular.iter().filter(|item| seen.binary_search(item).is_err());
            lists.extend(unseen.take(TOP_K));
        }
        lists.resize((n + 1) * TOP_K, NO_ID);
    }
    Some(held_out.measure(&lists, dataset.n_items))
}

impl Trainer {
    /// Returns the items of a user in training and validation.
    pub(super) fn seen(&self, user: u32) -> &[u32] {
        self.masks[Mask::History as usize].row(user)
    }

    /// Sets the items that the model's rankings exclude.
    pub(super) fn mask(&mut self, mask: Mask) {
        if self.masked != Some(mask) {
            let seen = &self.masks[mask as usize];
            self.model.hide(&seen.offsets, &seen.items);
            self.masked = Some(mask);
        }
    }

    /// Embeds items, then ranks items for the next users of the part that belongs to a mask. Stops
    /// after about `budget`, but not before one block of items or users. Ready with the part's
    /// metrics when all users are done; with `None` if nothing is held out.
    pub(super) async fn measure(
        &mut self,
        mask: Mask,
        budget: Duration,
    ) -> Result<Poll<Option<Metrics>>> {
        let started = Instant::now();
        // Recommendations since the last slice may have changed the mask.
        self.mask(mask);
        let held_out = match mask {
            Mask::Train => &self.validation,
            Mask::History => &self.test,
        };
        if held_out.is_empty() {
            return Ok(Poll::Ready(None));
        }
        let ranked = held_out.ranked(self.dataset.n_users);
        let mut has_begun = false;
        // The last block is embedded with the first users: a catalogue of one block needs no separate wait.
        while self.model.stale_blocks() > 1 && !(has_begun && started.elapsed() >= budget) {
            has_begun = true;
            let left = budget.saturating_sub(started.elapsed());
            let blocks = self.embedding_pace.steps_within(left).min(self.model.stale_blocks() - 1);
            self.embedding_pace.submitted();
            let embedded = self.model.embed_blocks(blocks).await;
            self.embedding_pace.landed(blocks);
            embedded?;
        }
        while self.lists.len() < ranked.len() * TOP_K {
            let left = budget.saturating_sub(started.elapsed());
            let first = self.lists.len() / TOP_K;
            if left.is_zero() && has_begun {
                break;
            }
            has_begun = true;
            let blocks = self.ranking_pace.steps_within(left);
            let last = (first + blocks * self.model.users_at_once()).min(ranked.len());
            self.ranking_pace.submitted();
            let lists = self.model.top_items(&ranked[first..last]).await;
            self.ranking_pace.landed(blocks);
            self.lists.extend(lists?);
        }
        self.run.evaluation_seconds += started.elapsed().as_secs_f64();
        if self.lists.len() < ranked.len() * TOP_K {
            return Ok(Poll::Pending);
        }
        let mut lists = std::mem::take(&mut self.lists);
        lists.resize(held_out.users.len() * TOP_K, NO_ID);
        Ok(Poll::Ready(Some(held_out.measure(&lists, self.dataset.n_items))))
    }

    /// Returns the progress of the evaluation; none while nothing is measured.
    pub(super) fn measured(&self) -> Option<Measured> {
        let best = self.run.edge? == Edge::Run;
        let part = if best || self.validation.is_empty() { &self.test } else { &self.validation };
        let ranked = part.ranked(self.dataset.n_users).len().max(1);
        Some(Measured { share: (self.lists.len() / TOP_K) as f64 / ranked as f64, best })
    }
}
