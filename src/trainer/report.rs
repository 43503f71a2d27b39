//! Reports of a run, for `cargo xtask train --json` and the JavaScript API.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evaluate::HeldOut;
use super::{Edge, Recovery, SkipReport, Trainer, Trial, TrialProgress};
use crate::config::Config;
use crate::data::{self, Extension};
use crate::executor::Backend;
use crate::formats::json::{self, Parts};
use crate::metrics::Metrics;
use crate::plan::{TOP_K, Work};

/// Config, data and backend of the run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About<'a> {
    /// All options.
    pub config: &'a Config,
    /// The backend, its adapter, and the reason for the choice.
    #[serde(flatten)]
    pub backend: &'a Backend,
    /// Sizes of the data, and the report on reading it.
    pub data: data::About<'a>,
    /// Total bytes of all buffers.
    pub memory_bytes: u64,
    /// Dispatches of a training step, in order.
    pub plan: Vec<&'static str>,
    /// Work of a step with a full batch and a full bank.
    pub step_work: Work,
}

/// Report of one epoch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct EpochReport {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's pairs.
    pub loss: f64,
    /// Training time without evaluation.
    pub seconds: f64,
    /// Pairs trained.
    pub pairs: usize,
    /// Training steps.
    pub steps: usize,
    /// Work of the steps and of the skipping decisions before them, counted from the plan.
    #[serde(flatten, skip_deserializing)]
    pub work: Work,
    /// Mean drift of the item outputs during the steps that the bank covers, divided by their mean
    /// length; none without a bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<f64>,
    /// Skipped pairs; none before the first decision.
    pub skip: Option<SkipReport>,
    /// Metrics on the validation part if there is one, otherwise on the test part; none without
    /// both.
    #[serde(flatten, skip_deserializing)]
    pub metrics: Option<Metrics>,
}

impl Parts for EpochReport {
    fn fill(&mut self, object: &Value) -> serde_json::Result<()> {
        self.work = json::read(object.clone())?;
        self.metrics = json::read(object.clone()).ok();
        Ok(())
    }
}

/// The final model.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Final {
    /// Epoch of the model, from 1.
    pub epoch: usize,
    /// Metrics on the test part.
    #[serde(flatten, skip_deserializing)]
    pub metrics: Option<Metrics>,
    /// Metrics of the popularity baseline on the test part.
    pub popularity: Option<Metrics>,
}

impl Parts for Final {
    fn fill(&mut self, object: &Value) -> serde_json::Result<()> {
        self.metrics = json::read(object.clone()).ok();
        Ok(())
    }
}

/// Report of the whole run.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    about: About<'a>,
    /// Trials before the first epoch, if the run is tuned.
    trials: &'a [Trial],
    epochs: &'a [EpochReport],
    /// New data that joined the run, in order.
    extensions: &'a [Extension],
    /// Current progress.
    progress: Progress,
    popularity: Option<Metrics>,
    best: Option<EpochReport>,
    r#final: Option<Final>,
    recovered: &'a [Recovery],
}

/// Progress of an evaluation.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Measured {
    /// Share of the part's users that are done.
    pub share: f64,
    /// Whether the best epoch is measured on the test part, at the end of the run.
    pub best: bool,
}

/// Progress of a run after a slice of training.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Current epoch, from 1.
    pub epoch: usize,
    /// Total number of epochs.
    pub epochs: usize,
    /// Completed steps of the epoch.
    pub step: usize,
    /// Total number of steps in the epoch.
    pub steps: usize,
    /// Mean loss of each step since the last slice.
    pub losses: Vec<f32>,
    /// Pairs trained in the run.
    pub pairs: u64,
    /// Progress of the evaluation; none while nothing is measured.
    pub measured: Option<Measured>,
    /// Seconds of training and evaluation.
    pub seconds: f64,
    /// Seconds of evaluation.
    pub evaluation_seconds: f64,
    /// Estimated seconds to the end; none before the first step and after the last one.
    pub seconds_left: Option<f64>,
    /// The trial that this progress describes, while the run is tuned.
    pub trial: Option<TrialProgress>,
    /// The epoch that ended in this slice, if any.
    pub epoch_report: Option<EpochReport>,
    /// Number of recoveries from lost devices.
    pub recovered: usize,
    /// Whether the run is finished.
    pub done: bool,
}

