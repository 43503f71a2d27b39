//! What a trained model is for: items for a user, for a visitor who picked some, and like an item.

use serde::{Deserialize, Serialize};

use super::Trainer;
use crate::error::{Error, Result};

/// Whom to recommend to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Query {
    /// A user of the training data, by id.
    User(String),
    /// A visitor who was never seen, by items that they picked.
    Items(Vec<String>),
}

/// A recommended item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// Its id.
    pub item: String,
    /// Its title, if the items file has one.
    pub title: Option<String>,
    /// Product of the towers' outputs: the cosine where they are normalised.
    pub score: f32,
}

/// An item with its title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TitledItem {
    /// Its id.
    pub item: String,
    /// Its title, if the items file has one.
    pub title: Option<String>,
}

impl Trainer {
    /// The `k` best items that the user, or the visitor, does not have.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for an id without a training pair, [`Error::Config`] for no items at all.
    pub async fn recommend(&mut self, query: &Query, k: usize) -> Result<Vec<Recommendation>> {
        self.check()?;
        match query {
            Query::User(id) => {
                let user = self.user(id)?;
                let scores = self.model.user_scores(user).await?;
                Ok(self.best(&scores, self.seen(user), k))
            }
            Query::Items(ids) => {
                let mut items = ids.iter().map(|id| self.item(id)).collect::<Result<Vec<u32>>>()?;
                items.sort_unstable();
                items.dedup();
                if items.is_empty() {
                    return Err(Error::Config {
                        key: "items".into(),
                        problem: "nothing was picked".into(),
                        allowed: "at least one item id".into(),
                    });
                }
                let scores = self.model.visitor_scores(&items).await?;
                Ok(self.best(&scores, &items, k))
            }
        }
    }

    /// The `k` items whose outputs are most like an item's.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for an item without a training pair.
    pub async fn similar(&mut self, id: &str, k: usize) -> Result<Vec<Recommendation>> {
        self.check()?;
        let item = self.item(id)?;
        let scores = self.model.item_scores(&[item]).await?;
        Ok(self.best(&scores, &[item], k))
    }

    /// What a user has in training and validation.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for a user without a training pair.
    pub fn history(&self, id: &str) -> Result<Vec<TitledItem>> {
        let user = self.user(id)?;
        Ok(self.seen(user).iter().map(|&item| self.titled(item)).collect())
    }

    /// Up to `limit` users whose id contains `search`.
    pub fn users(&self, search: &str, limit: usize) -> Vec<String> {
        let users = (0..self.dataset.n_users as u32).map(|user| self.dataset.users.name(user));
        users.filter(|name| name.contains(search)).take(limit).map(String::from).collect()
    }

    /// Up to `limit` items whose id or title contains `search`, whatever its case.
    pub fn items(&self, search: &str, limit: usize) -> Vec<TitledItem> {
        let search = search.to_lowercase();
        (0..self.dataset.n_items as u32)
            .filter(|&item| {
                let title = self.dataset.title(item).unwrap_or_default();
                self.dataset.items.name(item).to_lowercase().contains(&search)
                    || title.to_lowercase().contains(&search)
            })
            .take(limit)
            .map(|item| self.titled(item))
            .collect()
    }

    fn user(&self, id: &str) -> Result<u32> {
        let known = self.dataset.users.get(id).filter(|&ix| (ix as usize) < self.dataset.n_users);
        known.ok_or_else(|| Error::UnknownId { kind: "user", id: id.into() })
    }

    fn item(&self, id: &str) -> Result<u32> {
        let known = self.dataset.items.get(id).filter(|&ix| (ix as usize) < self.dataset.n_items);
        known.ok_or_else(|| Error::UnknownId { kind: "item", id: id.into() })
    }

    fn titled(&self, item: u32) -> TitledItem {
        TitledItem {
            item: self.dataset.items.name(item).into(),
            title: self.dataset.title(item).map(String::from),
        }
    }

    /// The `k` best items that are not `hidden` (ascending); ties to the lower index.
    fn best(&self, scores: &[f32], hidden: &[u32], k: usize) -> Vec<Recommendation> {
        let mut items: Vec<u32> =
            (0..scores.len() as u32).filter(|item| hidden.binary_search(item).is_err()).collect();
        let order =
            |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
        if k < items.len() {
            items.select_nth_unstable_by(k, order);
            items.truncate(k);
        }
        items.sort_unstable_by(order);
        items
            .into_iter()
            .map(|item| {
                let TitledItem { item: id, title } = self.titled(item);
                Recommendation { item: id, title, score: scores[item as usize] }
            })
            .collect()
    }
}
