//! Recovery from a lost device and from a loss that is not finite: at the end of every epoch, and
//! once a minute within an epoch, the trainer copies the state of the run into the host's memory.

use std::time::Duration;

use serde::Serialize;
use web_time::Instant;

use super::pace::Pace;
use super::{Edge, Run, Trainer, fresh_model};
use crate::error::Result;
use crate::executor::{BackendKind, BackendRequest};
use crate::model::Position;

/// Longest time between two copies of a run on a GPU.
const INTERVAL: Duration = Duration::from_secs(60);

/// Maximum size of a copy on the CPU, in words. There the model is in the host's memory already,
/// and no device can be lost.
const MOST_ON_CPU: usize = 1 << 27;

/// Size in words above which the last copy is freed before the next one is made.
const LARGE: usize = 1 << 28;

/// Largest number of devices lost since the last copy; after one more the run moves to the CPU.
const MAX_LOST: usize = 2;

/// One recovery of a run after its device was lost.
#[derive(Debug, Clone, Serialize)]
pub struct Recovery {
    /// Number of whole epochs in the state from which the run resumed.
    pub epochs: usize,
    /// Number of steps after these epochs.
    pub step: usize,
    /// Reason of the loss.
    pub reason: String,
    /// Backend on which the run resumed.
    pub backend: String,
}

/// A copy of the run.
#[derive(Debug)]
struct Snapshot {
    state: Vec<Vec<u32>>,
    position: Position,
    run: Run,
}

/// The last copy and its bookkeeping.
#[derive(Debug)]
pub struct Kept {
    copy: Option<Snapshot>,
    /// Time of the last attempt to copy; none before the first slice of a loaded run.
    at: Option<Instant>,
    /// Devices lost since the last copy.
    lost: usize,
    /// Whether the run is a trial. A trial on the CPU is not copied: it does not return to an
    /// earlier state.
    pub is_trial: bool,
    /// Steps and epochs that slices have reported; none is reported twice.
    pub told: (u64, usize),
}

/// Direction of a copy on the device, between the current tables and the tables of the best epoch.
#[derive(Debug, Clone, Copy)]
pub enum Tables {
    /// From the current tables: the epoch is the best one.
    ToBest,
    /// To the current tables: the run has ended.
    FromBest,
}

impl Kept {
    /// Returns the value for a loaded run.
    pub fn opened() -> Self {
        Self { at: None, ..Self::default() }
    }

    /// Returns whether there is no copy although one is due.
    pub fn is_empty(&self) -> bool {
        self.copy.is_none() && self.is_old()
    }

    fn is_old(&self) -> bool {
        self.at.is_none_or(|at| at.elapsed() >= INTERVAL)
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self { copy: None, at: Some(Instant::now()), lost: 0, is_trial: false, told: (0, 0) }
    }
}

impl Trainer {
    /// Copies the run's state. The caller has read back all losses.
    pub(super) async fn keep(&mut self) -> Result<()> {
        self.kept.at = Some(Instant::now());
        let words = self.model.plan().tensors.iter().map(|tensor| tensor.rows * tensor.row.len());
        let words: usize = words.sum();
        let is_gpu = self.backend.kind.is_gpu();
        if !is_gpu && (words > MOST_ON_CPU || self.kept.is_trial) {
            return Ok(());
        }
        if words > LARGE {
            self.kept.copy = None;
        }
        // Freed at once: this only checks that there is enough memory.
        if Vec::<u32>::new().try_reserve_exact(words).is_err() {
            return Ok(());
        }
        let (state, steps) = (self.model.state().await?, self.model.steps());
        let mut tensors = self.model.plan().tensors.iter().zip(&state);
        if tensors.all(|(tensor, words)| tensor.first_wrong(words, steps).is_none()) {
            let ended = self.run.edge == Some(Edge::Epoch);
            let position = self.model.position(self.run.epochs.len() + usize::from(ended));
            self.kept.copy = Some(Snapshot { state, position, run: self.run.clone() });
            self.kept.lost = 0;
        }
        Ok(())
    }

    /// Copies the run's state within an epoch, if the last copy is old and the device can be lost.
    pub(super) async fn keep_if_old(&mut self) -> Result<()> {
        if self.backend.kind.is_gpu() && self.kept.is_old() {
            self.land_all().await?;
            self.keep().await?;
        }
        Ok(())
    }

    /// Updates the last copy after an evaluation, if it is a copy of the current step: its reports,
    /// and the tables that were copied on the device.
    pub(super) fn keep_reports(&mut self, copied: Option<Tables>) {
        let Some(copy) = &mut self.kept.copy else { return };
        if u64::from(copy.position.steps) != self.model.steps() {
            return;
        }
        copy.run = self.run.clone();
        let Some(copied) = copied else { return };
        let plan = self.model.plan();
        let index = |buffer| plan.tensors.iter().position(|tensor| tensor.buffer == buffer);
        for parameter in &plan.parameters {
            let (table, best) = (index(parameter.table), parameter.best.and_then(index));
            if let (Some(table), Some(best)) = (table, best) {
                let (from, to) = match copied {
                    Tables::ToBest => (table, best),
                    Tables::FromBest => (best, table),
                };
                copy.state[to] = copy.state[from].clone();
            }
        }
    }

