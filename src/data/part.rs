//! Roles of files.

use serde::{Deserialize, Serialize};

/// Role of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Interactions that are split by `split.kind`.
    All,
    /// Interactions to train on, with `split.kind` `given`.
    Train,
    /// Interactions that choose the best epoch, with `split.kind` `given`.
    Validation,
    /// Interactions that measure the result, with `split.kind` `given`.
    Test,
    /// Titles and features of the items.
    Items,
    /// Features of the users.
    Users,
}

/// Returns the index of a part's interactions; `None` for items and users.
pub(super) fn slot(part: Part) -> Option<usize> {
    match part {
        Part::All | Part::Train => Some(0),
        Part::Validation => Some(1),
        Part::Test => Some(2),
        Part::Items | Part::Users => None,
    }
}

/// Returns the word of a value in options and files.
pub(super) fn word(value: impl Serialize) -> String {
    let word = serde_json::to_value(value).expect("a plain enum has a word");
    word.as_str().expect("a plain enum has a word").into()
}
