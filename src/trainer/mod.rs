//! Trains a model on a data set in slices of time, measures it at the end of each epoch, and keeps
//! the best epoch if there is a validation part that chooses it.

mod checkpoint;
mod evaluate;
mod export;
mod extend;
mod import;
mod pace;
mod profile;
mod recommend;
mod recover;
mod report;
mod skip;
mod tune;

use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use web_time::Instant;

use crate::config::{self, Config, Towers, Warmup};
use crate::data::{Csr, Dataset, Extension, Features};
use crate::error::{Error, Result};
use crate::executor::{Backend, BackendRequest, Executor, Pending};
use crate::formats::json;
use crate::metrics::Metrics;
use crate::model::{Model, Tower};
use crate::negatives;
use crate::plan::{BagExtent, Bags, Extent, Op, Plan, Program, RING, Work};
use crate::random::{hash, keyed, stream};
use evaluate::{HeldOut, Mask};
use pace::Pace;
pub use recommend::{
    ByFeatures, Cell, Choice, Query, Reason, Recommendation, Served, TitledItem, Unseen,
};
pub use recover::Recovery;
use recover::{Kept, Tables};
pub use report::{About, EpochReport, Final, Measured, Progress, Report};
use skip::Skipping;
pub use skip::{Note, SkipReport, hot_rows};
pub use tune::{Trial, TrialProgress};

/// Largest drift at which banked outputs are used like fresh ones (`docs/methods.md`, CBNS).
const STEADY: f64 = 0.1;

/// Trains and serves a two-tower model.
#[derive(Debug)]
pub struct Trainer {
    dataset: Dataset,
    config: Config,
    model: Model,
    backend: Backend,
    validation: HeldOut,
    test: HeldOut,
    /// Pairs that rankings exclude: the training pairs when validation is measured; also the
    /// validation pairs when the test is measured or a user is served.
    masks: [Rc<Csr>; 2],
    /// Metrics of the popularity baseline on the validation part and on the test part.
    popularity: [Option<Metrics>; 2],
    /// The mask that the model has now.
    masked: Option<Mask>,
    flights: VecDeque<Flight>,
    pace: Pace,
    /// Ranked items of users, one list after the other, while a part is measured.
    lists: Vec<u32>,
    /// The pace of ranking, in blocks of users.
    ranking_pace: Pace,
    /// The pace of embedding items before that, in blocks of items.
    embedding_pace: Pace,
    /// The last copy of the run's state, for recovery.
    kept: Kept,
    /// The current trial, while the run is tuned.
    trial: Option<Box<Trainer>>,
    run: Run,
}

/// Submitted steps whose losses are not read back yet.
#[derive(Debug)]
struct Flight {
    first: u64,
    steps: usize,
    losses: Pending<f32>,
}

/// Points at which a run is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Edge {
    /// The end of an epoch.
    Epoch,
    /// The end of the run, with the tables of the best epoch.
    Run,
}

/// State of a run that changes while it trains.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    #[serde(skip)]
    epoch_losses: Vec<f32>,
    /// Losses that no slice has reported yet: the next slice reports them.
    #[serde(skip)]
    untold: Vec<f32>,
    /// Epochs that no slice has reported yet. A saved run does not contain them: its report lists
    /// all epochs.
    #[serde(skip)]
    untold_epochs: VecDeque<EpochReport>,
    /// Training seconds of the current epoch, and of the epochs before it, without evaluation.
    epoch_seconds: f64,
    seconds: f64,
    /// Seconds of evaluation.
    #[serde(default)]
    evaluation_seconds: f64,
    /// The pending measurement.
    #[serde(default)]
    edge: Option<Edge>,
    /// Drift of the epoch that is being measured; none without a bank.
    #[serde(default)]
    drift: Option<f64>,
    /// Work up to the end of the last epoch.
    work: Work,
    /// Trials before the first epoch.
    #[serde(deserialize_with = "json::list")]
    trials: Vec<Trial>,
    #[serde(deserialize_with = "json::list")]
    epochs: Vec<EpochReport>,
    /// New data that joined the run, in order.
    #[serde(default)]
    extensions: Vec<Extension>,
    /// Pairs that the current epoch skips; none before the first decision.
    skipping: Option<Skipping>,
    /// Index in `epochs` of the best one since the last extension.
    best: Option<usize>,
    #[serde(deserialize_with = "json::optional")]
    finished: Option<Final>,
    /// Recoveries from lost devices.
    #[serde(skip)]
    recovered: Vec<Recovery>,
    #[serde(skip)]
    failed: Option<Error>,
}

