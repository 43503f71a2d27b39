//! Saves a run and resumes it. A resumed run has the same results as an uninterrupted one, to the
//! bit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::recover::Kept;
use super::{
    Edge, EpochReport, Run, STEADY, SkipReport, Trainer, extent, fresh_model, history, room_for,
};
use crate::checkpoint::{Reader, Writer, refused};
use crate::config::{Config, Warmup};
use crate::data::{Dataset, Report};
use crate::error::Result;
use crate::executor::BackendRequest;
use crate::formats::pieces::{Sink, Source};
use crate::formats::safetensors::{Draft, Place};
use crate::metrics::Metrics;
use crate::model::Position;
use crate::plan::{KEPT_PAIRS, Plan, Tensor, Variant, Work};

const EPOCH_LOSSES: &str = "losses.epoch";
const UNTOLD_LOSSES: &str = "losses.untold";

/// Maximum memory of a loaded run: a fixed part and a multiple of its file, so that a small file
/// cannot request all memory. This also rejects a run with few ids and the largest values of all
/// options.
const MAX_BEYOND: u64 = 256 << 20;
const MAX_TIMES: u64 = 16;

/// The parts of a saved run that are not tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record<C> {
    /// A [`Config`] when it is written, any JSON value when it is read.
    config: C,
    data: Report,
    /// Variant of the kernels that the run uses, on a GPU.
    #[serde(rename = "shape")]
    variant: Option<Variant>,
    run: Run,
    pairs_in_epoch: usize,
    bank_is_open: bool,
    work: Work,
}

impl Trainer {
    /// Saves the run as a file in memory: see [`Trainer::save_to`].
    ///
    /// # Errors
    /// Errors of [`Trainer::save_to`]; [`crate::Error::OutOfMemory`] if there is no room for the
    /// file.
    pub async fn save(&mut self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        self.save_to(&mut file).await?;
        Ok(file)
    }

    /// Writes a file from which [`Trainer::load`] resumes: data, options, tables, optimiser and
    /// reports. The run may be within an epoch. Writing needs a few megabytes besides the run. If
    /// writing fails, the file is incomplete and the run does not change.
    ///
    /// # Errors
    /// [`crate::Error::NonFinite`] if the model contains values that are not finite;
    /// errors of the backend and of the sink.
    pub async fn save_to(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.ready().await?;
        self.land_all().await?;
        let (steps, lost) = (self.model.steps(), self.non_finite(self.model.steps()));
        let mut file = Writer::default();
        for (number, tensor) in self.model.plan().tensors.iter().enumerate() {
            file.tensor(number, tensor);
        }
        file.dataset(&self.dataset);
        file.reals(EPOCH_LOSSES, &self.run.epoch_losses);
        // Unreported losses of epochs that have ended are not saved: the report has their means.
        let told = self.run.untold.len().saturating_sub(self.run.epoch_losses.len());
        file.reals(UNTOLD_LOSSES, &self.run.untold[told..]);
        let Draft { start, entries, bytes } = file.finish(Record {
            config: &self.config,
            data: self.dataset.report.clone(),
            variant: self.backend.variant,
            run: self.run.clone(),
            pairs_in_epoch: self.model.pairs_in_epoch(),
            bank_is_open: self.model.bank_is_open(),
            work: self.model.work(),
        });
        sink.begin(bytes)?;
        sink.push(&start)?;
        let take = |tensor: &Tensor, words: &[u32], sink: &mut dyn Sink| match tensor
            .first_wrong(words, steps)
        {
            Some(_) => Err(lost.clone()),
            None => sink.push(bytemuck::cast_slice(words)),
        };
        for entry in entries {
            if let Some(number) = entry.data.write(sink)? {
                self.model
                    .read_tensor(number, &mut |tensor, words| take(tensor, words, sink))
                    .await?;
            }
        }
        Ok(())
    }

    /// Resumes from a file in memory: see [`Trainer::load_from`].
    ///
    /// # Errors
    /// Errors of [`Trainer::load_from`].
    pub async fn load(bytes: &[u8], choice: BackendRequest) -> Result<Self> {
        Self::load_from(&bytes, choice).await
    }

