//! The data set in a saved run: with it, a file needs nothing else to be gone on from.

use super::{Reader, Writer, refused};
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

/// The tensors that a side's features are in, if it has any.
struct FeatureNames {
    vocabulary: [&'static str; 2],
    offsets: &'static str,
    members: &'static str,
    bounds: &'static str,
}

impl Writer {
    /// All of a data set but its report.
    pub fn dataset(&mut self, dataset: &Dataset) {
        let Kept { users, items, titles, parts, user_features, item_features, .. } = dataset.keep();
        self.texts(USERS, &users);
        self.texts(ITEMS, &items);
        self.texts(TITLES, &titles);
        for (name, words) in PARTS.into_iter().zip(parts) {
            self.words(name, 2, words);
        }
        for (names, features) in [(USER_FEATURES, user_features), (ITEM_FEATURES, item_features)] {
            if let Some(KeptFeatures { vocabulary, offsets, members, bounds }) = features {
                self.texts(names.vocabulary, &vocabulary);
                self.words(names.offsets, 1, offsets);
                self.words(names.members, 1, members);
                self.doubles(names.bounds, &bounds);
            }
        }
    }
}

impl<'a> Reader<'a> {
    /// The data set that goes with a report and with towers.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] if it is none.
    pub fn dataset(&mut self, report: Report, towers: &Towers) -> Result<Dataset> {
        let [users, items, titles] = [USERS, ITEMS, TITLES].map(|names| self.texts(names));
        let [train, validation, test] = PARTS.map(|name| self.words(name, 2));
        let kept = Kept {
            users: users?,
            items: items?,
            titles: titles?,
            parts: [train?, validation?, test?],
            user_features: self.features(USER_FEATURES, &towers.user.base)?,
            item_features: self.features(ITEM_FEATURES, &towers.item)?,
            report,
        };
        Dataset::restore(kept, towers).map_err(refused)
    }

    fn features(
        &mut self,
        names: FeatureNames,
        tower: &TowerConfig,
    ) -> Result<Option<KeptFeatures<'a>>> {
        if tower.features.is_empty() {
            return Ok(None);
        }
        Ok(Some(KeptFeatures {
            vocabulary: self.texts(names.vocabulary)?,
            offsets: self.words(names.offsets, 1)?,
            members: self.words(names.members, 1)?,
            bounds: self.doubles(names.bounds)?,
        }))
    }
}
