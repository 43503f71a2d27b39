//! Recommends items for a user or for a visitor who picked some items, and finds items similar to
//! an item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Trainer;
use super::evaluate::Mask;
use crate::error::{Error, Result};
use crate::model::{Filter, Ranked, Source, Sum, Tower};
use crate::plan::MAX_FEATURES;

/// Maximum number of items that a recommendation names as its reasons.
const REASONS: usize = 3;

/// The user or visitor to recommend to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Query {
    /// A user of the training data, by id.
    User(String),
    /// A visitor who is not in the training data, by the items that they picked.
    Items(Vec<String>),
}

/// The items that may be recommended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Only these items, by id; the whole catalogue by default.
    pub among: Option<Vec<String>>,
    /// Excluded items, by id.
    pub without: Vec<String>,
    /// Whether the query's own items may be recommended: a user's items, the items that a visitor
    /// picked, or the item itself.
    pub seen: bool,
}

/// A user or item that is not in the training data, by its feature values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unseen {
    /// Cells by column.
    pub features: BTreeMap<String, Cell>,
}

/// A cell of a feature column.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the variants name their contents")]
pub enum Cell {
    Text(String),
    Number(serde_json::Number),
}

/// Results, and the ids that are not in the training data.
#[derive(Debug, Clone, PartialEq)]
pub struct Served<T> {
    /// The results.
    pub found: Vec<T>,
    /// Skipped ids, each once.
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

/// Looks up the ids of lists and collects the ids that are not in the training data.
#[derive(Default)]
struct Lookup {
    unknown: Vec<String>,
}

impl Lookup {
    /// Returns the index of each id; none for an unknown id.
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

    /// Returns the index of each id; none for an unknown id.
    ///
    /// # Errors
    /// The error of the first id, if no id is known.
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

/// Results of a query by features.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ByFeatures {
    /// The items, best first.
    pub items: Vec<Recommendation>,
    /// Number of skipped inputs: values that are not in the training data, cells of other columns,
    /// and unknown ids of the choice.
    pub unknown: usize,
}

/// A recommended item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// Its id.
    pub item: String,
    /// Its title, if the items file has one.
    pub title: Option<String>,
    /// Product of the towers' outputs; their cosine if outputs are normalised.
    pub score: f32,
    /// Up to three items of the history, or of the visitor's items, with the largest shares of the
    /// score. Empty if the score has no shares: for a user with other inputs besides a history, for
    /// a tower with layers, and for similar items.
    pub because: Vec<Reason>,
}

/// An item with a share of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// The item.
    #[serde(flatten)]
    pub item: TitledItem,
    /// Its share. The shares of the whole history add up to the score.
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
    /// Returns the `k` best items for a user or a visitor, by default without the items that they
    /// have. Unknown ids in a list are skipped unless all are unknown.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for a user without a training pair, or for a list in which no item has
    /// one; [`Error::Config`] for an empty list.
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
                        problem: "the list is empty".into(),
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

    /// Returns the `k` best items for each of some users. The results equal calls of
    /// [`recommend`](Self::recommend) for one user after the other; users are ranked in blocks. A
    /// user without a training pair gets an empty list unless all users are unknown.
    ///
    /// # Errors
    /// [`Error::UnknownId`] if no user has a training pair, or no item in `among` has one.
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

    /// Returns the `k` items whose outputs are most similar to an item's, by default without the
    /// item itself.
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

    /// Returns the `k` best items for a user who is not in the training data, by features.
    ///
    /// # Errors
    /// [`Error::Config`] if users have no features, or no value is in the training data.
    pub async fn recommend_unseen(
        &mut self,
        user: &Unseen,
        k: usize,
        choice: &Choice,
    ) -> Result<ByFeatures> {
        self.rank_unseen(Tower::User, user, k, choice).await
    }

    /// Returns the `k` items whose outputs are most similar to that of an item that is not in the
    /// training data, by features.
    ///
    /// # Errors
    /// [`Error::Config`] if items have no features, or no value is in the training data.
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

    /// Returns the known features of a user or item that is not in the training data, and the
    /// number of unknown values.
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
            refused("this tower has no features", format!("a run with `{option}`, or ids"))
        })?;
        let cells: Vec<(&str, String)> = unseen
            .features
            .iter()
            .map(|(column, cell)| match cell {
                Cell::Text(text) => (column.as_str(), text.clone()),
                Cell::Number(number) => (column.as_str(), number.to_string()),
            })
            .collect();
        let cell_of = |column: &str| cells.iter().find(|cell| cell.0 == column);
        let (known, mut unknown) =
            features.lookup(|column| cell_of(column).map(|cell| cell.1.as_str()));
        unknown +=
            cells.iter().filter(|cell| features.columns().all(|name| name != cell.0)).count();
        let columns = || features.columns().collect::<Vec<_>>().join(", ");
        match known.len() {
            0 => Err(refused(
                "no value is in the training data",
                format!("one or more values of the training data, in: {}", columns()),
            )),
            1..=MAX_FEATURES => Ok((known, unknown)),
            count => Err(refused(&format!("{count} values"), format!("at most {MAX_FEATURES}"))),
        }
    }

    /// Returns the items of a user in training and validation.
    ///
    /// # Errors
    /// [`Error::UnknownId`] for a user without a training pair.
    pub fn history(&self, id: &str) -> Result<Vec<TitledItem>> {
        let user = self.user(id)?;
        Ok(self.seen(user).iter().map(|&item| self.titled(item)).collect())
    }

    /// Returns up to `limit` users whose id contains `search`.
    pub fn users(&self, search: &str, limit: usize) -> Vec<String> {
        let users = (0..self.dataset.n_users as u32).map(|user| self.dataset.users.name(user));
        users.filter(|name| name.contains(search)).take(limit).map(String::from).collect()
    }

    /// Returns up to `limit` items whose id or title contains `search`, ignoring case.
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

    /// Returns the filter for a choice and the query's own items.
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

    /// Adds titles to lists, and the reasons for each item if each list's query is a sum.
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

    /// Returns the largest positive shares of an item's score.
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
