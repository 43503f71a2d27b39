//! The form of an experiment.

use super::Set;
use super::measured::{Measured, Run};
use super::section::Chapter;
use anyhow::Result;
use serde_json::Value;

/// An experiment: its runs on a data set, and the conclusions from them.
pub struct Experiment {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// Numbers of epochs. All arms run once for each, since a run may depend on its number of
    /// epochs.
    pub lengths: fn(set: &str) -> Vec<usize>,
    pub arms: fn(set: &str) -> Vec<Arm>,
    /// Trains an arm, given by its name, with its options.
    pub train: fn(set: &Set, arm: &str, options: Value) -> Result<Run>,
    pub conclude: fn(&Measured) -> Chapter,
}

/// A way to train, compared with the others.
pub struct Arm {
    pub name: &'static str,
    pub options: Value,
}