    /// Resumes from a saved run. On the same backend, results are the same to the bit. The file is
    /// read in pieces, each directly into its place.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] for a file that no run of this version can have saved; errors
    /// of [`crate::executor::Executor::choose`] and of the source.
    pub async fn load_from(source: &dyn Source, choice: BackendRequest) -> Result<Self> {
        let (mut record, mut file) =
            Reader::open::<Record<Value>>(source, &[EPOCH_LOSSES, UNTOLD_LOSSES]).await?;
        let config = Config::resolve(&record.config).map_err(|error| refused(error.to_string()))?;
        let dataset = file.dataset(std::mem::take(&mut record.data), &config.towers)?;
        let extent = extent(&dataset, history(&dataset, &config).as_ref());
        extent.check(&config).map_err(|error| refused(error.to_string()))?;
        // A plan takes no memory: its sizes are checked against the file before anything is
        // allocated.
        let plan = Plan::new(&config, &extent);
        let wanted = plan.bytes(false);
        if wanted > MAX_BEYOND + source.bytes().saturating_mul(MAX_TIMES) {
            return Err(refused("its options need far more memory than its data and its tables"));
        }
        let places: Vec<Place> =
            plan.tensors.iter().map(|tensor| file.tensor(tensor)).collect::<Result<_>>()?;
        record.run.epoch_losses = file.reals(EPOCH_LOSSES)?;
        record.run.untold = file.reals(UNTOLD_LOSSES)?;
        file.finish()?;
        let position = record.position(&config, &dataset).map_err(refused)?;
        let request = choice.with_variant(record.variant);
        let (mut model, backend) = fresh_model(&dataset, &config, request).await?;
        for (number, (tensor, place)) in plan.tensors.iter().zip(places).enumerate() {
            let mut kept = KeptPairs::of(tensor, &dataset, position.pairs_in_epoch);
            for rows in tensor.blocks() {
                let row = 4 * tensor.row.len();
                let bytes = source.read(place.start + (rows.start * row) as u64, rows.len() * row);
                let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes.await?);
                let wrong = tensor.first_wrong(&words, position.steps.into());
                if let Some(wrong) = wrong.or_else(|| kept.as_mut()?.first_wrong(&words)) {
                    let (row, name) = (rows.start + wrong / tensor.row.len(), &tensor.name);
                    return Err(refused(format!(
                        "row {row} of `{name}` has a value that is not allowed"
                    )));
                }
                model.write_tensor(number, rows.start, words);
            }
        }
        model.resume(&position);
        let mut trainer = Self {
            run: record.run,
            kept: Kept::opened(),
            ..Self::from_parts(model, backend, dataset, config)
        };
        if trainer.backend.kind.is_gpu() {
            trainer.keep().await?;
        }
        Ok(trainer)
    }

    /// Waits for all flights; the next slice reports their losses.
    pub(super) async fn land_all(&mut self) -> Result<()> {
        while !self.flights.is_empty() {
            let outcome = self.land().await;
            self.remember(outcome)?;
        }
        Ok(())
    }
}

/// Checks that an epoch's pairs are training pairs, in the same order.
struct KeptPairs<'a> {
    train: &'a [[u32; 2]],
    /// Pairs that are not checked yet.
    left: usize,
}

impl<'a> KeptPairs<'a> {
    /// Creates the check; `None` if the tensor does not contain pairs.
    fn of(tensor: &Tensor, dataset: &'a Dataset, pairs: usize) -> Option<Self> {
        let train = dataset.train.as_slice();
        (tensor.name == KEPT_PAIRS).then_some(Self { train, left: pairs })
    }

    /// Checks the next pairs. Returns the index of the first word that is not part of a training
    /// pair.
    fn first_wrong(&mut self, words: &[u32]) -> Option<usize> {
        let pairs: &[[u32; 2]] = bytemuck::cast_slice(words);
        let pairs = &pairs[..self.left.min(pairs.len())];
        self.left -= pairs.len();
        let wrong = pairs.iter().position(|pair| {
            let found = self.train.iter().position(|trained| trained == pair);
            self.train = &self.train[found.map_or(0, |at| at + 1)..];
            found.is_none()
        });
        wrong.map(|pair| 2 * pair)
    }
}