    /// Returns the run to the last copy after a value that is not finite. Returns the number of
    /// whole epochs in the copy.
    pub(super) fn go_back(&mut self) -> Option<usize> {
        let copy = self.kept.copy.as_ref()?;
        self.model.restore(&copy.state, &copy.position);
        self.run = copy.run.clone();
        self.lists.clear();
        Some(copy.position.epochs as usize)
    }

    /// Resumes from the last copy after a fault of the GPU: on another device, or on the CPU if
    /// there is none. Without a copy, the run starts over. Returns whether there was such a fault.
    ///
    /// # Errors
    /// Errors of [`Trainer::new`], for the CPU.
    pub async fn recover(&mut self) -> Result<bool> {
        let of_trial = match &mut self.trial {
            // Boxed because a trial is a trainer, too: the future would contain itself.
            Some(trial) => Box::pin(trial.recover()).await?,
            None => false,
        };
        let Some(fault) = self.model.fault() else { return Ok(of_trial) };
        self.flights.clear();
        self.model.give_up_device();
        self.kept.lost += 1;
        let mut request = BackendRequest::WEBGPU.with_variant(self.backend.variant);
        if self.kept.lost > MAX_LOST {
            request = BackendRequest::CPU;
        }
        let reason = std::mem::take(&mut self.backend.reason);
        (self.model, self.backend) = loop {
            match fresh_model(&self.dataset, &self.config, request).await {
                Ok(found) => break found,
                Err(error) if request == BackendRequest::CPU => return Err(error),
                Err(_) => request = BackendRequest::CPU,
            }
        };
        self.backend.reason = match self.backend.kind {
            BackendKind::WebGpu => reason,
            BackendKind::Cpu => "the GPU was lost".into(),
        };
        self.pace = Pace::default();
        self.ranking_pace = Pace::default();
        self.embedding_pace = Pace::default();
        self.lists.clear();
        self.masked = None;
        let mut recovered = std::mem::take(&mut self.run.recovered);
        let (epochs, step) = self.resume_from_copy();
        recovered.push(Recovery {
            epochs,
            step,
            reason: fault.to_string(),
            backend: self.backend.kind.name().into(),
        });
        self.run.recovered = recovered;
        // Some losses may have been reported since the copy was made.
        let first_untold = self.model.steps() - self.run.untold.len() as u64;
        let told = self.kept.told.0.saturating_sub(first_untold) as usize;
        self.run.untold.drain(..told.min(self.run.untold.len()));
        if let Some(copy) = &mut self.kept.copy {
            copy.run = self.run.clone();
        }
        Ok(true)
    }