impl Trainer {
    /// Creates a trainer at the start of its run.
    ///
    /// # Errors
    /// Errors of [`crate::executor::Executor::choose`]; [`Error::Config`] for `patience` without a
    /// validation part.
    pub async fn new(dataset: Dataset, config: Config, request: BackendRequest) -> Result<Self> {
        let (model, backend) = fresh_model(&dataset, &config, request).await?;
        Ok(Self::from_parts(model, backend, dataset, config))
    }

    /// Creates a trainer for a model at the start of its run.
    fn from_parts(model: Model, backend: Backend, dataset: Dataset, config: Config) -> Self {
        let validation = HeldOut::new(&dataset.validation, dataset.users.len());
        let test = HeldOut::new(&dataset.test, dataset.users.len());
        let masks = evaluate::masks(&dataset);
        let popularity = [
            evaluate::popularity(&dataset, &validation, &masks[Mask::Train as usize]),
            evaluate::popularity(&dataset, &test, &masks[Mask::History as usize]),
        ];
        Self {
            dataset,
            config,
            model,
            backend,
            validation,
            test,
            masks,
            popularity,
            masked: None,
            flights: VecDeque::new(),
            pace: Pace::default(),
            lists: Vec::new(),
            ranking_pace: Pace::default(),
            embedding_pace: Pace::default(),
            kept: Kept::default(),
            trial: None,
            run: Run::default(),
        }
    }

    /// Restarts on the same data with other options. If the options are rejected, the run does not
    /// change. The old model is freed before the new one is created: if there is no memory for the
    /// new one, the run has failed and can be reset again.
    ///
    /// # Errors
    /// Errors of [`Trainer::new`]; [`Error::Config`] for an option that was used in loading the
    /// data.
    pub async fn reset(&mut self, config: Config, choice: BackendRequest) -> Result<()> {
        self.check_trains()?;
        let features = |Towers { user, item }: &Towers| {
            let alone = [user.is_features(), item.is_features()];
            (user.base.features.clone(), item.features.clone(), alone)
        };
        let is_other = [
            ("data", config.data != self.config.data),
            ("split", config.split != self.config.split),
            ("towers", features(&config.towers) != features(&self.config.towers)),
        ];
        if let Some((key, _)) = is_other.into_iter().find(|(_, is_other)| *is_other) {
            return Err(Error::Config {
                key: key.into(),
                problem: "the data is already loaded with another value".into(),
                allowed: "the same columns, parts and features as before, or a new trainer".into(),
            });
        }
        check(&self.dataset, &config)?;
        let extent = extent(&self.dataset, history(&self.dataset, &config).as_ref());
        extent.check(&config)?;
        Executor::check(choice, &Plan::new(&config, &extent)).await?;
        self.kept = Kept::default();
        self.flights.clear();
        self.pace = Pace::default();
        self.lists.clear();
        self.ranking_pace = Pace::default();
        self.embedding_pace = Pace::default();
        self.run = Run::default();
        let _trials = self.trial.take().and_then(|mut trial| trial.model.release());
        let _device = self.model.release();
        let made = fresh_model(&self.dataset, &config, choice).await;
        let (model, backend) = self.remember(made)?;
        self.masked = None;
        (self.config, self.model, self.backend) = (config, model, backend);
        Ok(())
    }

