//! Reads a data set from the bytes of its files.
//!
//! A [`Loader`] takes bytes in chunks of any size and returns a [`Dataset`]: bytes become UTF-8
//! (`encoding`), lines become records (`reader`, `delimited`, `quoted`, `json`), records become
//! cells of known columns (`format`, `separated`, `header`, `columns`, `content`), cells become
//! indices and rows of words (`intake`, `ids`, `time`, `interactions`), and rows are sorted,
//! filtered (`filter`) and split (`split`) in place. `report` describes how files were understood,
//! `warnings` adds probable mistakes. Nothing here accesses a file or a network. The result depends
//! only on the bytes and the options, never on the boundaries of the chunks.

mod cells;
mod columns;
mod content;
mod dataset;
mod dates;
mod delimited;
mod encoding;
mod extend;
mod features;
mod filter;
mod flaw;
mod foreign;
mod format;
mod header;
mod ids;
mod intake;
mod interactions;
mod json;
mod list;
mod loader;
mod missing;
mod number;
mod opened;
mod pairs;
mod part;
mod pattern;
mod preview;
mod quoted;
mod reader;
mod report;
mod restore;
mod roles;
mod separated;
mod sought;
mod split;
mod time;
mod titles;
mod warnings;

pub use dataset::Dataset;
pub use extend::Extension;
pub(crate) use extend::trained;
pub use features::Features;
pub use ids::Ids;
pub use loader::Loader;
pub use pairs::{Csr, Pairs};
pub use part::Part;
pub use preview::{Heads, Preview};
pub use report::{About, ColumnReport, FileReport, Report, Summary};
pub use restore::{Kept, KeptFeatures};