    /// Returns a fresh model to the last copy; without a copy, the run starts over. Returns the
    /// number of whole epochs in the copy, and of steps after them.
    fn resume_from_copy(&mut self) -> (usize, usize) {
        let Some(copy) = &self.kept.copy else {
            self.run = Run {
                trials: std::mem::take(&mut self.run.trials),
                seconds: self.run.seconds,
                evaluation_seconds: self.run.evaluation_seconds,
                ..Run::default()
            };
            return (0, 0);
        };
        self.model.restore(&copy.state, &copy.position);
        self.run = copy.run.clone();
        (copy.position.epochs as usize, copy.position.step_in_epoch)
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;
    use crate::data::{Loader, Part};
    use crate::error::Error;
    use crate::model::Tower;
    use crate::trainer::{Choice, EpochReport, Query};

    fn trainer(more: &[(&str, Value)], choice: BackendRequest) -> Trainer {
        let mut options =
            json!({ "dim": 8, "batchSize": 32, "epochs": 5, "seed": 3, "split.validation": 0.2 });
        for (key, value) in more {
            options[*key] = value.clone();
        }
        let config = Config::resolve(&options).expect("valid options");
        let mut lines = String::from("user,item\n");
        for user in 0..40 {
            for n in 0..12 {
                lines += &format!("u{user},i{}\n", 2 * ((user * 5 + n * 7) % 20) + user % 2);
            }
        }
        let mut loader = Loader::new(&config);
        loader.begin(Part::All, "pairs.csv", None).expect("begins");
        loader.push(lines.as_bytes()).expect("good lines");
        let dataset = loader.finish().expect("a data set");
        block_on(Trainer::new(dataset, config, choice)).expect("a trainer")
    }

    /// Trains to the end, loses the device before some of the slices, and counts the recoveries.
    fn train(trainer: &mut Trainer, lose: &[usize]) -> (Vec<f32>, Vec<EpochReport>, usize) {
        let (mut losses, mut epochs, mut recoveries) = (Vec::new(), Vec::new(), 0);
        for slice in 0.. {
            if lose.contains(&slice) {
                trainer.model.give_up_device();
            }
            let progress = loop {
                match block_on(trainer.advance(Duration::from_micros(20))) {
                    Ok(progress) => break progress,
                    Err(error) => {
                        assert!(block_on(trainer.recover()).expect("recovers"), "{error}");
                        recoveries += 1;
                        if lose.contains(&(1000 + recoveries)) {
                            trainer.model.give_up_device();
                        }
                    }
                }
            };
            losses.extend(progress.losses);
            epochs.extend(progress.epoch_report);
            assert_eq!(progress.recovered, recoveries);
            if progress.done {
                break;
            }
        }
        for epoch in &mut epochs {
            epoch.seconds = 0.0;
        }
        (losses, epochs, recoveries)
    }

    #[test]
    fn a_lost_device_is_not_a_lost_run() {
        // Techniques with state besides the tables.
        let more = [
            ("cbns", json!({ "capacity": 40 })),
            ("negatives.logQ", json!("streaming")),
            ("skip", json!({ "policy": "cap", "share": 0.2, "start": 1 })),
        ];
        let mut whole = trainer(&more, BackendRequest::WEBGPU);
        let (losses, epochs, _) = train(&mut whole, &[]);
        let user = Query::User("u4".into());
        let answer = block_on(whole.recommend(&user, 5, &Choice::default()));
        // Before the first copy, within epochs, at the end of an epoch, and again right after a
        // recovery.
        for lose in [[5, 27], [20, 1001]] {
            let mut broken = trainer(&more, BackendRequest::WEBGPU);
            let (again, measured, recoveries) = train(&mut broken, &lose);
            // A slice may end before it uses the lost device.
            assert!((1..=lose.len()).contains(&recoveries), "{recoveries} of {lose:?}");
            assert!(again == losses, "{lose:?}: other losses");
            assert_eq!(serde_json::to_value(&measured).ok(), serde_json::to_value(&epochs).ok());
            // The model of the best epoch also recovers.
            broken.model.give_up_device();
            block_on(broken.recommend(&user, 5, &Choice::default())).expect_err("it is lost");
            assert!(block_on(broken.recover()).expect("recovers"));
            assert_eq!(block_on(broken.recommend(&user, 5, &Choice::default())), answer);
            let report = serde_json::to_value(broken.report()).expect("serialises");
            let told = report["recovered"].as_array().expect("a list");
            assert_eq!(told.len(), recoveries + 1);
            assert_eq!(told[0]["backend"], "webgpu");
            assert_eq!(told[recoveries]["epochs"], epochs.len());
            assert!(told[0]["reason"].as_str().is_some_and(|reason| reason.contains("GPU")));
            assert!(!block_on(broken.recover()).expect("nothing to do"));
        }
    }

    #[test]
    fn a_run_whose_devices_are_lost_at_once_moves_to_the_cpu() {
        let mut broken = trainer(&[], BackendRequest::WEBGPU);
        let (losses, ..) = train(&mut trainer(&[], BackendRequest::CPU), &[]);
        let (again, _, recoveries) = train(&mut broken, &[12, 1001, 1002]);
        assert_eq!((recoveries, broken.about().backend.kind), (3, BackendKind::Cpu));
        assert_eq!(again.len(), losses.len());
        for (loss, cpu) in again.iter().zip(&losses) {
            assert!((loss - cpu).abs() < 1e-3, "{loss} for {cpu}");
        }
    }

    #[test]
    fn a_run_with_a_loss_that_is_not_finite_keeps_its_last_epoch() {
        let more = [("split.validation", json!(0)), ("epochs", json!(9))];
        for choice in [BackendRequest::CPU, BackendRequest::WEBGPU] {
            let mut run = trainer(&more, choice);
            let mut report = None;
            while report.is_none() {
                report =
                    block_on(run.advance(Duration::from_millis(5))).expect("trains").epoch_report;
            }
            let saved = block_on(run.save()).expect("saves");
            for item in 0..40 {
                run.model.set_row(Tower::Item, item, &[f32::NAN; 8]);
            }
            let error = loop {
                if let Err(error) = block_on(run.advance(Duration::from_millis(5))) {
                    break error;
                }
            };
            assert!(matches!(error, Error::NonFinite { kept: Some(1), .. }), "{error}");
            assert!(error.to_string().contains("the model of epoch 1 is kept"), "{error}");
            assert!(block_on(run.save()).expect("saves") == saved, "another state");
            block_on(run.recommend(&Query::User("u4".into()), 5, &Choice::default()))
                .expect("answers");
            assert_eq!(
                block_on(run.advance(Duration::from_millis(5))).expect_err("it has ended"),
                error
            );
        }
    }
}