    /// Adds the feature options that the data was loaded with to the options of a reset that do not
    /// set them.
    pub fn keep_used(&self, options: &mut Value) {
        let Towers { user, item } = &self.config.towers;
        let mut keep = |key: &str, value: Value| {
            if config::get(options, key).is_none() {
                config::set(options, key, value);
            }
        };
        let sides = [
            ("towers.user", &user.base.features, user.is_features()),
            ("towers.item", &item.features, item.is_features()),
        ];
        for (tower, features, are_alone) in sides {
            if !features.is_empty() {
                keep(&format!("{tower}.features"), Value::from(features.clone()));
            }
            if are_alone {
                keep(&format!("{tower}.id"), Value::from(false));
            }
        }
    }

    /// Returns the config, data and backend of the run.
    pub fn about(&self) -> About<'_> {
        let plan = self.model.plan();
        let step = plan.program(Program::Step).iter().flat_map(Op::dispatches);
        About {
            config: &self.config,
            backend: &self.backend,
            data: self.dataset.about(),
            memory_bytes: plan.bytes(self.backend.kind.is_gpu()),
            plan: step.map(|dispatch| dispatch.shader.stem).collect(),
            step_work: plan.step_work(plan.dims.batch, plan.dims.bank),
        }
    }

    /// Sets the total number of epochs. A finished run continues if the new number is larger. A run
    /// that has already trained this many epochs ends.
    ///
    /// # Errors
    /// [`Error::Config`] if the run has ended with its best epoch and cannot resume after its last
    /// one, or if tuning chooses the number of epochs.
    pub fn set_epochs(&mut self, epochs: usize) -> Result<()> {
        let has_tried = self.trial.is_some() || !self.run.trials.is_empty();
        if has_tried && epochs != self.config.epochs {
            return Err(Error::Config {
                key: "epochs".into(),
                problem: "tuning chooses the number of epochs and has begun".into(),
                allowed: "a reset with more epochs, or without `tune`".into(),
            });
        }
        let has_ended = self.run.finished.is_some() || self.run.edge == Some(Edge::Run);
        if has_ended && epochs > self.config.epochs {
            if !self.validation.is_empty() {
                return Err(Error::Config {
                    key: "epochs".into(),
                    problem: "the run has ended and kept its best epoch".into(),
                    allowed: "a reset with more epochs".into(),
                });
            }
            (self.run.finished, self.run.edge) = (None, None);
            self.lists.clear();
        }
        self.config.epochs = epochs;
        if !self.model.is_released() {
            self.model.set_epochs(epochs);
        }
        Ok(())
    }

    /// Trains for about `budget`, or to the end of the epoch if that comes first.
    ///
    /// # Errors
    /// [`Error::NonFinite`], or an error of the backend; every later call repeats it.
    pub async fn advance(&mut self, budget: Duration) -> Result<Progress> {
        self.check()?;
        self.check_trains()?;
        let outcome = self.advance_within(budget).await;
        self.remember(outcome)
    }

    /// Stores the error that stops the run; later calls return it again. After a loss that is not
    /// finite, the run returns to its last copy.
    fn remember<T>(&mut self, outcome: Result<T>) -> Result<T> {
        outcome.map_err(|mut error| {
            self.flights.clear();
            if let Error::NonFinite { kept, .. } = &mut error {
                *kept = self.go_back();
            }
            self.run.failed = Some(error.clone());
            error
        })
    }

    /// Returns the error that stopped the run, if any. Creates the run's model again if it was
    /// released for a trial.
    async fn ready(&mut self) -> Result<()> {
        self.check_model()?;
        if self.model.is_released() {
            let request = (&self.backend).into();
            (self.model, _) = fresh_model(&self.dataset, &self.config, request).await?;
            self.masked = None;
        }
        Ok(())
    }

    /// Rejects a serving run, which was saved without interactions.
    fn check_trains(&self) -> Result<()> {
        if self.dataset.train.is_empty() {
            let what = "training of a serving run, which was saved without interactions,";
            return Err(Error::NotAvailable { what: what.into() });
        }
        Ok(())
    }

    /// Returns the error that stopped the run, if any.
    fn check(&self) -> Result<()> {
        self.run.failed.clone().map_or(Ok(()), Err)
    }

    /// Returns the error that stopped the run, if any, unless the run still has the model of an
    /// earlier epoch.
    fn check_model(&self) -> Result<()> {
        match self.run.failed {
            Some(Error::NonFinite { kept: Some(_), .. }) => Ok(()),
            _ => self.check(),
        }
    }

    async fn advance_within(&mut self, budget: Duration) -> Result<Progress> {
        if self.is_tuning() {
            return self.advance_trial(budget).await;
        }
        if self.kept.is_empty() && self.model.steps() > 0 {
            self.land_all().await?;
            self.keep().await?;
        }
        let mut epoch_report = self.run.untold_epochs.pop_front();
        let started = Instant::now();
        while self.run.finished.is_none() && epoch_report.is_none() && started.elapsed() < budget {
            let left = budget.saturating_sub(started.elapsed());
            if self.run.edge == Some(Edge::Epoch) {
                let report = self.end_epoch(left).await?;
                if report.is_some() && self.is_over() {
                    self.finish(budget.saturating_sub(started.elapsed())).await?;
                }
                epoch_report = report.filter(|report| report.epoch > self.kept.told.1);
                continue;
            }
            if self.is_over() {
                self.finish(left).await?;
                continue;
            }
            let submitted = Instant::now();
            if self.model.step_in_epoch() == 0 {
                self.decide_to_skip().await?;
            } else {
                self.keep_if_old().await?;
            }
            self.submit(left);
            let ends_epoch = self.model.step_in_epoch() == 0;
            // One flight stays in progress while the next is recorded, so that the GPU never waits.
            let stay = usize::from(!ends_epoch);
            while self.flights.len() > stay {
                self.land().await?;
            }
            self.run.epoch_seconds += submitted.elapsed().as_secs_f64();
            if ends_epoch {
                self.reach_edge().await?;
            }
        }
        let losses = std::mem::take(&mut self.run.untold);
        let landed =
            self.model.steps() - self.flights.iter().map(|flight| flight.steps as u64).sum::<u64>();
        let (steps, epochs) = self.kept.told;
        self.kept.told =
            (steps.max(landed), epoch_report.map_or(epochs, |report| epochs.max(report.epoch)));
        Ok(self.progress(losses, epoch_report))
    }

    /// Records and submits the next steps: the number that fits the pace, within the current epoch.
    fn submit(&mut self, budget: Duration) {
        let left = self.model.steps_in_epoch() - self.model.step_in_epoch();
        // Two flights together must not overwrite losses in the ring.
        let steps = self.pace.steps_within(budget).min(left).min(RING / 4);
        let first = self.model.steps() + 1;
        for _ in 0..steps {
            self.model.step();
        }
        let losses = self.model.losses_later();
        self.flights.push_back(Flight { first, steps, losses });
        self.pace.submitted();
    }

    /// Waits for the oldest flight. The next slice reports its losses, except for losses reported
    /// before.
    async fn land(&mut self) -> Result<()> {
        let Some(flight) = self.flights.pop_front() else { return Ok(()) };
        let ring = flight.losses.finish().await?;
        self.pace.landed(flight.steps);
        for step in flight.first..flight.first + flight.steps as u64 {
            let loss = ring[(step - 1) as usize % RING];
            if !loss.is_finite() {
                return Err(self.non_finite(step));
            }
            if step > self.kept.told.0 {
                self.run.untold.push(loss);
            }
            self.run.epoch_losses.push(loss);
        }
        Ok(())
    }

    /// Returns the error for a value that is not finite at a step of the current epoch.
    fn non_finite(&self, step: u64) -> Error {
        Error::NonFinite { step, epoch: self.run.epochs.len() as u64 + 1, kept: None }
    }

    /// Handles the end of an epoch's last step: measures the drift, opens the bank if outputs are
    /// steady, and copies the state.
    async fn reach_edge(&mut self) -> Result<()> {
        let drift = self.model.drift().await?;
        let waits = self.config.cbns.as_ref().is_some_and(|cbns| cbns.warmup == Warmup::AUTO);
        if waits && drift.is_some_and(|drift| drift <= STEADY) {
            self.model.open_bank();
        }
        self.run.drift = drift;
        self.run.edge = Some(Edge::Epoch);
        self.keep().await
    }

    /// Measures the epoch whose steps are done, for about `budget`. Returns its report when the
    /// measurement is complete.
    async fn end_epoch(&mut self, budget: Duration) -> Result<Option<EpochReport>> {
        let mask = if self.validation.is_empty() { Mask::History } else { Mask::Train };
        let Poll::Ready(metrics) = self.measure(mask, budget).await? else { return Ok(None) };
        self.run.edge = None;
        let batch = self.config.batch_size;
        let pairs = self.model.pairs_in_epoch();
        // Each step's mean loss is weighted by its number of pairs; the last batch may be smaller.
        let weights = (0..self.run.epoch_losses.len()).map(|n| batch.min(pairs - n * batch));
        let sum: f64 = weights
            .zip(&self.run.epoch_losses)
            .map(|(pairs, &loss)| pairs as f64 * f64::from(loss))
            .sum();
        let report = EpochReport {
            epoch: self.run.epochs.len() + 1,
            loss: sum / pairs as f64,
            seconds: self.run.epoch_seconds,
            pairs,
            steps: self.run.epoch_losses.len(),
            work: self.model.work() - self.run.work,
            drift: self.run.drift,
            skip: self.run.skipping.map(|skipping| skipping.report),
            metrics,
        };
        self.run.seconds += self.run.epoch_seconds;
        self.run.epoch_seconds = 0.0;
        self.run.epoch_losses.clear();
        self.run.work = self.model.work();
        self.run.epochs.push(report);

        let latest = self.run.epochs.len() - 1;
        let score = |n: usize| {
            self.run.epochs[n].metrics.map_or(0.0, |metrics| metrics.get(self.config.metric))
        };
        let best = match self.run.best {
            // If nothing is measured, the latest epoch is the best.
            Some(best) if metrics.is_some() && score(best) >= score(latest) => best,
            _ => latest,
        };
        self.run.best = Some(best);
        if best == latest && !self.validation.is_empty() {
            self.model.keep_best();
            self.keep_reports(Some(Tables::ToBest));
        } else {
            self.keep_reports(None);
        }
        Ok(Some(report))
    }

    /// Returns whether the run is at the end of its last epoch.
    fn is_over(&self) -> bool {
        let before = self.run.epochs_before();
        let (epochs, best) = (self.run.epochs.len(), self.run.best.map_or(before, |best| best + 1));
        let ran_out = self.config.patience.is_some_and(|patience| epochs >= best + patience);
        self.model.step_in_epoch() == 0
            && self.flights.is_empty()
            && self.run.edge != Some(Edge::Epoch)
            && epochs > 0
            && (epochs >= self.epochs() || (!self.validation.is_empty() && ran_out))
    }

    /// Restores the best epoch if there is a validation part, and measures the test for about
    /// `budget`. The run is finished when the measurement is complete.
    async fn finish(&mut self, budget: Duration) -> Result<()> {
        let chosen = self.run.best.filter(|_| !self.validation.is_empty());
        let epoch = chosen.unwrap_or(self.run.epochs.len() - 1);
        let mut metrics = self.run.epochs[epoch].metrics;
        // No epoch has measured the run on data that just joined it.
        if chosen.is_some() || self.run.epochs.len() == self.run.epochs_before() {
            if self.run.edge.is_none() {
                if chosen.is_some() {
                    self.model.restore_best();
                }
                self.run.edge = Some(Edge::Run);
            }
            let Poll::Ready(measured) = self.measure(Mask::History, budget).await? else {
                return Ok(());
            };
            metrics = measured;
        }
        self.run.edge = None;
        let popularity = self.popularity[Mask::History as usize];
        self.run.finished = Some(Final { epoch: epoch + 1, metrics, popularity });
        self.keep_reports(chosen.map(|_| Tables::FromBest));
        Ok(())
    }
}

