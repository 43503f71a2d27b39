//! Skipping: decides between epochs which pairs are skipped, finds the threshold, and reports the
//! result.

use serde::{Deserialize, Serialize};

use super::Trainer;
use crate::config::{Skip, SkipPolicy};
use crate::data::Dataset;
use crate::error::Result;
use crate::model::{Model, Tower};
use crate::order::by_count;
use crate::plan::{ALWAYS_ACTIVE, Tally};

/// Largest difference between the share of stale pairs and the requested share (`docs/methods.md`,
/// skipping).
const TOLERANCE: f64 = 0.08;

/// Number of bisections in the search for a threshold.
const ROUNDS: usize = 25;

/// Threshold that is below every activity.
const NO_THRESHOLD: f32 = 0.0;

/// Threshold above the activity of every row whose activity is not set.
const ANY_THRESHOLD: f32 = 1.0;

/// Pairs that an epoch skipped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkipReport {
    /// Activity below which a row is stale: its movement in an epoch (`stale`) or an item's number
    /// of pairs (`popularity`). For `cap`, the mean number of pairs that an epoch keeps per user.
    /// None for `random`, or if no threshold was found.
    pub threshold: Option<f32>,
    /// Share of stale rows among the rows that are judged; none for policies that do not judge
    /// rows.
    pub stale_rows: Option<f64>,
    /// Share of stale pairs among all pairs; none for policies that do not judge rows.
    pub stale_pairs: Option<f64>,
    /// Pairs that the epoch skipped.
    pub skipped: usize,
    /// Rows that were stale in the epoch before and are no longer stale.
    pub woken: usize,
    /// A note, such as that no threshold was found.
    pub note: Option<Note>,
}

/// Notes on a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each says it in the sentence that it serialises as")]
pub enum Note {
    #[serde(
        rename = "no threshold leaves out a share near the one that is wanted: nothing is skipped"
    )]
    NoThreshold,
    #[serde(rename = "no pair would be left: nothing is skipped")]
    NoPairLeft,
    #[serde(rename = "the last epochs train on every pair")]
    TakenBack,
}

/// Pairs that are skipped until the next decision.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Skipping {
    /// Threshold that the activity of rows was compared with.
    threshold: Option<f32>,
    /// Threshold in the report.
    told: Option<f32>,
    pub report: SkipReport,
}

/// Loads the inputs that are known before the first epoch: the hot rows, the popularity of items,
/// or the share of each user's pairs that fits below the cap.
pub fn prepare(model: &mut Model, dataset: &Dataset, options: &Skip) {
    let items = dataset.item_counts();
    match options.policy {
        SkipPolicy::Stale => {
            model.set_hot(Tower::Item, &hot_rows(&items, options.hot_share));
            if options.judges_users() {
                let users = dataset.user_counts();
                model.set_hot(Tower::User, &hot_rows(&users, options.hot_share));
            }
        }
        SkipPolicy::Popularity => {
            let activity: Vec<f32> = items.iter().map(|&count| count as f32).collect();
            model.set_activity(Tower::Item, &activity);
        }
        SkipPolicy::Cap => {
            let users = dataset.user_counts();
            let cap = user_cap(&users, options.share);
            let stays = |count: u32| {
                let room = (cap / f64::from(count)).min(1.0);
                (room + (1.0 - room) * options.keep) as f32
            };
            model.set_activity(Tower::User, &users.into_iter().map(stays).collect::<Vec<_>>());
        }
        SkipPolicy::Random => {}
    }
}

impl Trainer {
    /// Decides which pairs the next epoch skips, if a decision is due. It runs between epochs, on
    /// the tables after the last epoch.
    pub(super) async fn decide_to_skip(&mut self) -> Result<()> {
        let Some(options) = self.config.skip.clone() else { return Ok(()) };
        // After an extension, skipping starts over, with the remaining epochs.
        let before = self.run.epochs_before();
        let done = self.run.epochs.len() - before;
        let planned = self.config.epochs.saturating_sub(before);
        let is_taken_back =
            self.run.skipping.is_some_and(|skipping| skipping.report.note == Some(Note::TakenBack));
        // Permanent: epochs added after the planned ones also train on every pair.
        if is_taken_back || done >= options.ends_after(planned) {
            return self.take_back().await;
        }
        let measured = options.policy == SkipPolicy::Stale;
        if measured && (options.decides_after(done) || options.decides_after(done + 1)) {
            self.model.take_snapshot();
        }
        let (threshold, told) = if options.decides_after(done) {
            match options.policy {
                SkipPolicy::Stale => {
                    let activities = self.model.measure_activity().await?;
                    let threshold = find_threshold(&activities, options.share);
                    (threshold, threshold)
                }
                SkipPolicy::Popularity => {
                    let cut = popularity_cut(&self.dataset.item_counts(), options.share);
                    (cut, cut)
                }
                SkipPolicy::Cap => {
                    let users = self.dataset.user_counts();
                    (Some(ANY_THRESHOLD), Some(user_cap(&users, options.share) as f32))
                }
                SkipPolicy::Random => (Some(ANY_THRESHOLD), None),
            }
        } else if let Some(skipping) = &mut self.run.skipping {
            skipping.report.woken = 0;
            if !options.draws() {
                return Ok(());
            }
            (skipping.threshold, skipping.told)
        } else {
            return Ok(());
        };
        let mut note = threshold.is_none().then_some(Note::NoThreshold);
        let mut tally = self.model.leave_out(threshold.unwrap_or(NO_THRESHOLD)).await?;
        if tally.kept_pairs == 0 {
            note = Some(Note::NoPairLeft);
            // Rows whose skipping is undone at once were never stale.
            let woken_rows = tally.woken_rows;
            tally = Tally { woken_rows, ..self.model.leave_out(NO_THRESHOLD).await? };
        }
        let report = self.skip_report(&options, told, tally, note);
        self.run.skipping = Some(Skipping { threshold, told, report });
        Ok(())
    }

