//! Full-ranking evaluation of a part of the data, and the popularity baseline beside it.

use std::rc::Rc;

use super::Trainer;
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

    /// Metrics of the lists of [`HeldOut::users`], one after the other.
    fn measure(&self, lists: &[u32], n_items: usize) -> Metrics {
        let lists = lists.chunks_exact(TOP_K).zip(&self.users);
        Metrics::new(lists.map(|(list, &user)| (list, self.items.row(user))), n_items)
    }
}

/// What a ranking leaves out, and so which part it is measured on.
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
    /// What a user has, and must not be recommended.
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

    /// Metrics of the part that is measured under a mask; none where nothing is held out.
    pub(super) async fn measure(&mut self, mask: Mask) -> Result<Option<Metrics>> {
        let is_empty = match mask {
            Mask::Train => self.validation.is_empty(),
            Mask::History => self.test.is_empty(),
        };
        if is_empty {
            return Ok(None);
        }
        self.mask(mask);
        let held_out = match mask {
            Mask::Train => &self.validation,
            Mask::History => &self.test,
        };
        // Users without a training pair come last, have no tower row, and count as zero.
        let trained =
            held_out.users.partition_point(|&user| (user as usize) < self.dataset.n_users);
        let mut lists = self.model.top_items(&held_out.users[..trained]).await?;
        lists.resize(held_out.users.len() * TOP_K, NO_ID);
        Ok(Some(held_out.measure(&lists, self.dataset.n_items)))
    }
}