/// Rejects options that the data does not allow.
fn check(dataset: &Dataset, config: &Config) -> Result<()> {
    if config.tune.is_some() && !dataset.validation.is_empty() {
        return Err(Error::Config {
            key: "tune".into(),
            problem: "tuning holds out its own pairs, but there is a validation part".into(),
            allowed: "null, or a `split.validation` of 0 and no validation file".into(),
        });
    }
    if config.patience.is_some() && config.tune.is_none() && dataset.validation.is_empty() {
        return Err(Error::Config {
            key: "patience".into(),
            problem: "an early stop needs a validation part, and there is none".into(),
            allowed: "null, or a `split.validation` above 0, or `tune`".into(),
        });
    }
    if config.tune.as_ref().is_some_and(|tune| !dataset.can_hold_out(tune.validation)) {
        return Err(Error::Config {
            key: "tune.validation".into(),
            problem: "each user has too few pairs to hold one out".into(),
            allowed: "a larger share, or no `tune`".into(),
        });
    }
    Ok(())
}

/// Creates a model at the start of its run. Rejects options that the data does not allow.
async fn fresh_model(
    dataset: &Dataset,
    config: &Config,
    request: BackendRequest,
) -> Result<(Model, Backend)> {
    check(dataset, config)?;
    let history = history(dataset, config);
    let extent = extent(dataset, history.as_ref());
    let (mut model, backend) = Model::new(config, &extent, request).await?;
    // An item without a training pair counts like an item with one pair.
    let counts: Vec<u32> = dataset.item_counts().into_iter().map(|count| count.max(1)).collect();
    model.load(dataset.train.as_words(), &negatives::log_q(config, &counts));
    model.load_pool(config, &dataset.train, &counts);
    if let Some(history) = history {
        model.load_history(history);
    }
    for (tower, features) in
        [(Tower::User, &dataset.user_features), (Tower::Item, &dataset.item_features)]
    {
        if let Some(features) = features {
            model.load_features(tower, &features.lists);
        }
    }
    model.start_fresh(config);
    if let Some(options) = &config.skip {
        skip::prepare(&mut model, dataset, options);
    }
    Ok((model, backend))
}

