//! Tuning: trains with each temperature on a part of the training pairs and measures on the other
//! part. The run then trains on all pairs with the best temperature and its best number of epochs.
//!
//! A trial is a trainer of its own. An interrupted trial is not saved: it restarts and gives the
//! same results, to the bit.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EpochReport, Progress, Run, Trainer, fresh_model};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::executor::BackendRequest;
use crate::formats::json::{self, Parts};
use crate::metrics::Metrics;

/// Result of one temperature.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Trial {
    /// The temperature.
    pub temperature: f32,
    /// Best epoch, from 1; 0 if a loss was not finite.
    pub epoch: usize,
    /// Trained epochs.
    pub epochs: usize,
    /// Pairs trained.
    pub pairs: u64,
    /// Training time without evaluation.
    pub seconds: f64,
    /// Metrics of the best epoch on the held-out pairs.
    #[serde(flatten, skip_deserializing)]
    pub metrics: Metrics,
}

impl Parts for Trial {
    fn fill(&mut self, object: &Value) -> serde_json::Result<()> {
        self.metrics = json::read(object.clone())?;
        Ok(())
    }
}

/// Progress of a trial.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialProgress {
    /// Number of the trial, from 1.
    pub trial: usize,
    /// Total number of trials.
    pub trials: usize,
    /// Temperature of the trial.
    pub temperature: f32,
    /// The epoch that ended in this slice, if any, measured on the held-out pairs.
    pub epoch_report: Option<EpochReport>,
}

impl Run {
    /// Returns whether there is a temperature left to try.
    fn is_tuning(&self, config: &Config) -> bool {
        self.trials.len() < temperatures(config).len()
    }

    /// Returns the best trial once all trials have ended, the first one of equals. None if all
    /// trials failed.
    fn best_trial(&self, config: &Config) -> Option<&Trial> {
        if self.is_tuning(config) {
            return None;
        }
        let score = |trial: &Trial| trial.metrics.get(config.metric);
        let ended = self.trials.iter().rev().filter(|trial| trial.epoch > 0);
        ended.max_by(|a, b| score(a).total_cmp(&score(b)))
    }

    /// Returns whether the trials and epochs are possible with these options and this number of
    /// training pairs.
    pub(super) fn could_have_tried(&self, config: &Config, all_pairs: usize) -> bool {
        let are_of_options = self.trials.len() <= temperatures(config).len()
            && self.trials.iter().zip(temperatures(config)).all(|(trial, &temperature)| {
                trial.temperature == temperature
                    && trial.epoch <= trial.epochs
                    && trial.epochs <= config.epochs
                    && trial.pairs <= trial.epochs as u64 * all_pairs as u64
            });
        let is_settled = self.best_trial(config).is_none_or(|best| {
            best.temperature == config.temperature && self.epochs.len() <= best.epoch
        });
        let has_begun = !self.epochs.is_empty() || !self.epoch_losses.is_empty();
        are_of_options && is_settled && !(has_begun && self.is_tuning(config))
    }
}

impl Trainer {
    /// Returns whether there is a temperature left to try.
    pub(super) fn is_tuning(&self) -> bool {
        self.run.is_tuning(&self.config)
    }

    /// Returns the epochs of the run: the best epoch of the best trial, or the `epochs` option.
    pub(super) fn epochs(&self) -> usize {
        self.run.best_trial(&self.config).map_or(self.config.epochs, |trial| trial.epoch)
    }