/// Returns whether a number is a valid time or distance.
fn is_length(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

impl Run {
    /// Returns a problem if the run's reports cannot come from a run on this data set.
    fn wrong_reports(&self, config: &Config, dataset: &Dataset) -> Option<&'static str> {
        let all_pairs = dataset.train.len();
        let are_shares = |metrics: Option<Metrics>| {
            metrics
                .is_none_or(|metrics| metrics.all().iter().all(|share| (0.0..=1.0).contains(share)))
        };
        let skips = |skip: Option<SkipReport>| skip.map_or(0, |skip| skip.skipped);
        let are_epochs = self.epochs.iter().enumerate().all(|(n, epoch)| {
            epoch.epoch == n + 1
                && epoch.pairs > 0
                && epoch.pairs.checked_add(skips(epoch.skip))
                    == Some(self.pairs_of_epoch(n, all_pairs))
                && epoch.steps == epoch.pairs.div_ceil(config.batch_size)
                && is_length(epoch.seconds)
                && epoch.drift.is_none_or(|drift| config.cbns.is_some() && is_length(drift))
                && (epoch.skip.is_none() || config.skip.is_some())
                && are_shares(epoch.metrics)
        });
        if !self.leads_to(all_pairs) {
            return Some("the counts of the data that joined it do not match its pairs and epochs");
        }
        if !are_epochs {
            return Some("its epochs do not match its data");
        }
        let are_measured = self
            .trials
            .iter()
            .all(|trial| is_length(trial.seconds) && are_shares(Some(trial.metrics)));
        let times = [self.seconds, self.epoch_seconds, self.evaluation_seconds];
        if !are_measured || !times.into_iter().all(is_length) {
            return Some("its times or its metrics are out of range");
        }
        let mut work = self.work;
        for epoch in &self.epochs {
            if !epoch.work.is_within(&work) {
                return Some("its work is less than the work of its epochs");
            }
            work = work - epoch.work;
        }
        if work != Work::default() {
            return Some("its work is more than the work of its epochs");
        }
        // A number read from JSON may differ in its last digit.
        let score = |n: usize| self.epochs[n].metrics.map_or(0.0, |all| all.get(config.metric));
        let measured = self.epochs_before()..self.epochs.len();
        let is_best = |best: usize| {
            measured.contains(&best) && measured.clone().all(|n| score(n) <= score(best) + 1e-9)
        };
        let kept = match self.best {
            Some(best) if dataset.validation.is_empty() => (is_best(best), self.epochs.len()),
            Some(best) => (is_best(best), best.saturating_add(1)),
            None => (measured.is_empty(), self.epochs.len()),
        };
        let is_kept = self.finished.is_none_or(|finished| {
            finished.epoch == kept.1
                && kept.1 > 0
                && self.epoch_losses.is_empty()
                && are_shares(finished.metrics)
                && are_shares(finished.popularity)
        });
        if !kept.0 || !is_kept {
            return Some("its best epoch does not match its epochs");
        }
        if !self.epoch_losses.ends_with(&self.untold) {
            return Some("its unreported losses are not the last losses of its epoch");
        }
        None
    }

    /// Returns whether the bank of this run is open.
    fn opens_bank(&self, config: &Config) -> bool {
        let is_steady = |drift: Option<f64>| drift.is_some_and(|drift| drift <= STEADY);
        let steady = |epoch: &EpochReport| is_steady(epoch.drift);
        let ends_steady = self.edge == Some(Edge::Epoch) && is_steady(self.drift);
        match config.cbns.as_ref().map(|cbns| cbns.warmup) {
            None => false,
            Some(Warmup::AUTO) => ends_steady || self.epochs.iter().any(steady),
            Some(warmup) => warmup == Warmup::Steps(0),
        }
    }
}

impl<C> Record<C> {
    /// Returns the position of the run on this data set, or a problem if its fields do not match.
    fn position(
        &self,
        config: &Config,
        dataset: &Dataset,
    ) -> std::result::Result<Position, &'static str> {
        let Run { epochs, epoch_losses, skipping, finished, .. } = &self.run;
        let all_pairs = room_for(dataset.train.len());
        if dataset.train.is_empty() && !epochs.is_empty() {
            return Err("it has epochs, but no interactions");
        }
        if !self.run.could_have_tried(config, all_pairs) {
            return Err(
                "its trials do not match its options, or its epochs do not match its trials",
            );
        }
        if !self.run.work.is_within(&self.work) {
            return Err("its work is less than the work of its epochs");
        }
        if let Some(wrong) = self.run.wrong_reports(config, dataset) {
            return Err(wrong);
        }
        let skipped = skipping.map_or(0, |skipping| skipping.report.skipped);
        let is_all = self.pairs_in_epoch.checked_add(skipped) == Some(all_pairs);
        if self.pairs_in_epoch == 0 || !is_all || (skipping.is_some() && config.skip.is_none()) {
            return Err("the number of pairs in its epoch does not match its data");
        }
        let (done, all) = (epoch_losses.len(), self.pairs_in_epoch.div_ceil(config.batch_size));
        // An epoch whose steps are done is being measured: it has no report yet.
        let fits = match self.run.edge {
            Some(Edge::Epoch) => done == all && self.run.drift.is_none_or(is_length),
            Some(Edge::Run) => done == 0 && !epochs.is_empty() && finished.is_none(),
            None => done < all,
        };
        if !fits {
            return Err("the number of steps in its epoch does not match its pairs");
        }
        let step_in_epoch = done % all;
        if self.bank_is_open != self.run.opens_bank(config) {
            return Err("its bank is open too early or closed too late");
        }
        let steps = epochs.iter().map(|epoch| epoch.steps).sum::<usize>() + done;
        Ok(Position {
            epochs: (epochs.len() + done / all) as u32,
            steps: u32::try_from(steps).map_err(|_| "it has more than 4,294,967,295 steps")?,
            pairs: epochs.iter().map(|epoch| epoch.pairs).sum::<usize>()
                + (done * config.batch_size).min(self.pairs_in_epoch),
            step_in_epoch,
            pairs_in_epoch: self.pairs_in_epoch,
            bank_is_open: self.bank_is_open,
            work: self.work,
        })
    }
}
