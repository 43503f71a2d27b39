//! Skipping: removes pairs from epochs. Batches are drawn from the kept pairs; between two epochs the
//! host runs the programs that decide which are kept.
//!
//! Every row has an activity, and a pair has the larger activity of its two rows. A pair whose
//! activity is below the threshold is stale and is removed from the epoch, unless the rule [`Stay`]
//! keeps it. Policies differ only in this rule and in the meaning of activity: how far a row moved
//! between two snapshots, how popular an item is, or the share of a user's pairs that fits in an
//! epoch. With the random policy activity has no meaning, and only the draw decides.

use super::super::builder::Builder;
use super::super::operations::compact_pairs::blocks;
use super::super::run::Run;
use super::super::towers::TowerParts;
use super::super::{
    Buffer, CompactPairs, CountStale, Dims, Handles, KeptLogQ, Op, Program, RowChange, SamplePairs,
    Stay, TILE, Tally, Word,
};
use super::{Part, Technique};
use crate::config::{Skip, SkipPolicy};

/// Activity of a row that is above every threshold: finite, as every number in a buffer.
pub const ALWAYS_ACTIVE: f32 = 3.0e38;

/// Name of the tensor with the epoch's pairs.
pub const KEPT_PAIRS: &str = "kept_pairs";

/// Smallest number of pairs in a sample, if there are that many.
const LEAST_SAMPLE: usize = 1000;

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

