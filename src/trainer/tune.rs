//! Tuning: trains with each temperature on a part of the training pairs, measures on the rest, and tells the
//! run with which one, and for how many epochs, it trains on all of them.
//!
//! A trial is a trainer of its own. One that was broken off leaves no trace: it begins anew, to the same bits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EpochReport, Progress, Run, Trainer, fresh_model};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::executor::Wish;
use crate::json::{self, Parts};
use crate::metrics::Metrics;

/// Result of a temperature.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Trial {
    /// The temperature.
    pub temperature: f32,
    /// Its best epoch; 0 if its numbers stopped being finite.
    pub epoch: usize,
    /// Epochs that it took to know.
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

/// Where a trial stands.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialProgress {
    /// From 1.
    pub trial: usize,
    /// Trials in all.
    pub trials: usize,
    /// Temperature of the trial.
    pub temperature: f32,
    /// The epoch that this slice ended, if it did, on the pairs that are held out.
    pub epoch_report: Option<EpochReport>,
}

impl Run {
    /// Whether there is a temperature left to try.
    fn is_tuning(&self, config: &Config) -> bool {
        self.trials.len() < temperatures(config).len()
    }

    /// The trial that the run goes by, once there is none left to come; the first of equals. None if all
    /// were lost.
    fn best_trial(&self, config: &Config) -> Option<&Trial> {
        if self.is_tuning(config) {
            return None;
        }
        let score = |trial: &Trial| trial.metrics.get(config.metric);
        let ended = self.trials.iter().rev().filter(|trial| trial.epoch > 0);
        ended.max_by(|a, b| score(a).total_cmp(&score(b)))
    }

    /// Whether a run of these options, of so many training pairs, can have had its trials, and then its epochs.
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
    /// Whether there is a temperature left to try.
    pub(super) fn is_tuning(&self) -> bool {
        self.run.is_tuning(&self.config)
    }

    /// Epochs of the run: as many as the best trial took, or as are asked for.
    pub(super) fn epochs(&self) -> usize {
        self.run.best_trial(&self.config).map_or(self.config.epochs, |trial| trial.epoch)
    }

    /// Goes on with the trial at work, or begins the next one.
    pub(super) async fn advance_trial(&mut self, budget: Duration) -> Result<Progress> {
        let mut trial = self.take_trial().await?;
        // Boxed, since a trial is a trainer as this one.
        let (progress, lost) = match Box::pin(trial.advance(budget)).await {
            Err(lost @ Error::NonFinite { .. }) => (trial.progress(Vec::new(), None), Some(lost)),
            Ok(progress) => (progress, None),
            Err(error) => {
                // It goes on once the device is another one.
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
            // Its memory is free for the model that follows, on the same device.
            let _device = trial.model.release();
            drop(trial);
            self.settle(lost).await?;
        } else {
            self.trial = Some(trial);
        }
        Ok(told)
    }

    /// Pairs trained in trials that have ended.
    pub(super) fn pairs_of_trials(&self) -> u64 {
        self.run.trials.iter().map(|trial| trial.pairs).sum()
    }

    /// The trial at work, or the next one at its start.
    pub(super) async fn take_trial(&mut self) -> Result<Box<Self>> {
        // One model at a time: the run's own stands at its start, and is made again when it is asked for.
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
        let mut trial = Self::new(dataset, config, Wish::from(&self.backend)).await?;
        trial.kept.is_trial = true;
        Ok(trial)
    }

    /// Returns the result of a trial that has ended or was lost.
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

    /// Once all are tried, makes the model that trains with the best one. It goes the way of the trial: rates
    /// and skipping follow the epochs that were asked for, of which it trains as many as were best.
    async fn settle(&mut self, lost: Option<Error>) -> Result<()> {
        if self.is_tuning() {
            return Ok(());
        }
        let Some(&Trial { temperature, .. }) = self.run.best_trial(&self.config) else {
            // All were lost, the last one, too.
            return lost.map_or(Ok(()), Err);
        };
        self.config.temperature = temperature;
        (self.model, _) = fresh_model(&self.dataset, &self.config, (&self.backend).into()).await?;
        self.masked = None;
        Ok(())
    }
}

/// Temperatures of a run.
fn temperatures(config: &Config) -> &[f32] {
    config.tune.as_ref().map_or(&[], |tune| &tune.temperature)
}
