//! What a trained model is for: items for a user, for a visitor who picked some, and like an item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Trainer;
use super::evaluate::Mask;
use crate::error::{Error, Result};
use crate::model::{Filter, Ranked, Source, Sum, Tower};
use crate::plan::MOST_FEATURES;

/// Most items that a recommendation names as its reasons.
const REASONS: usize = 3;

/// Whom to recommend to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Query {
    /// A user of the training data, by id.
    User(String),
    /// A visitor who was never seen, by items that they picked.
    Items(Vec<String>),
}

/// Which items may be recommended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// These alone, by id; all of the catalogue where none are given.
    pub among: Option<Vec<String>>,
    /// Excludes these items, by id.
    pub without: Vec<String>,
    /// Also what the query has already: a user's items, those that a visitor picked, or the item itself.
    pub seen: bool,
}

/// An id that was never seen, by what is in its cells of the columns of features.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unseen {
    /// The cells by column.
    pub features: BTreeMap<String, Cell>,
}

/// A cell, as a program has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the variants are what they hold")]
pub enum Cell {
    Text(String),
    Number(serde_json::Number),
}

/// Results, and the ids of a list that the training data lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Served<T> {
    /// The results.
    pub found: Vec<T>,
    /// Ids that were skipped, each once.
    pub unknown: Vec<String>,
}

impl<T> std::ops::Deref for Served<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.found
    }
}

impl<T> IntoIterator for Served<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

/// Looks up the ids of lists, and keeps those that the training data lacks.
#[derive(Default)]
struct Lookup {
    unknown: Vec<String>,
}

impl Lookup {
    /// The index of each id that is known.
    fn each(&mut self, ids: &[String], find: impl Fn(&str) -> Result<u32>) -> Vec<Option<u32>> {
        let look_up = |id: &String| {
            let found = find(id).ok();
            if found.is_none() && !self.unknown.contains(id) {
                self.unknown.push(id.clone());
            }
            found
        };
        ids.iter().map(look_up).collect()
    }

    /// The same.
    ///
    /// # Errors
    /// The refusal of the first id, if none is known.
    fn some(
        &mut self,
        ids: &[String],
        find: impl Fn(&str) -> Result<u32>,
    ) -> Result<Vec<Option<u32>>> {
        let found = self.each(ids, &find);
        match ids.first() {
            Some(first) if found.iter().all(Option::is_none) => find(first).map(|_| found),
            _ => Ok(found),
        }
    }
}

/// Query by features alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ByFeatures {
    /// The items, best first.
    pub items: Vec<Recommendation>,
    /// Values that nothing trained has, cells of other columns, and ids of the choice that the training
    /// data lacks: all of them are skipped.
    pub unknown: usize,
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
    /// Up to three items of the history, or of those that a visitor picked, that have most part in the
    /// score. Empty where a score has no parts: of a user who is more than a sum of a history, of a tower
    /// with layers over it, and of an item like another.
    pub because: Vec<Reason>,
}

