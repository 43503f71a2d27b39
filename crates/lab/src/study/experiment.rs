//! The form of an experiment.

use super::measured::Measured;
use super::section::Chapter;
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
    pub conclude: fn(&Measured) -> Chapter,
}

/// A way to train, compared with the others.
pub struct Arm {
    pub name: &'static str,
    pub options: Value,
}
