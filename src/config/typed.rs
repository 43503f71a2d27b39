//! The typed options of a run.

use serde::{Deserialize, Serialize};

use super::files::{DataOptions, Split};
use super::techniques::{Cbns, OneBp, Skip};
use super::towers::Towers;

/// A run's options, complete and valid. Only [`Config::resolve`] creates it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Name of the [`Preset`](super::Preset) that supplied the defaults, if any.
    pub preset: Option<String>,
    /// Embedding width D.
    pub dim: usize,
    /// Pairs in a step, B.
    pub batch_size: usize,
    /// Passes over the training pairs.
    pub epochs: usize,
    /// Seed of every random choice.
    pub seed: u32,
    /// Whether tower outputs have length 1.
    pub normalize: bool,
    /// Temperature τ, the divisor of the scores.
    pub temperature: f32,
    /// Initial values of the tables.
    pub init: Init,
    /// Metric for the choice of the best epoch.
    pub metric: Metric,
    /// Epochs without a better validation metric after which training stops early.
    pub patience: Option<usize>,
    /// Trials before the run, if on.
    pub tune: Option<Tune>,
    /// Update rule of the tables.
    pub optimizer: Optimizer,
    /// Negatives of the softmax.
    pub negatives: Negatives,
    /// Training of the item tower only, if on.
    pub onebp: Option<OneBp>,
    /// Negatives from earlier batches, if on.
    pub cbns: Option<Cbns>,
    /// Skipping of pairs, if on.
    pub skip: Option<Skip>,
    /// Inputs and layers of the towers.
    pub towers: Towers,
    /// Test and validation parts.
    pub split: Split,
    /// Options for reading and filtering files.
    pub data: DataOptions,
}

/// Initial values of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Init {
    /// Normal with this standard deviation.
    Std(f32),
    /// Normal with variance 2/(rows + D) (Glorot & Bengio 2010), as in the code of OneBP's authors.
    Named(InitRule),
}

/// Named rules for initial values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitRule {
    /// Xavier normal.
    Xavier,
}

/// Metrics for the choice of the best epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the serialised names say which metric at which cut")]
pub enum Metric {
    #[serde(rename = "recall@10")]
    Recall10,
    #[serde(rename = "recall@20")]
    Recall20,
    #[serde(rename = "ndcg@10")]
    Ndcg10,
    #[serde(rename = "ndcg@20")]
    Ndcg20,
    #[serde(rename = "hit@10")]
    Hit10,
    #[serde(rename = "mrr@10")]
    Mrr10,
}

/// Trials before the run, on a held-out part of the training pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tune {
    /// Temperatures, in the order of the trials.
    pub temperature: Vec<f32>,
    /// Held-out share of each user's training pairs.
    pub validation: f64,
}

/// Update rule of the tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Optimizer {
    /// The rule.
    pub kind: OptimizerKind,
    /// Learning rate, after warm-up and before the schedule.
    pub learning_rate: f32,
    /// Schedule of the learning rate.
    pub schedule: ScheduleKind,
    /// Epochs over which the learning rate rises.
    pub warmup: f32,
    /// Weight decay.
    pub l2: f32,
}

/// Update rules; all are row-sparse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// State of two moments per element.
    Adam,
    /// State of one squared-gradient sum per row.
    Adagrad,
    /// Plain descent without state.
    Sgd,
}

/// Schedules of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// The learning rate stays constant.
    Constant,
    /// The learning rate falls along half a cosine.
    Cosine,
}

/// Negatives of the softmax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Negatives {
    /// Source of the negatives.
    pub kind: NegativesKind,
    /// Number of drawn negatives, for the kinds that draw.
    pub count: usize,
    /// Exponent of the items' counts for `popularity`.
    pub alpha: f32,
    /// The logQ correction.
    #[serde(rename = "logQ")]
    pub log_q: LogQ,
    /// Rate α of the streaming estimate.
    pub gap_rate: f32,
}

/// Sources of negatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativesKind {
    /// The items of the other pairs in the batch.
    InBatch,
    /// Items that the pair's user does not have, with equal probability.
    Uniform,
    /// Any other items, with probability proportional to a power of their counts.
    Popularity,
    /// The items of the other pairs, and items drawn for the whole batch with equal probability.
    Mixed,
}

/// The logQ correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogQ {
    /// On, with log q from the counts of the training pairs; or off.
    Known(bool),
    /// On, with an estimate of log q.
    Estimated(Estimate),
}

/// Estimates of log q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimate {
    /// From the gaps between the batches that contain an item (Yi et al. 2019).
    Streaming,
}