    /// Trains on every pair again, if some are skipped.
    async fn take_back(&mut self) -> Result<()> {
        let report = SkipReport {
            threshold: None,
            stale_rows: None,
            stale_pairs: None,
            skipped: 0,
            woken: 0,
            note: Some(Note::TakenBack),
        };
        self.run.skipping = Some(Skipping { threshold: None, told: None, report });
        if self.model.pairs_in_epoch() < self.dataset.train.len() {
            self.model.leave_out(NO_THRESHOLD).await?;
        }
        Ok(())
    }

    fn skip_report(
        &self,
        options: &Skip,
        told: Option<f32>,
        tally: Tally,
        note: Option<Note>,
    ) -> SkipReport {
        let (users, items) = (self.dataset.n_users, self.dataset.n_items);
        let judged = match (options.judges_users(), options.judges_items()) {
            (false, false) => None,
            (true, false) => Some(users),
            (false, true) => Some(items),
            (true, true) => Some(users + items),
        };
        let pairs = self.dataset.train.len();
        let kept = tally.kept_pairs as usize;
        SkipReport {
            threshold: told.filter(|_| note.is_none()),
            stale_rows: judged.map(|rows| f64::from(tally.stale_rows) / rows as f64),
            stale_pairs: judged.map(|_| f64::from(tally.stale_pairs) / pairs as f64),
            skipped: pairs - kept,
            woken: tally.woken_rows as usize,
            note,
        }
    }
}

impl Skip {
    /// Returns whether a decision is due after this number of epochs.
    fn decides_after(&self, epochs: usize) -> bool {
        let Some(later) = epochs.checked_sub(self.start) else { return false };
        match self.policy {
            SkipPolicy::Stale if self.recheck > 0 => later.is_multiple_of(self.recheck),
            // The other policies do not depend on training: they decide once.
            _ => later == 0,
        }
    }

    /// Returns whether each epoch skips other pairs.
    fn draws(&self) -> bool {
        matches!(self.policy, SkipPolicy::Random | SkipPolicy::Cap) || self.keep > 0.0
    }
}

/// Returns the smallest set of the most accessed rows that has at least this share of all accesses,
/// in ascending order. Ties go to the lower index.
pub fn hot_rows(counts: &[u32], share: f64) -> Vec<u32> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let mut rows = by_count(counts);
    let mut reached = 0;
    let enough = rows.iter().position(|&row| {
        reached += u64::from(counts[row as usize]);
        reached as f64 / total as f64 >= share
    });
    rows.truncate(enough.map_or(rows.len(), |last| last + 1));
    rows.sort_unstable();
    rows
}

/// Finds the threshold below which this share of the activities lies. Returns the nearest one of a
/// bisection, or none if it is not within [`TOLERANCE`].
fn find_threshold(activities: &[f32], share: f64) -> Option<f32> {
    let changing = activities.iter().copied().filter(|&activity| activity < ALWAYS_ACTIVE);
    let (mut low, mut high) = (0.0, 2.0 * changing.fold(0.0, f32::max));
    let mut nearest = None;
    let mut nearest_error = TOLERANCE;
    for _ in 0..ROUNDS {
        let threshold = f32::midpoint(low, high);
        let stale = activities.iter().filter(|&&activity| activity < threshold).count();
        let stale = stale as f64 / activities.len() as f64;
        if (stale - share).abs() <= nearest_error {
            (nearest, nearest_error) = (Some(threshold), (stale - share).abs());
        }
        if stale < share {
            low = threshold;
        } else {
            high = threshold;
        }
    }
    nearest
}

