//! Full-ranking evaluation of a part of the data, and the popularity baseline beside it.

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

    /// Errors of the users who have a row of the tower. The others come last, and count as zero.
    pub fn ranked(&self, n_users: usize) -> &[u32] {
        &self.users[..self.users.partition_point(|&user| (user as usize) < n_users)]
    }

    /// Metrics of the lists of [`HeldOut::users`], one after the other.
    fn measure(&self, lists: &[u32], n_items: usize) -> Metrics {
        let lists = lists.chunks_exact(TOP_K).zip(&self.users);
        Metrics::new(lists.map(|(list, &user)| (list, self.items.row(user))), n_items)
    }
}

/// Items that a ranking excludes, and so the part that it is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// Training pairs: validation is measured.
    Train = 0,
    /// Training and validation pairs: the test is measured.
    History = 1,
}

/// The items that each user of the tower has, by [`Mask`]; one list for both where nothing is validated.
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

/// Metrics of recommending the most popular items that a user has not seen; a user without a
/// training pair gets none and counts as zero. None where nothing is held out.
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
    /// Items of each user that are not recommended.
    pub(super) fn seen(&self, user: u32) -> &[u32] {
        self.masks[Mask::History as usize].row(user)
    }

    /// Has the model leave out what a mask says.
    pub(super) fn mask(&mut self, mask: Mask) {
        if self.masked != Some(mask) {
            let seen = &self.masks[mask as usize];
            self.model.hide(&seen.offsets, &seen.items);
            self.masked = Some(mask);
        }
    }

    /// Ranks for the next users of the part that is measured under a mask, for about `budget`, one block of them at
    /// least. Ready with the part's metrics once all are ranked for; with none where nothing is held out.
    pub(super) async fn measure(
        &mut self,
        mask: Mask,
        budget: Duration,
    ) -> Result<Poll<Option<Metrics>>> {
        let started = Instant::now();
        // Others may have been served since the last slice.
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

    /// How far the evaluation is; none while nothing is measured.
    pub(super) fn measured(&self) -> Option<Measured> {
        let best = self.run.edge? == Edge::Run;
        let part = if best || self.validation.is_empty() { &self.test } else { &self.validation };
        let ranked = part.ranked(self.dataset.n_users).len().max(1);
        Some(Measured { share: (self.lists.len() / TOP_K) as f64 / ranked as f64, best })
    }
}