impl Trainer {
    /// Returns the report of the run so far.
    pub fn report(&self) -> Report<'_> {
        let [on_validation, on_test] = self.popularity;
        Report {
            about: self.about(),
            trials: &self.run.trials,
            epochs: &self.run.epochs,
            extensions: &self.run.extensions,
            progress: self.progress(Vec::new(), None),
            popularity: on_validation.or(on_test),
            best: self.run.best.map(|best| self.run.epochs[best]),
            r#final: self.run.finished,
            recovered: &self.run.recovered,
        }
    }

    pub(super) fn progress(&self, losses: Vec<f32>, epoch_report: Option<EpochReport>) -> Progress {
        let epochs_done = self.run.epochs.len();
        let steps = self.model.steps_in_epoch();
        let in_epoch = self.run.epoch_losses.len();
        // The slice that ends an epoch still reports that epoch.
        let has_ended = epoch_report.is_some() || self.run.edge == Some(Edge::Run);
        let step = if has_ended { steps } else { in_epoch };
        let epoch_pairs = self.model.pairs_in_epoch();
        let in_epoch = (in_epoch * self.config.batch_size).min(epoch_pairs) as u64;
        let in_epochs: u64 = self.run.epochs.iter().map(|epoch| epoch.pairs as u64).sum();
        let pairs = self.pairs_of_trials() + in_epochs + in_epoch;
        let training = self.run.seconds + self.run.epoch_seconds;
        // Assumes that later epochs are as long as this one.
        let epochs_left = self.epochs_left(epochs_done) as u64;
        let left = (epochs_left * epoch_pairs as u64).saturating_sub(in_epoch);
        let done = self.run.finished.is_some();
        Progress {
            epoch: epoch_report
                .map_or(epochs_done + usize::from(!done && !has_ended), |report| report.epoch)
                .max(1),
            epochs: self.epochs(),
            step,
            steps,
            losses,
            pairs,
            measured: self.measured(),
            seconds: training + self.run.evaluation_seconds,
            evaluation_seconds: self.run.evaluation_seconds,
            seconds_left: (!done && pairs > 0)
                .then(|| training / pairs as f64 * left as f64 + self.evaluation_left(training)),
            trial: None,
            epoch_report,
            recovered: self.run.recovered.len(),
            done,
        }
    }

    /// Returns the number of epochs after the completed ones, without an early stop.
    fn epochs_left(&self, done: usize) -> usize {
        if self.run.edge == Some(Edge::Run) { 0 } else { self.epochs().saturating_sub(done) }
    }

    /// Estimates the seconds of later evaluations from the time of earlier ones. Before the first
    /// evaluation, the estimate assumes that multiply-adds take as long as in training.
    fn evaluation_left(&self, training: f64) -> f64 {
        let ranked = |part: &HeldOut| part.ranked(self.dataset.n_users).len();
        let (an_epoch, at_the_end) = match ranked(&self.validation) {
            0 => (ranked(&self.test), 0),
            validated => (validated, ranked(&self.test)),
        };
        let now = self.lists.len() / TOP_K;
        let epochs_done = self.run.epochs.len();
        let in_trials: usize = self.run.trials.iter().map(|trial| trial.epochs).sum();
        let done = (epochs_done + in_trials) * an_epoch + now;
        let left = self.epochs_left(epochs_done) * an_epoch + at_the_end;
        let a_user = if done > 0 {
            self.run.evaluation_seconds / done as f64
        } else {
            let a_product = training / self.model.work().multiply_adds.max(1) as f64;
            a_product * self.model.products_of_ranking()
        };
        left.saturating_sub(now) as f64 * a_user
    }
}
