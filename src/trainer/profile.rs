//! Where a step's time goes: the next steps of the run are taken with a clock around each operation.

use std::time::Duration;

use web_time::Instant;

use super::{Edge, Trainer};
use crate::error::{Error, Result};
use crate::model::Profile;

/// Timed steps that are enough: their times are read back together.
const ENOUGH: u64 = 256;

impl Trainer {
    /// Takes the next steps of the epoch for about `budget`, one at least, and tells what their time is spent on.
    /// Training goes on from them to the same bits; the next slice tells their losses. An
    /// epoch that is measured is so to its end before.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on an adapter without a clock, and where no step is left; those of
    /// [`Trainer::advance`].
    pub async fn profile(&mut self, budget: Duration) -> Result<Profile> {
        self.check()?;
        if self.is_tuning() {
            let trial = self.take_trial().await?;
            // Boxed, since a trial is a trainer as this one.
            return Box::pin(self.trial.insert(trial).profile(budget)).await;
        }
        while self.run.edge == Some(Edge::Epoch) {
            let outcome = self.end_epoch(Duration::MAX).await;
            let report = self.remember(outcome)?;
            self.run.untold_epochs.extend(report);
            self.keep_reports(None);
        }
        if self.run.finished.is_some() || self.is_over() {
            return Err(Error::NotAvailable { what: "a profile, where no step is left,".into() });
        }
        self.land_all().await?;
        self.model.start_clock()?;
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
        let profile = self.model.stop_clock().await?;
        self.run.epoch_seconds += started.elapsed().as_secs_f64();
        if self.model.step_in_epoch() == 0 {
            self.reach_edge().await?;
        }
        Ok(profile)
    }
}
