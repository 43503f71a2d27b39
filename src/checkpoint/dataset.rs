//! The data set in a saved run: with it, a run resumes from one file.

use std::mem::take;

use super::{Reader, Texts, Writer, refused};
use crate::config::{TowerConfig, Towers};
use crate::data::{Dataset, Kept, KeptFeatures, Report};
use crate::error::Result;

const USERS: [&str; 2] = ["users", "users.lengths"];
const ITEMS: [&str; 2] = ["items", "items.lengths"];
const TITLES: [&str; 2] = ["titles", "titles.lengths"];
const PARTS: [&str; 3] = ["pairs.train", "pairs.validation", "pairs.test"];
const USER_FEATURES: FeatureNames = FeatureNames {
    vocabulary: ["features.user", "features.user.lengths"],
    offsets: "features.user.offsets",
    members: "features.user.members",
    bounds: "features.user.bounds",
};
const ITEM_FEATURES: FeatureNames = FeatureNames {
    vocabulary: ["features.item", "features.item.lengths"],
    offsets: "features.item.offsets",
    members: "features.item.members",
    bounds: "features.item.bounds",
};

/// Names of the tensors that contain a side's features.
struct FeatureNames {
    vocabulary: [&'static str; 2],
    offsets: &'static str,
    members: &'static str,
    bounds: &'static str,
}

/// Returns the names of all lists that a saved data set may contain.
pub(super) fn all_lists() -> impl Iterator<Item = &'static str> {
    let texts = [USERS, ITEMS, TITLES, USER_FEATURES.vocabulary, ITEM_FEATURES.vocabulary];
    let features = [USER_FEATURES, ITEM_FEATURES];
    let features = features.map(|names| [names.offsets, names.members, names.bounds]);
    texts.into_iter().flatten().chain(PARTS).chain(features.into_iter().flatten())
}

impl<'a> Writer<'a> {
    /// Adds a data set without its report.
    pub fn dataset(&mut self, dataset: &'a Dataset) {
        let Kept { users, items, titles, parts, user_features, item_features, .. } = dataset.keep();
        self.texts(USERS, users);
        self.texts(ITEMS, items);
        self.texts(TITLES, titles);
        for (name, words) in PARTS.into_iter().zip(parts) {
            self.words(name, 2, words);
        }
        for (names, features) in [(USER_FEATURES, user_features), (ITEM_FEATURES, item_features)] {
            if let Some(KeptFeatures { vocabulary, offsets, members, bounds }) = features {
                self.texts(names.vocabulary, vocabulary);
                self.words(names.offsets, 1, offsets);
                self.words(names.members, 1, members);
                self.doubles(names.bounds, &bounds);
            }
        }
    }
}

/// Features as read from the file.
struct ReadFeatures {
    vocabulary: Texts,
    offsets: Vec<u32>,
    members: Vec<u32>,
    bounds: Vec<f64>,
}

impl ReadFeatures {
    fn keep(&mut self) -> Result<KeptFeatures<'_>> {
        Ok(KeptFeatures {
            vocabulary: self.vocabulary.split()?,
            offsets: take(&mut self.offsets).into(),
            members: take(&mut self.members).into(),
            bounds: take(&mut self.bounds),
        })
    }
}

impl Reader {
    /// Takes the data set that belongs to a report and to towers.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] for an invalid data set.
    pub fn dataset(&mut self, report: Report, towers: &Towers) -> Result<Dataset> {
        let [users, items, titles] = [USERS, ITEMS, TITLES].map(|names| self.texts(names));
        let [users, items, titles] = [users?, items?, titles?];
        let [train, validation, test] = PARTS.map(|name| self.words(name, 2));
        let mut user_features = self.features(USER_FEATURES, &towers.user.base)?;
        let mut item_features = self.features(ITEM_FEATURES, &towers.item)?;
        let kept = Kept {
            users: users.split()?,
            items: items.split()?,
            titles: titles.split()?,
            parts: [train?.into(), validation?.into(), test?.into()],
            user_features: user_features.as_mut().map(ReadFeatures::keep).transpose()?,
            item_features: item_features.as_mut().map(ReadFeatures::keep).transpose()?,
            report,
        };
        Dataset::restore(kept, towers).map_err(refused)
    }

    fn features(
        &mut self,
        names: FeatureNames,
        tower: &TowerConfig,
    ) -> Result<Option<ReadFeatures>> {
        if tower.features.is_empty() {
            return Ok(None);
        }
        Ok(Some(ReadFeatures {
            vocabulary: self.texts(names.vocabulary)?,
            offsets: self.words(names.offsets, 1)?,
            members: self.words(names.members, 1)?,
            bounds: self.doubles(names.bounds)?,
        }))
    }
}