/// Returns the items in each user's history; none if the user tower has no history.
fn history(dataset: &Dataset, config: &Config) -> Option<Csr> {
    let history = config.towers.user.history.as_ref()?;
    let lot = |user, item: u32| keyed(hash(config.seed, stream::HISTORY, user), item);
    Some(dataset.train.rows(dataset.n_users).capped(history.cap, lot))
}

/// Returns room for a number of pairs: a serving run has none, and a buffer cannot be empty.
fn room_for(pairs: usize) -> usize {
    pairs.max(1)
}

/// Returns the sizes of a data set that a plan needs.
fn extent(dataset: &Dataset, history: Option<&Csr>) -> Extent {
    let features = |features: &Option<Features>| {
        let extent = |all: &Features| BagExtent::of(&all.lists, all.vocabulary.len());
        features.as_ref().map_or(BagExtent::default(), extent)
    };
    let history =
        history.map_or(BagExtent::default(), |lists| BagExtent::of(lists, dataset.n_items));
    Extent {
        users: dataset.n_users,
        items: dataset.n_items,
        pairs: room_for(dataset.train.len()),
        hidden: room_for(dataset.train.len() + dataset.validation.len()),
        evaluated: dataset.n_users,
        keeps_best: !dataset.validation.is_empty(),
        shuffled: true,
        bags: Bags {
            user_features: features(&dataset.user_features),
            item_features: features(&dataset.item_features),
            history,
        },
    }
}