    /// Continues the current trial, or begins the next one.
    pub(super) async fn advance_trial(&mut self, budget: Duration) -> Result<Progress> {
        let mut trial = self.take_trial().await?;
        // Boxed because a trial is a trainer, too: the future would contain itself.
        let (progress, lost) = match Box::pin(trial.advance(budget)).await {
            Err(lost @ Error::NonFinite { .. }) => (trial.progress(Vec::new(), None), Some(lost)),
            Ok(progress) => (progress, None),
            Err(error) => {
                // The trial continues after the run has recovered on another device.
                self.trial = Some(trial);
                return Err(error);
            }
        };
        let trials = temperatures(&self.config);
        let nth = self.run.trials.len();
        let pairs = self.pairs_of_trials() + progress.pairs;
        let evaluation_seconds = self.run.evaluation_seconds + progress.evaluation_seconds;
        let seconds = self.run.seconds + self.run.evaluation_seconds + progress.seconds;
        let epochs = self.config.epochs as u64;
        let of_others = (trials.len() - nth - 1) as u64 * trial.dataset.train.len() as u64;
        let left = epochs * (of_others + self.dataset.train.len() as u64);
        let per_pair = seconds / pairs.max(1) as f64;
        let told = Progress {
            pairs,
            seconds,
            evaluation_seconds,
            seconds_left: progress.seconds_left.map(|rest| rest + per_pair * left as f64),
            trial: Some(TrialProgress {
                trial: nth + 1,
                trials: trials.len(),
                temperature: trials[nth],
                epoch_report: progress.epoch_report,
            }),
            epoch_report: None,
            recovered: self.run.recovered.len() + progress.recovered,
            done: false,
            ..progress
        };
        if progress.done || lost.is_some() {
            self.run.trials.push(trial.outcome(lost.is_some()));
            self.run.seconds += trial.run.seconds;
            self.run.evaluation_seconds += trial.run.evaluation_seconds;
            self.run.recovered.append(&mut trial.run.recovered);
            // Frees the trial's memory for the next model on the same device.
            let _device = trial.model.release();
            drop(trial);
            self.settle(lost).await?;
        } else {
            self.trial = Some(trial);
        }
        Ok(told)
    }

    /// Returns the pairs trained in trials that have ended.
    pub(super) fn pairs_of_trials(&self) -> u64 {
        self.run.trials.iter().map(|trial| trial.pairs).sum()
    }

    /// Takes the current trial, or begins the next one.
    pub(super) async fn take_trial(&mut self) -> Result<Box<Self>> {
        // One model at a time: the run's own is at its start and is created again when it is
        // needed.
        let _device = self.model.release();
        match self.trial.take() {
            Some(trial) => Ok(trial),
            None => Ok(Box::new(self.begin_trial().await?)),
        }
    }

    async fn begin_trial(&self) -> Result<Self> {
        let tune = self.config.tune.as_ref().expect("there is something to try");
        let dataset = self.dataset.with_held_out(tune.validation, self.config.seed);
        let temperature = tune.temperature[self.run.trials.len()];
        let config = Config { temperature, tune: None, ..self.config.clone() };
        let mut trial = Self::new(dataset, config, BackendRequest::from(&self.backend)).await?;
        trial.kept.is_trial = true;
        Ok(trial)
    }

    /// Returns the result of a trial that has ended or failed.
    fn outcome(&self, is_lost: bool) -> Trial {
        let best = self.run.best.filter(|_| !is_lost);
        Trial {
            temperature: self.config.temperature,
            epoch: best.map_or(0, |best| best + 1),
            epochs: self.run.epochs.len(),
            pairs: self.run.epochs.iter().map(|epoch| epoch.pairs as u64).sum(),
            seconds: self.run.seconds,
            metrics: best.and_then(|best| self.run.epochs[best].metrics).unwrap_or_default(),
        }
    }

    /// After the last trial, creates the model with the best temperature. Its training repeats the
    /// trial's: learning rates and skipping follow the `epochs` option, and training ends at the
    /// trial's best epoch.
    async fn settle(&mut self, lost: Option<Error>) -> Result<()> {
        if self.is_tuning() {
            return Ok(());
        }
        let Some(&Trial { temperature, .. }) = self.run.best_trial(&self.config) else {
            // All trials failed, including the last one.
            return lost.map_or(Ok(()), Err);
        };
        self.config.temperature = temperature;
        (self.model, _) = fresh_model(&self.dataset, &self.config, (&self.backend).into()).await?;
        self.masked = None;
        Ok(())
    }
}

/// Returns the temperatures that a run tries.
fn temperatures(config: &Config) -> &[f32] {
    config.tune.as_ref().map_or(&[], |tune| &tune.temperature)
}
