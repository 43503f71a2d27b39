//! Skipping: the operations that remove pairs from epochs, and their buffers.
//!
//! Every row has an activity, and a pair has the larger activity of its two rows. A pair whose
//! activity is below the threshold is stale and is removed from the epoch. Policies differ only in
//! the meaning of activity: how far a row moved between two snapshots, how popular an item is, or
//! the share of a user's pairs that fits in an epoch. With the random policy activity has no
//! meaning, and only the draw decides.

use bytemuck::{Pod, Zeroable};

use super::build::Builder;
use super::tower::TowerParts;
use super::{
    Buffer, CompactPairs, CountStale, Handles, KeptLogQ, Op, RowChange, SamplePairs, Stay, TILE,
    Word, compact_pairs,
};
use crate::config::{Skip, SkipPolicy};

/// Activity of a row that is above every threshold: finite, as every number in a buffer.
pub const ALWAYS_ACTIVE: f32 = 3.0e38;

/// Name of the tensor with the epoch's pairs.
pub const KEPT_PAIRS: &str = "kept_pairs";

/// Smallest number of pairs in a sample, if there are that many.
const LEAST_SAMPLE: usize = 1000;

/// Counts of a decision. Twin of `shaders/shared/tally.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Tally {
    /// Number of rows below the threshold, in both towers.
    pub stale_rows: u32,
    /// Number of rows that were below the threshold before and no longer are.
    pub woken_rows: u32,
    /// Number of pairs below the threshold.
    pub stale_pairs: u32,
    /// Number of pairs of the next epoch.
    pub kept_pairs: u32,
}

/// Buffers of skipping.
#[derive(Debug, Clone, Copy)]
pub struct SkipHandles {
    /// (N) users and items of the epoch's pairs, followed by outdated ones.
    pub kept_pairs: Buffer,
    /// (1) a row is stale if its activity is below this.
    pub threshold: Buffer,
    /// [`Tally`]; added to, so it must be zero before a decision.
    pub tally: Buffer,
    /// (I) number of kept pairs of each item; added to, so it must be zero before a decision.
    pub item_counts: Buffer,
    /// Activity of a sample of the pairs, if a threshold is chosen from it.
    pub sample: Option<Buffer>,
    /// Buffers of the users.
    pub user: SkipSide,
    /// Buffers of the items.
    pub item: SkipSide,
}

/// Buffers of one tower's rows.
#[derive(Debug, Clone, Copy)]
pub struct SkipSide {
    /// (R) activity.
    pub activity: Buffer,
    /// (R) 1 for a stale row, otherwise 0; none if the policy does not use this tower.
    pub stale: Option<Buffer>,
    /// Snapshots from which activity is measured, if it is.
    pub snapshots: Option<Snapshots>,
}

/// Outputs of a tower's hot rows at two times.
#[derive(Debug, Clone, Copy)]
pub struct Snapshots {
    /// (H) ids of the hot rows, then [`super::NO_ID`] up to a multiple of 8.
    pub hot: Buffer,
    /// (H, O) outputs at the earlier time.
    pub before: Buffer,
    /// (H, O) outputs at the later time.
    pub now: Buffer,
}

/// Returns the largest number of the `rows` that can be needed to cover `share` of all accesses.
/// Rows with more accesses come first, so `share` of the rows is enough; one more makes up for
/// rounding.
fn most_hot_rows(rows: usize, share: f64) -> usize {
    ((rows as f64 * share).ceil() as usize + 1).min(rows)
}

/// Returns the number of pairs in the sample.
fn sampled(skip: &Skip, pairs: usize) -> usize {
    ((skip.sample * pairs as f64).ceil() as usize).max(LEAST_SAMPLE).min(pairs)
}

/// Returns the bound that a uniform u32 is below with this probability.
fn below(probability: f64) -> u32 {
    (probability * 2f64.powi(32)) as u32
}

/// Returns the rule for the stale pairs that are kept in an epoch.
fn stay(skip: &Skip) -> Stay {
    match skip.policy {
        SkipPolicy::Stale | SkipPolicy::Popularity => Stay::Drawn(below(skip.keep)),
        // Every pair counts as stale, so the draw alone decides the share.
        SkipPolicy::Random => Stay::Drawn(below(1.0 - skip.share * (1.0 - skip.keep))),
        SkipPolicy::Cap => Stay::Turns,
    }
}

