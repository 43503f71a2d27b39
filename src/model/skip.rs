//! Skipping on a model: sets activities and thresholds, and reads the decisions. All of it happens
//! between two epochs.

use super::{Model, Tower};
use crate::error::Result;
use crate::plan::{ALWAYS_ACTIVE, NO_ID, Program, SkipHandles, SkipSide, Tally};

impl Model {
    /// Sets the activity of each row of a tower.
    pub fn set_activity(&mut self, tower: Tower, activity: &[f32]) {
        let side = self.skip_side(tower);
        self.executor.write(side.activity, 0, activity);
    }

    /// Sets the rows of a tower whose activity is measured; all others are always active.
    pub fn set_hot(&mut self, tower: Tower, hot: &[u32]) {
        let side = self.skip_side(tower);
        let snapshots = side.snapshots.expect("the plan takes snapshots of this tower");
        let mut list = hot.to_vec();
        list.resize(self.plan.words(snapshots.hot), NO_ID);
        self.executor.write(snapshots.hot, 0, &list);
        let rows = self.plan.words(side.activity);
        self.executor.write(side.activity, 0, &vec![ALWAYS_ACTIVE; rows]);
    }

    /// Takes a snapshot of the hot rows' outputs, and keeps the previous one.
    pub fn take_snapshot(&mut self) {
        let SkipHandles { user, item, .. } = self.skip_handles();
        for snapshots in [user, item].into_iter().filter_map(|side| side.snapshots) {
            let words = self.plan.words(snapshots.now);
            self.executor.copy(snapshots.now, snapshots.before, 0, words);
        }
        self.run(Program::SkipSnapshot, 0);
    }

    /// Measures the activity of the hot rows between the last two snapshots, and returns the
    /// activity of a sample of the pairs.
    ///
    /// # Errors
    /// The same as [`crate::executor::Executor::read`].
    pub async fn measure_activity(&mut self) -> Result<Vec<f32>> {
        self.run(Program::SkipCompare, 0);
        let sample = self.skip_handles().sample.expect("the plan samples pairs");
        let sampled = self.plan.words(sample).min(self.plan.dims.pairs);
        self.executor.read(sample, 0..sampled).await
    }

    /// Skips stale pairs in the next epoch: pairs whose activity is below a threshold, except those
    /// that the policy keeps.
    ///
    /// # Errors
    /// The same as [`crate::executor::Executor::read`].
    pub async fn leave_out(&mut self, threshold: f32) -> Result<Tally> {
        let at = self.skip_handles();
        self.executor.write(at.threshold, 0, &[threshold]);
        self.executor.clear(at.tally);
        self.executor.clear(at.item_counts);
        self.run(Program::SkipCompact, 0);
        let words = 0..self.plan.words(at.tally);
        let tally: Tally = self.executor.read(at.tally, words).await?[0];
        self.counters.pairs_in_epoch = tally.kept_pairs as usize;
        Ok(tally)
    }

    /// Reads the pairs of this epoch, in the order of the training data.
    ///
    /// # Errors
    /// The same as [`crate::executor::Executor::read`].
    pub async fn kept_pairs(&mut self) -> Result<Vec<[u32; 2]>> {
        let kept = self.skip_handles().kept_pairs;
        if self.counters.pairs_in_epoch == 0 {
            return Ok(Vec::new());
        }
        self.executor.read(kept, 0..2 * self.counters.pairs_in_epoch).await
    }

    /// Reads the rows of a tower that were stale at the last decision.
    ///
    /// # Errors
    /// The same as [`crate::executor::Executor::read`].
    pub async fn stale_rows(&mut self, tower: Tower) -> Result<Vec<u32>> {
        let Some(stale) = self.skip_side(tower).stale else { return Ok(Vec::new()) };
        let flags: Vec<u32> = self.executor.read(stale, 0..self.plan.words(stale)).await?;
        Ok((0..).zip(flags).filter(|(_, flag)| *flag == 1).map(|(row, _)| row).collect())
    }

    /// Starts with all pairs in the epoch and no stale row, if the plan has skipping.
    pub(super) fn keep_all_pairs(&mut self) {
        if let Some(skip) = self.plan.handles.skip {
            let pairs = self.plan.handles.pairs;
            self.executor.copy(pairs, skip.kept_pairs, 0, self.plan.words(pairs));
            for stale in [skip.user, skip.item].into_iter().filter_map(|side| side.stale) {
                self.executor.clear(stale);
            }
        }
    }

    fn skip_side(&self, tower: Tower) -> SkipSide {
        match tower {
            Tower::User => self.skip_handles().user,
            Tower::Item => self.skip_handles().item,
        }
    }

    fn skip_handles(&self) -> SkipHandles {
        self.plan.handles.skip.expect("the plan can skip")
    }
}
