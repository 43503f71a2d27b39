//! A data set from what was kept of it, which may be anything.

use super::Dataset;
use super::ids::Ids;
use super::pairs::Pairs;
use super::report::Report;
use super::titles::Titles;

/// What a data set is made of.
#[derive(Debug)]
pub struct Kept<'a> {
    /// Ids of the users, in order.
    pub users: Vec<&'a str>,
    /// Ids of the items, in order.
    pub items: Vec<&'a str>,
    /// Titles of the items, empty where there is none.
    pub titles: Vec<&'a str>,
    /// Words of the training, validation and test pairs.
    pub parts: [Vec<u32>; 3],
    /// What happened to the data on its way in.
    pub report: Report,
}

impl Dataset {
    /// Takes apart what [`Dataset::restore`] puts together.
    pub fn keep(&self) -> Kept<'_> {
        let items = 0..self.items.len() as u32;
        Kept {
            users: self.users.iter().collect(),
            items: self.items.iter().collect(),
            titles: items.map(|item| self.title(item).unwrap_or_default()).collect(),
            parts: [&self.train, &self.validation, &self.test].map(|part| part.as_words().to_vec()),
            report: self.report.clone(),
        }
    }

    /// A data set as it was; says what it cannot have been.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    pub fn restore(kept: Kept<'_>) -> Result<Self, &'static str> {
        let Kept { users, items, titles, parts, report } = kept;
        if titles.len() != items.len() {
            return Err("it does not have one title for each item");
        }
        let users = Ids::distinct(users.into_iter()).ok_or("two of its users have one id")?;
        let items = Ids::distinct(items.into_iter()).ok_or("two of its items have one id")?;
        if parts.iter().any(|words| !words.len().is_multiple_of(2)) {
            return Err("a pair is cut off");
        }
        let [train, validation, test] = parts.map(Pairs::from_words);
        for part in [&train, &validation, &test] {
            let known = |[user, item]: [u32; 2]| {
                (user as usize) < users.len() && (item as usize) < items.len()
            };
            if !part.iter().all(known) {
                return Err("a pair is of a user or an item that it does not have");
            }
            if !part.as_slice().is_sorted_by(|a, b| a < b) {
                return Err("its pairs are not in order");
            }
        }
        let (Some(n_users), Some(n_items)) = (trained(&train, 0), trained(&train, 1)) else {
            return Err("its users and items are not numbered as those of a training");
        };
        Ok(Self {
            users,
            items,
            n_users,
            n_items,
            train,
            validation,
            test,
            report,
            user_features: None,
            item_features: None,
            titles: Titles::in_order(titles.into_iter()),
        })
    }
}

/// How many rows one side of the training pairs has; none if they are not all there, the first ones, and
/// at least two.
fn trained(train: &Pairs, side: usize) -> Option<usize> {
    let rows = train.iter().map(|pair| pair[side] as usize + 1).max()?;
    let mut seen = vec![false; rows];
    for pair in train.iter() {
        seen[pair[side] as usize] = true;
    }
    (rows > 1 && seen.into_iter().all(|seen| seen)).then_some(rows)
}