/// Returns the largest count such that the items with smaller counts have at most this share of all
/// pairs; none if the rarest items have more.
fn popularity_cut(counts: &[u32], share: f64) -> Option<f32> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let (mut under, mut cut) = (0, None);
    for equal in sorted.chunk_by(|a, b| a == b) {
        if under > 0 {
            cut = Some(equal[0] as f32);
        }
        under += equal.iter().map(|&count| u64::from(count)).sum::<u64>();
        if under as f64 > share * total as f64 {
            break;
        }
    }
    cut
}

/// Returns the cap on a user's pairs such that this share of all pairs is above it.
fn user_cap(counts: &[u32], share: f64) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let total: f64 = sorted.iter().map(|&count| f64::from(count)).sum();
    let room = (1.0 - share) * total;
    // Users below the cap keep all their pairs, the others keep `cap` pairs.
    let mut under = 0.0;
    let users = sorted.len();
    for (n, &count) in sorted.iter().enumerate() {
        let cap = (room - under) / (users - n) as f64;
        if cap <= f64::from(count) {
            return cap;
        }
        under += f64::from(count);
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hot_rows_reach_the_share_and_ties_go_to_the_lower_index() {
        assert_eq!(hot_rows(&[1, 5, 3, 1], 0.5), [1]);
        assert_eq!(hot_rows(&[1, 5, 3, 1], 0.8), [1, 2]);
        assert_eq!(hot_rows(&[1, 5, 3, 1], 0.9), [0, 1, 2]);
        assert_eq!(hot_rows(&[1, 5, 3, 1], 1.0), [0, 1, 2, 3]);
        assert_eq!(hot_rows(&[2, 2, 2, 2], 0.5), [0, 1]);
    }

    proptest! {
        #[test]
        fn a_threshold_is_found_where_activities_differ(
            wanted in 0.1f64..0.9,
            activities in prop::collection::vec(1e-6f32..10.0, 200..400),
        ) {
            let threshold = find_threshold(&activities, wanted).expect("they differ");
            let stale = activities.iter().filter(|&&activity| activity < threshold).count();
            let stale = stale as f64 / activities.len() as f64;
            prop_assert!((stale - wanted).abs() <= TOLERANCE, "{stale} for {wanted}");
        }
    }

    #[test]
    fn no_threshold_is_found_where_there_is_none() {
        assert_eq!(find_threshold(&[], 0.3), None);
        assert_eq!(find_threshold(&[ALWAYS_ACTIVE; 9], 0.3), None);
        assert_eq!(find_threshold(&[0.0; 9], 0.3), None, "rows that do not move are equal");
        assert_eq!(find_threshold(&[1.0; 9], 0.3), None, "all or none");
        let half = [[1.0; 5], [ALWAYS_ACTIVE; 5]].concat();
        assert_eq!(find_threshold(&half, 0.3), None, "half or none");
        assert!(find_threshold(&half, 0.45).is_some(), "half is near enough");
    }

    #[test]
    fn rare_items_are_under_the_cut() {
        assert_eq!(popularity_cut(&[6, 1, 2, 1], 0.2), Some(2.0));
        assert_eq!(popularity_cut(&[6, 1, 2, 1], 0.4), Some(6.0));
        assert_eq!(popularity_cut(&[6, 1, 2, 1], 0.1), None);
        assert_eq!(popularity_cut(&[2, 2, 2], 0.9), None);
    }

    #[test]
    fn pairs_over_the_cap_are_the_share() {
        assert_eq!(user_cap(&[1, 2, 7], 0.3), 4.0);
        assert_eq!(user_cap(&[1, 1, 1], 0.4), 0.6);
        assert_eq!(user_cap(&[0, 4, 4], 0.25), 3.0);
    }

    proptest! {
        #[test]
        fn users_under_a_cap_keep_all(
            counts in prop::collection::vec(0u32..300, 2..90),
            share in 0.05f64..0.9,
        ) {
            let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
            prop_assume!(total > 0.0);
            let cap = user_cap(&counts, share);
            let over: f64 = counts.iter().map(|&count| (f64::from(count) - cap).max(0.0)).sum();
            prop_assert!((over - share * total).abs() < 1e-6 * total, "{over} of {total}");
        }
    }

    #[test]
    fn decisions_come_after_whole_epochs() {
        let after = |policy, recheck| {
            let skip = Skip { policy, recheck, ..options() };
            (0..9).filter(|&epochs| skip.decides_after(epochs)).collect::<Vec<_>>()
        };
        assert_eq!(after(SkipPolicy::Stale, 1), [2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(after(SkipPolicy::Stale, 3), [2, 5, 8]);
        assert_eq!(after(SkipPolicy::Stale, 0), [2]);
        assert_eq!(after(SkipPolicy::Popularity, 1), [2]);
    }

    fn options() -> Skip {
        let config = crate::Config::resolve(&serde_json::json!({ "skip": {} }));
        config.expect("valid").skip.expect("it is on")
    }
}