impl Builder<'_> {
    pub(super) fn skip_handles(&mut self, skip: &Skip) -> SkipHandles {
        let dims = self.dims;
        let measured = skip.policy == SkipPolicy::Stale;
        let pair = [dims.users, dims.items].map(|rows| Word::Below(rows as u32));
        SkipHandles {
            kept_pairs: self.state(KEPT_PAIRS, dims.pairs, &pair),
            threshold: self.buffer("skip_threshold", 1),
            tally: self.buffer("skip_tally", size_of::<Tally>() / 4),
            item_counts: self.buffer("kept_item_counts", dims.items),
            sample: measured.then(|| self.buffer("skip_sample", sampled(skip, dims.pairs))),
            user: self.skip_side(
                ["user_activity", "user_stale", "user_hot", "user_before", "user_now"],
                dims.users,
                skip.judges_users(),
                (measured && skip.judges_users()).then_some(skip.hot_share),
            ),
            item: self.skip_side(
                ["item_activity", "item_stale", "item_hot", "item_before", "item_now"],
                dims.items,
                skip.judges_items(),
                measured.then_some(skip.hot_share),
            ),
        }
    }

    fn skip_side(
        &mut self,
        names: [&'static str; 5],
        rows: usize,
        matters: bool,
        hot_share: Option<f64>,
    ) -> SkipSide {
        let [activity, stale, hot, before, now] = names;
        SkipSide {
            activity: self.state(activity, rows, &[Word::Size]),
            stale: matters.then(|| self.state(stale, rows, &[Word::Below(2)])),
            snapshots: hot_share.map(|share| {
                let count = most_hot_rows(rows, share);
                let stored = count.next_multiple_of(TILE);
                let mut outputs = |name| {
                    let row = vec![Word::Real; self.dims.out_width];
                    self.padded_state(name, [stored, count], &row, self.dims.out)
                };
                let (before, now) = (outputs(before), outputs(now));
                Snapshots { hot: self.buffer(hot, stored), before, now }
            }),
        }
    }

    /// Returns the operations of [`super::Program::Snapshot`], [`super::Program::Compare`] and
    /// [`super::Program::Compact`].
    pub(super) fn skip_programs(
        &mut self,
        at: &Handles,
        [user, item]: [&TowerParts; 2],
    ) -> [Vec<Op>; 3] {
        let (Some(skip), Some(handles)) = (&self.config.skip, &at.skip) else {
            return [Vec::new(), Vec::new(), Vec::new()];
        };
        let dims = self.dims;
        let blocks = self.scratch("blocks", compact_pairs::blocks(dims.pairs).max(1));
        let sides = [
            (handles.user, user, "user_hot", dims.users),
            (handles.item, item, "item_hot", dims.items),
        ];
        let (mut snapshot, mut compare, mut compact) = (Vec::new(), Vec::new(), Vec::new());
        for (side, tower, name, rows) in sides {
            if let Some(Snapshots { hot, before, now }) = side.snapshots {
                let count = most_hot_rows(rows, skip.hot_share);
                let stored = count.next_multiple_of(TILE);
                let pass = [at.item_blocks, hot, now];
                let pass = self.pass(tower, name, pass, [stored, stored], None);
                snapshot.extend(self.forward(tower, &pass));
                let activity = side.activity;
                let change = RowChange { rows: count, dim: dims.out, hot, before, now, activity };
                compare.push(Op::RowChange(change));
            }
            if let Some(stale) = side.stale {
                compact.push(Op::CountStale(CountStale {
                    rows,
                    threshold: handles.threshold,
                    activity: side.activity,
                    stale,
                    tally: handles.tally,
                }));
            }
        }
        if let Some(sample) = handles.sample {
            compare.push(Op::SamplePairs(SamplePairs {
                dims,
                seed: self.config.seed,
                count: sampled(skip, dims.pairs),
                clock: at.clock,
                pairs: at.pairs,
                user_activity: handles.user.activity,
                item_activity: handles.item.activity,
                sample,
            }));
        }
        compact.push(Op::CompactPairs(CompactPairs {
            dims,
            seed: self.config.seed,
            stay: stay(skip),
            clock: at.clock,
            threshold: handles.threshold,
            pairs: at.pairs,
            user_activity: handles.user.activity,
            item_activity: handles.item.activity,
            blocks,
            kept_pairs: handles.kept_pairs,
            tally: handles.tally,
        }));
        if let Some(drawn) = self.config.drawn_share() {
            compact.push(Op::KeptLogQ(KeptLogQ {
                dims,
                drawn: drawn as f32,
                clock: at.clock,
                kept_pairs: handles.kept_pairs,
                item_counts: handles.item_counts,
                log_q: at.log_q,
            }));
        }
        [snapshot, compare, compact]
    }
}
