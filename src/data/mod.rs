//! From a file's bytes to the parts that a run needs.
//!
//! Bytes come in chunks of any size to a [`Loader`] and leave as a [`Dataset`]: lines become
//! records (`reader`, `delimited`, `json`), records become cells by what the columns hold (`format`,
//! `columns`), cells become indices and rows of words (`intake`, `ids`, `interactions`), and rows
//! are sorted, thinned out (`filter`) and parted (`split`) where they lie. Nothing here touches a
//! file or a network, and the result depends on the bytes and the options alone, never on how the
//! bytes were cut.

mod columns;
mod dataset;
mod delimited;
mod features;
mod filter;
mod flaw;
mod format;
mod ids;
mod intake;
mod interactions;
mod json;
mod loader;
mod pairs;
mod reader;
mod report;
mod restore;
mod split;
pub mod synthetic;
mod time;
mod titles;

pub use dataset::Dataset;
pub use features::Features;
pub use ids::Ids;
pub use loader::{Loader, Part};
pub use pairs::{Csr, Pairs};
pub use report::{About, Report, Summary};
pub use restore::{Kept, KeptFeatures};