/// Outputs of a tower's hot rows, which are the rows with the most accesses, at two times.
#[derive(Debug, Clone, Copy)]
pub struct Snapshots {
    /// (H) ids of the hot rows, then [`super::super::NO_ID`] up to a multiple of 8.
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

struct Skipping {
    dims: Dims,
    seed: u32,
    options: Skip,
    /// Share of a step's candidates that are drawn, if log q follows the kept pairs.
    drawn: Option<f32>,
    handles: SkipHandles,
    /// Scratch of `compact_pairs`.
    blocks: Buffer,
}

pub(super) fn add(builder: &mut Builder<'_>) -> Option<Part> {
    let options = builder.config.skip.as_ref()?;
    let dims = builder.dims;
    let handles = handles(builder, options);
    Some(Box::new(Skipping {
        dims,
        seed: builder.config.seed,
        options: options.clone(),
        drawn: builder.config.drawn_share().map(|drawn| drawn as f32),
        handles,
        blocks: builder.scratch("blocks", blocks(dims.pairs).max(1)),
    }))
}

fn handles(builder: &mut Builder<'_>, skip: &Skip) -> SkipHandles {
    let dims = builder.dims;
    let measured = skip.policy == SkipPolicy::Stale;
    let pair = [dims.users, dims.items].map(|rows| Word::Below(rows as u32));
    SkipHandles {
        kept_pairs: builder.state(KEPT_PAIRS, dims.pairs, &pair),
        threshold: builder.buffer("skip_threshold", 1),
        tally: builder.buffer("skip_tally", size_of::<Tally>() / 4),
        item_counts: builder.buffer("kept_item_counts", dims.items),
        sample: measured.then(|| builder.buffer("skip_sample", sampled(skip, dims.pairs))),
        user: side(
            builder,
            ["user_activity", "user_stale", "user_hot", "user_before", "user_now"],
            dims.users,
            skip.judges_users(),
            (measured && skip.judges_users()).then_some(skip.hot_share),
        ),
        item: side(
            builder,
            ["item_activity", "item_stale", "item_hot", "item_before", "item_now"],
            dims.items,
            skip.judges_items(),
            measured.then_some(skip.hot_share),
        ),
    }
}

fn side(
    builder: &mut Builder<'_>,
    [activity, stale, hot, before, now]: [&'static str; 5],
    rows: usize,
    matters: bool,
    hot_share: Option<f64>,
) -> SkipSide {
    SkipSide {
        activity: builder.state(activity, rows, &[Word::Size]),
        stale: matters.then(|| builder.state(stale, rows, &[Word::Below(2)])),
        snapshots: hot_share.map(|share| {
            let count = most_hot_rows(rows, share);
            let stored = count.next_multiple_of(TILE);
            let mut outputs = |name| {
                let row = vec![Word::Real; builder.dims.out_width];
                builder.padded_state(name, [stored, count], &row, builder.dims.out)
            };
            let (before, now) = (outputs(before), outputs(now));
            Snapshots { hot: builder.buffer(hot, stored), before, now }
        }),
    }
}

impl Technique for Skipping {
    fn publish(&self, handles: &mut Handles) {
        handles.skip = Some(self.handles);
    }

    fn programs(&self, builder: &mut Builder<'_>, run: &Run) -> Vec<(Program, Vec<Op>)> {
        let SkipHandles { user, item, .. } = self.handles;
        let sides = [
            (user, &run.user.parts, "user_hot", self.dims.users),
            (item, &run.item.parts, "item_hot", self.dims.items),
        ];
        let (mut snapshot, mut compare, mut compact) = (Vec::new(), Vec::new(), Vec::new());
        for (side, tower, name, rows) in sides {
            if let Some(snapshots) = side.snapshots {
                let pass = self.snapshot(builder, run, tower, name, snapshots);
                snapshot.extend(pass);
                compare.push(self.row_change(rows, snapshots, side.activity));
            }
            compact.extend(side.stale.map(|stale| self.count_stale(rows, side.activity, stale)));
        }
        compare.extend(self.handles.sample.map(|sample| self.sample_pairs(run, sample)));
        compact.push(self.compact_pairs(run));
        compact.extend(self.drawn.map(|drawn| self.kept_log_q(run, drawn)));
        vec![
            (Program::SkipSnapshot, snapshot),
            (Program::SkipCompare, compare),
            (Program::SkipCompact, compact),
        ]
    }
}

impl Skipping {
    /// Returns the operations that compute the outputs of a tower's hot rows.
    fn snapshot(
        &self,
        builder: &mut Builder<'_>,
        run: &Run,
        tower: &TowerParts,
        name: &str,
        Snapshots { hot, now, .. }: Snapshots,
    ) -> Vec<Op> {
        let stored = builder.words(hot);
        let buffers = [run.handles.item_blocks, hot, now];
        let pass = builder.pass(tower, name, buffers, [stored, stored], None);
        builder.forward(tower, &pass)
    }

    fn row_change(
        &self,
        rows: usize,
        Snapshots { hot, before, now }: Snapshots,
        activity: Buffer,
    ) -> Op {
        let rows = most_hot_rows(rows, self.options.hot_share);
        Op::from(RowChange { rows, dim: self.dims.out, hot, before, now, activity })
    }

    fn sample_pairs(&self, run: &Run, sample: Buffer) -> Op {
        Op::from(SamplePairs {
            dims: self.dims,
            seed: self.seed,
            count: sampled(&self.options, self.dims.pairs),
            counters: run.handles.counters,
            pairs: run.handles.pairs,
            user_activity: self.handles.user.activity,
            item_activity: self.handles.item.activity,
            sample,
        })
    }

    fn count_stale(&self, rows: usize, activity: Buffer, stale: Buffer) -> Op {
        let SkipHandles { threshold, tally, .. } = self.handles;
        Op::from(CountStale { rows, threshold, activity, stale, tally })
    }

    fn compact_pairs(&self, run: &Run) -> Op {
        Op::from(CompactPairs {
            dims: self.dims,
            seed: self.seed,
            stay: stay(&self.options),
            counters: run.handles.counters,
            threshold: self.handles.threshold,
            pairs: run.handles.pairs,
            user_activity: self.handles.user.activity,
            item_activity: self.handles.item.activity,
            blocks: self.blocks,
            kept_pairs: self.handles.kept_pairs,
            tally: self.handles.tally,
        })
    }

    fn kept_log_q(&self, run: &Run, drawn: f32) -> Op {
        Op::from(KeptLogQ {
            dims: self.dims,
            drawn,
            counters: run.handles.counters,
            kept_pairs: self.handles.kept_pairs,
            item_counts: self.handles.item_counts,
            log_q: run.handles.log_q,
        })
    }
}
