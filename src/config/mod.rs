//! The options of a run. [`OPTIONS`] is their only source: the typed [`Config`], the TypeScript
//! types, the tables of the documents and the page's controls are generated from it or tested
//! against it.

mod files;
mod kind;
mod options;
mod preset;
mod resolve;
mod techniques;
#[cfg(test)]
mod tests;
mod towers;
mod typed;

pub use files::{
    Column, Columns, DataOptions, Encoding, ItemsFile, Layout, Moment, Split, SplitKind, UsersFile,
};
pub use kind::Kind;
pub(crate) use options::FEATURE_COLUMNS;
pub use options::{OPTIONAL_GROUPS, OPTIONS, OptionSpec, starts};
pub use preset::{PRESETS, Preset};
pub(crate) use resolve::MAX_USES;
pub use resolve::{defaults, get, set};
pub use techniques::{Cbns, OneBp, Sides, Skip, SkipPolicy, SkipRows, Warmup, WarmupRule};
pub use towers::{History, HistoryTable, TowerConfig, Towers, UserTower};
pub use typed::{
    Config, Estimate, Init, InitRule, LogQ, Metric, Negatives, NegativesKind, Optimizer,
    OptimizerKind, ScheduleKind, Tune,
};
