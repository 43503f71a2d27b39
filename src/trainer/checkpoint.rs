//! Saves a run, and goes on from what was saved, to the same bits as if it had never stopped.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::recover::Kept;
use super::{Edge, Run, Trainer, extent, fresh_model, history};
use crate::checkpoint::{Reader, Writer, refused};
use crate::config::Config;
use crate::data::Report;
use crate::error::Result;
use crate::executor::{BackendChoice, Wish};
use crate::model::Position;
use crate::plan::{Plan, Shape, Work};

const EPOCH_LOSSES: &str = "losses.epoch";
const UNTOLD_LOSSES: &str = "losses.untold";

/// All of a saved run that is no tensor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record<C> {
    /// A [`Config`] when it is written, and whatever there is when it is read.
    config: C,
    data: Report,
    /// In which it computed, on a GPU.
    shape: Option<Shape>,
    run: Run,
    pairs_in_epoch: usize,
    bank_is_open: bool,
    work: Work,
}

impl Trainer {
    /// The run as a file from which [`Trainer::load`] goes on: data, options, tables, optimiser and reports.
    /// Within an epoch, too.
    ///
    /// # Errors
    /// [`crate::Error::NonFinite`] if training has left what is no number, or whatever the backend fails with.
    pub async fn save(&mut self) -> Result<Vec<u8>> {
        self.check_model()?;
        self.land_all().await?;
        let state = self.model.state().await?;
        let mut file = Writer::default();
        for (tensor, words) in self.model.plan().tensors.iter().zip(state) {
            if tensor.first_wrong(&words).is_some() {
                return Err(self.non_finite(self.model.steps()));
            }
            file.tensor(tensor, words);
        }
        file.dataset(&self.dataset);
        file.reals(EPOCH_LOSSES, &self.run.epoch_losses);
        // Those of epochs that have ended are told by the report.
        let told = self.run.untold.len().saturating_sub(self.run.epoch_losses.len());
        file.reals(UNTOLD_LOSSES, &self.run.untold[told..]);
        Ok(file.finish(Record {
            config: &self.config,
            data: self.dataset.report.clone(),
            shape: self.backend.shape,
            run: self.run.clone(),
            pairs_in_epoch: self.model.pairs_in_epoch(),
            bank_is_open: self.model.bank_is_open(),
            work: self.model.work(),
        }))
    }

    /// A trainer that goes on from a saved run: on the backend that it was on, to the same bits.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] for what no run of this version can have saved; those of
    /// [`crate::executor::Executor::choose`].
    pub async fn load(bytes: &[u8], choice: BackendChoice) -> Result<Self> {
        let (mut record, mut file) = Reader::open::<Record<Value>>(bytes)?;
        let config = Config::resolve(&record.config).map_err(|error| refused(error.to_string()))?;
        let dataset = file.dataset(std::mem::take(&mut record.data), &config.towers)?;
        let extent = extent(&dataset, history(&dataset, &config).as_ref());
        extent.check(&config).map_err(|error| refused(error.to_string()))?;
        // A plan takes no memory: sizes are held against the file before anything does.
        let plan = Plan::new(&config, &extent);
        let state: Vec<Vec<u32>> =
            plan.tensors.iter().map(|tensor| file.tensor(tensor)).collect::<Result<_>>()?;
        record.run.epoch_losses = file.reals(EPOCH_LOSSES)?;
        record.run.untold = file.reals(UNTOLD_LOSSES)?;
        file.finish()?;
        let position = record.position(&config, dataset.train.len()).map_err(refused)?;
        let (mut model, backend) =
            fresh_model(&dataset, &config, Wish { backend: choice, shape: record.shape }).await?;
        model.restore(&state, &position);
        let mut trainer = Self {
            run: record.run,
            kept: Kept::opened(),
            ..Self::around(model, backend, dataset, config)
        };
        if trainer.backend.backend.is_gpu() {
            trainer.keep().await?;
        }
        Ok(trainer)
    }

    /// Waits for all flights; the next slice tells their losses.
    pub(super) async fn land_all(&mut self) -> Result<()> {
        while !self.flights.is_empty() {
            let outcome = self.land().await;
            self.remember(outcome)?;
        }
        Ok(())
    }
}

impl<C> Record<C> {
    /// Where the run stands, of so many training pairs; says what it cannot be.
    fn position(
        &self,
        config: &Config,
        all_pairs: usize,
    ) -> std::result::Result<Position, &'static str> {
        let Run { epochs, epoch_losses, finished, .. } = &self.run;
        if !self.run.could_have_tried(config, all_pairs) {
            return Err(
                "its trials are not those of its options, or its epochs not those of its trials",
            );
        }
        let steps_of = |pairs: usize| pairs.div_ceil(config.batch_size);
        let are_epochs = epochs.iter().enumerate().all(|(n, epoch)| {
            epoch.epoch == n + 1
                && (1..=all_pairs).contains(&epoch.pairs)
                && epoch.steps == steps_of(epoch.pairs)
        });
        if !are_epochs {
            return Err("its epochs are not those of its data");
        }
        let is_whole = self.pairs_in_epoch == all_pairs;
        if !(1..=all_pairs).contains(&self.pairs_in_epoch) || !(is_whole || config.skip.is_some()) {
            return Err("its epoch has another number of pairs than its data");
        }
        let (done, all) = (epoch_losses.len(), steps_of(self.pairs_in_epoch));
        // An epoch that has had all its steps is measured, before its report is there.
        let fits = match self.run.edge {
            Some(Edge::Epoch) => done == all,
            Some(Edge::Run) => done == 0 && !epochs.is_empty() && finished.is_none(),
            None => done < all,
        };
        if !fits {
            return Err("its epoch has more steps than its pairs come to, or fewer");
        }
        let step_in_epoch = done % all;
        let is_epoch = |epoch: usize| (1..=epochs.len()).contains(&epoch);
        if self.run.best.map_or(!epochs.is_empty(), |best| best >= epochs.len())
            || finished.is_some_and(|kept| done > 0 || !is_epoch(kept.epoch))
        {
            return Err("it keeps an epoch that it never had");
        }
        if !self.run.work.is_within(&self.work) {
            return Err("it has done less work than its epochs");
        }
        let steps = epochs.iter().map(|epoch| epoch.steps).sum::<usize>() + done;
        Ok(Position {
            epochs: (epochs.len() + done / all) as u32,
            steps: u32::try_from(steps).map_err(|_| "it has more steps than can be counted")?,
            pairs: epochs.iter().map(|epoch| epoch.pairs).sum::<usize>()
                + (done * config.batch_size).min(self.pairs_in_epoch),
            step_in_epoch,
            pairs_in_epoch: self.pairs_in_epoch,
            bank_is_open: self.bank_is_open,
            work: self.work,
        })
    }
}