/// An item that has part in a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// The item.
    #[serde(flatten)]
    pub item: TitledItem,
    /// Its part: over the whole history, parts add up to the score.
    pub share: f64,
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
    /// The `k` best items for a user or a visitor, without those that they have. Of the ids of a list,
    /// those without a training pair are skipped while others remain.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for a user without a training pair, or a list of such items;
    /// [`Error::Config`] for no items at all.
    pub async fn recommend(
        &mut self,
        query: &Query,
        k: usize,
        choice: &Choice,
    ) -> Result<Served<Recommendation>> {
        match query {
            Query::User(id) => {
                let Served { mut found, unknown } =
                    self.recommend_all(std::slice::from_ref(id), k, choice).await?;
                Ok(Served { found: found.remove(0), unknown })
            }
            Query::Items(ids) => {
                self.ready().await?;
                let mut lookup = Lookup::default();
                let items = lookup.some(ids, |id| self.item(id))?;
                let mut items: Vec<u32> = items.into_iter().flatten().collect();
                items.sort_unstable();
                items.dedup();
                if items.is_empty() {
                    return Err(Error::Config {
                        key: "items".into(),
                        problem: "nothing was picked".into(),
                        allowed: "at least one item id".into(),
                    });
                }
                let filter = self.filter(choice, &items, &mut lookup)?;
                let (ranked, sum) = self.model.rank_visitor(items, k, &filter).await?;
                let mut lists = self.explained(vec![ranked], sum.into_iter().collect()).await?;
                Ok(Served { found: lists.remove(0), unknown: lookup.unknown })
            }
        }
    }

    /// The `k` best items for each of some users: what [`recommend`](Self::recommend) gives for one after
    /// the other, ranked a block of users at a time. A user without a training pair gets an empty list
    /// while there are others.
    ///
    /// # Errors
    /// [`Error::UnknownId`] if no user has a training pair, or no item that may be recommended.
    pub async fn recommend_all(
        &mut self,
        ids: &[String],
        k: usize,
        choice: &Choice,
    ) -> Result<Served<Vec<Recommendation>>> {
        self.ready().await?;
        let mut lookup = Lookup::default();
        let places = lookup.some(ids, |id| self.user(id))?;
        let users: Vec<u32> = places.iter().copied().flatten().collect();
        let mut filter = self.filter(choice, &[], &mut lookup)?;
        filter.hides_seen = !choice.seen;
        if filter.hides_seen {
            self.mask(Mask::History);
        }
        let mut lists = Vec::with_capacity(users.len());
        for block in users.chunks(self.model.users_at_once()) {
            let ranked = self.model.rank_users(block, k, &filter).await?;
            let sums = block.iter().filter_map(|&user| self.model.sum_of(user)).collect();
            lists.extend(self.explained(ranked, sums).await?);
        }
        let mut lists = lists.into_iter();
        let list = |place: Option<u32>| place.and_then(|_| lists.next()).unwrap_or_default();
        Ok(Served { found: places.into_iter().map(list).collect(), unknown: lookup.unknown })
    }

    /// The `k` items whose outputs are most like an item's, without itself.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for an item without a training pair.
    pub async fn similar(
        &mut self,
        id: &str,
        k: usize,
        choice: &Choice,
    ) -> Result<Served<Recommendation>> {
        self.ready().await?;
        let items = vec![self.item(id)?];
        let mut lookup = Lookup::default();
        let filter = self.filter(choice, &items, &mut lookup)?;
        let itself = Sum { of: Source::Outputs, items };
        let ranked = self.model.rank_mean(&itself, k, &filter).await?;
        let mut lists = self.explained(vec![ranked], Vec::new()).await?;
        Ok(Served { found: lists.remove(0), unknown: lookup.unknown })
    }

    /// The `k` best items for a user who was never seen, by features.
    ///
    /// # Errors
    /// [`Error::Config`] where users have no features, or none of these is known.
    pub async fn recommend_unseen(
        &mut self,
        user: &Unseen,
        k: usize,
        choice: &Choice,
    ) -> Result<ByFeatures> {
        self.rank_unseen(Tower::User, user, k, choice).await
    }

    /// The `k` items whose outputs are most like that of an item which was never seen, by features.
    ///
    /// # Errors
    /// [`Error::Config`] where items have no features, or none of these is known.
    pub async fn similar_unseen(
        &mut self,
        item: &Unseen,
        k: usize,
        choice: &Choice,
    ) -> Result<ByFeatures> {
        self.rank_unseen(Tower::Item, item, k, choice).await
    }

    async fn rank_unseen(
        &mut self,
        tower: Tower,
        unseen: &Unseen,
        k: usize,
        choice: &Choice,
    ) -> Result<ByFeatures> {
        self.ready().await?;
        let (features, unknown) = self.known_features(tower, unseen)?;
        let mut lookup = Lookup::default();
        let filter = self.filter(choice, &[], &mut lookup)?;
        let ranked = self.model.rank_cold(tower, &features, k, &filter).await?;
        let items = self.explained(vec![ranked], Vec::new()).await?.remove(0);
        Ok(ByFeatures { items, unknown: unknown + lookup.unknown.len() })
    }

    /// The features of an id that was never seen, and how many of its values nothing trained has.
    fn known_features(&self, tower: Tower, unseen: &Unseen) -> Result<(Vec<u32>, usize)> {
        let refused = |problem: &str, allowed: String| Error::Config {
            key: "features".into(),
            problem: problem.into(),
            allowed,
        };
        let (features, option) = match tower {
            Tower::User => (&self.dataset.user_features, "towers.user.features"),
            Tower::Item => (&self.dataset.item_features, "towers.item.features"),
        };
        let features = features.as_ref().ok_or_else(|| {
            refused("the tower has none", format!("a run with `{option}`, or ids"))
        })?;
        let cells: BTreeMap<&str, String> = unseen
            .features
            .iter()
            .map(|(column, cell)| match cell {
                Cell::Text(text) => (column.as_str(), text.clone()),
                Cell::Number(number) => (column.as_str(), number.to_string()),
            })
            .collect();
        let (known, mut unknown) = features.lookup(|column| cells.get(column).map(String::as_str));
        unknown +=
            cells.keys().filter(|&&cell| features.columns().all(|name| name != cell)).count();
        let columns = || features.columns().collect::<Vec<_>>().join(", ");
        match known.len() {
            0 => Err(refused(
                "none of these values is known",
                format!("one or more that something trained has, in: {}", columns()),
            )),
            1..=MOST_FEATURES => Ok((known, unknown)),
            count => Err(refused(&format!("{count} values"), format!("at most {MOST_FEATURES}"))),
        }
    }

    /// Items of a user in training and validation.
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

    /// Items that a choice excludes for a query with items.
    fn filter(&self, choice: &Choice, had: &[u32], lookup: &mut Lookup) -> Result<Filter> {
        let find = |id: &str| self.item(id);
        let known = |places: Vec<Option<u32>>| places.into_iter().flatten().collect::<Vec<u32>>();
        let among = choice.among.as_ref().map(|ids| lookup.some(ids, find)).transpose()?;
        let mut filter = Filter::new(self.dataset.n_items, among.map(known).as_deref());
        filter.bar(&known(lookup.each(&choice.without, find)));
        if !choice.seen {
            filter.bar(had);
        }
        Ok(filter)
    }

    /// Lists with titles, and with the reasons of each item where each list's query is a sum.
    async fn explained(
        &mut self,
        lists: Vec<Ranked>,
        sums: Vec<Sum>,
    ) -> Result<Vec<Vec<Recommendation>>> {
        let parts = if sums.is_empty() {
            None
        } else {
            let items = lists.iter().flatten().map(|&(item, _)| item).collect();
            Some(self.model.parts(sums, items).await?)
        };
        let explained = |(n, list): (usize, Ranked)| {
            let recommendation = |(item, score)| {
                let TitledItem { item: id, title } = self.titled(item);
                let because =
                    parts.as_ref().map_or(Vec::new(), |parts| self.reasons(parts.of(n, item)));
                Recommendation { item: id, title, score, because }
            };
            list.into_iter().map(recommendation).collect()
        };
        Ok(lists.into_iter().enumerate().map(explained).collect())
    }

    /// The largest parts that speak for an item.
    fn reasons(&self, parts: impl Iterator<Item = (u32, f64)>) -> Vec<Reason> {
        let mut largest: Vec<(u32, f64)> = Vec::with_capacity(REASONS + 1);
        for part in parts.filter(|&(_, share)| share > 0.0) {
            let place = largest.partition_point(|&(_, share)| share >= part.1);
            largest.insert(place, part);
            largest.truncate(REASONS);
        }
        let reason = |(item, share)| Reason { item: self.titled(item), share };
        largest.into_iter().map(reason).collect()
    }
}
