//! What a run reports: the documents of `cargo xtask train --json` and of the JavaScript API.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evaluate::HeldOut;
use super::{Edge, Recovery, SkipReport, Trainer, Trial, TrialProgress};
use crate::config::Config;
use crate::data;
use crate::executor::Backend;
use crate::json::{self, Parts};
use crate::metrics::Metrics;
use crate::plan::{TOP_K, Work};

/// Config, data and backend of the run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About<'a> {
    /// The options, complete.
    pub config: &'a Config,
    /// The backend, its adapter and the reason.
    #[serde(flatten)]
    pub backend: &'a Backend,
    /// Sizes of the data, and what happened to it on its way in.
    pub data: data::About<'a>,
    /// Bytes of all buffers.
    pub memory_bytes: u64,
    /// The dispatches of a training step, in order.
    pub plan: Vec<&'static str>,
    /// Cost of a step with a full batch and a full bank.
    pub step_work: Work,
}

/// One epoch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct EpochReport {
    /// From 1.
    pub epoch: usize,
    /// Mean over the epoch's pairs.
    pub loss: f64,
    /// Training time without evaluation.
    pub seconds: f64,
    /// Pairs trained.
    pub pairs: usize,
    /// Training steps.
    pub steps: usize,
    /// Cost of the steps and of the decisions before them, counted from the plan.
    #[serde(flatten, skip_deserializing)]
    pub work: Work,
    /// Item outputs' mean drift over the steps that the bank reaches back, over their mean length;
    /// none without a bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<f64>,
    /// Skipped pairs; none before the first decision.
    pub skip: Option<SkipReport>,
    /// On the validation part if there is one, else on the test; none where neither is.
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

/// The model that is kept.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Final {
    /// The epoch that it is from.
    pub epoch: usize,
    /// On the test.
    #[serde(flatten, skip_deserializing)]
    pub metrics: Option<Metrics>,
    /// Popularity's on the test.
    pub popularity: Option<Metrics>,
}

impl Parts for Final {
    fn fill(&mut self, object: &Value) -> serde_json::Result<()> {
        self.metrics = json::read(object.clone()).ok();
        Ok(())
    }
}

/// The whole run.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    about: About<'a>,
    /// Trials before the first epoch, if the run is tuned.
    trials: &'a [Trial],
    epochs: &'a [EpochReport],
    /// Where it stands.
    progress: Progress,
    popularity: Option<Metrics>,
    best: Option<EpochReport>,
    r#final: Option<Final>,
    recovered: &'a [Recovery],
}

/// An evaluation under way.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Measured {
    /// The share of the part's users that are ranked for.
    pub share: f64,
    /// Whether it is that of the best epoch, on the test, at the end of the run.
    pub best: bool,
}

/// Where a run stands after a slice of training.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Epoch at work, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps of the epoch that are done.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Mean loss of each step since the last slice.
    pub losses: Vec<f32>,
    /// Pairs trained in the run.
    pub pairs: u64,
    /// How far the evaluation is, while the model is measured.
    pub measured: Option<Measured>,
    /// Time of the run.
    pub seconds: f64,
    /// The part of it that evaluation took.
    pub evaluation_seconds: f64,
    /// Time that is left at this pace; none before the first steps and after the last.
    pub seconds_left: Option<f64>,
    /// The trial that all this is of, while the run is tuned.
    pub trial: Option<TrialProgress>,
    /// The epoch that this slice ended, if it did.
    pub epoch_report: Option<EpochReport>,
    /// Devices that were lost on the way.
    pub recovered: usize,
    /// Whether the run is over.
    pub done: bool,
}

impl Trainer {
    /// The whole run so far.
    pub fn report(&self) -> Report<'_> {
        let [on_validation, on_test] = self.popularity;
        Report {
            about: self.about(),
            trials: &self.run.trials,
            epochs: &self.run.epochs,
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
        // The slice that ends an epoch is still about that epoch.
        let has_ended = epoch_report.is_some() || self.run.edge == Some(Edge::Run);
        let step = if has_ended { steps } else { in_epoch };
        let epoch_pairs = self.model.pairs_in_epoch();
        let in_epoch = (in_epoch * self.config.batch_size).min(epoch_pairs) as u64;
        let in_epochs: u64 = self.run.epochs.iter().map(|epoch| epoch.pairs as u64).sum();
        let pairs = self.pairs_of_trials() + in_epochs + in_epoch;
        let training = self.run.seconds + self.run.epoch_seconds;
        // The epochs to come are taken to be as long as this one.
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

    /// Epochs to come, if none ends the run early.
    fn epochs_left(&self, done: usize) -> usize {
        if self.run.edge == Some(Edge::Run) { 0 } else { self.epochs().saturating_sub(done) }
    }

    /// Time that the evaluations to come take, if they go on as those before. Before the first one: if its products
    /// take as long as those of the training so far.
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
