//! The data set in a saved run: with it, a file needs nothing else to be gone on from.

use super::{Reader, Writer, refused};
use crate::data::{Dataset, Kept, Report};
use crate::error::Result;

const USERS: [&str; 2] = ["users", "users.lengths"];
const ITEMS: [&str; 2] = ["items", "items.lengths"];
const TITLES: [&str; 2] = ["titles", "titles.lengths"];
const PARTS: [&str; 3] = ["pairs.train", "pairs.validation", "pairs.test"];

impl Writer {
    /// All of a data set but its report.
    pub fn dataset(&mut self, dataset: &Dataset) {
        let Kept { users, items, titles, parts, .. } = dataset.keep();
        self.texts(USERS, &users);
        self.texts(ITEMS, &items);
        self.texts(TITLES, &titles);
        for (name, words) in PARTS.into_iter().zip(parts) {
            self.words(name, 2, words);
        }
    }
}

impl Reader<'_> {
    /// The data set that goes with a report.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] if it is none.
    pub fn dataset(&mut self, report: Report) -> Result<Dataset> {
        let [users, items, titles] = [USERS, ITEMS, TITLES].map(|names| self.texts(names));
        let [train, validation, test] = PARTS.map(|name| self.words(name, 2));
        let parts = [train?, validation?, test?];
        let kept = Kept { users: users?, items: items?, titles: titles?, parts, report };
        Dataset::restore(kept).map_err(refused)
    }
}
