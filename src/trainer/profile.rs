//! Profiles training steps: takes the next steps of the run with timestamps around each operation.

use std::time::Duration;

use web_time::Instant;

use super::{Edge, Trainer};
use crate::error::{Error, Result};
use crate::model::{Graph, Profile};
use crate::plan::Plan;

/// Largest number of timed steps; their times are read back together.
const ENOUGH: u64 = 256;

impl Trainer {
    /// Returns the plan of the model that trains.
    pub fn plan(&self) -> &Plan {
        self.model.plan()
    }

    /// Returns the operations of a step, of its window and between epochs, with the buffers between
    /// them.
    pub fn graph(&self) -> Graph<'_> {
        self.model.graph()
    }

    /// Takes the next steps of the epoch for about `budget`, at least one, and returns the time of
    /// each operation. Profiling does not change the results of training, to the bit; the next
    /// slice reports the losses. If an epoch is being measured, its measurement is completed first.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on an adapter without timestamps, and when all steps are done;
    /// errors of [`Trainer::advance`].
    pub async fn profile(&mut self, budget: Duration) -> Result<Profile> {
        self.check()?;
        self.check_trains()?;
        if self.is_tuning() {
            let trial = self.take_trial().await?;
            // Boxed because a trial is a trainer, too: the future would contain itself.
            return Box::pin(self.trial.insert(trial).profile(budget)).await;
        }
        while self.run.edge == Some(Edge::Epoch) {
            let outcome = self.end_epoch(Duration::MAX).await;
            let report = self.remember(outcome)?;
            self.run.untold_epochs.extend(report);
            self.keep_reports(None);
        }
        if self.run.finished.is_some() || self.is_over() {
            return Err(Error::NotAvailable { what: "a profile after the last step".into() });
        }
        self.land_all().await?;
        self.model.start_timing()?;
        let outcome = self.profile_steps(budget).await;
        self.remember(outcome)
    }

    async fn profile_steps(&mut self, budget: Duration) -> Result<Profile> {
        let started = Instant::now();
        let enough = self.model.steps() + ENOUGH;
        if self.model.step_in_epoch() == 0 {
            self.decide_to_skip().await?;
        }
        loop {
            self.submit(budget.saturating_sub(started.elapsed()));
            self.land_all().await?;
            let is_over = self.model.step_in_epoch() == 0 || self.model.steps() >= enough;
            if is_over || started.elapsed() >= budget {
                break;
            }
        }
        let profile = self.model.stop_timing().await?;
        self.run.epoch_seconds += started.elapsed().as_secs_f64();
        if self.model.step_in_epoch() == 0 {
            self.reach_edge().await?;
        }
        Ok(profile)
    }
}
