//! The buffers and towers of a run, which programs and techniques are made of.

use super::builder::Builder;
use super::operations::top_items::segments;
use super::towers::{Gradient, Pass, TowerParts};
use super::{Buffer, Dims, Handles, Positives, RING, TOP_K};

/// Number of rows of the catalogue that go through the layers of a tower at once.
const BLOCK: usize = 1024;

/// The buffers and towers that programs are made of.
pub(super) struct Run {
    pub handles: Handles,
    pub step: StepBuffers,
    /// The user tower, for the users of a step.
    pub user: Side,
    /// The item tower, for the candidates of a step.
    pub item: Side,
    /// The user tower, for a block of queries.
    pub query: Pass,
    /// The item tower, for a block of items without a row of their own.
    pub cold_items: Option<Pass>,
    /// The item tower, for a block of the catalogue.
    pub block: Pass,
    /// (Q, segments, [`TOP_K`]) scratch.
    pub best_scores: Buffer,
    /// (Q, segments, [`TOP_K`]) scratch.
    pub best_items: Buffer,
}

/// Buffers of a window's steps that the host does not use.
#[derive(Clone, Copy)]
pub(super) struct StepBuffers {
    /// (S) [`super::Step`]s.
    pub records: Buffer,
    /// (S, B).
    pub user_ids: Buffer,
    /// (S, P) sorted users and their rows.
    pub user_order: Buffer,
    /// (S, P) sorted candidates and their rows.
    pub item_order: Buffer,
    /// (S, B).
    pub row_loss: Buffer,
    /// (B) log-sum-exp of each row.
    pub row_lse: Buffer,
    /// The positives, which histories skip.
    pub positives: Positives,
}

/// A tower in training.
pub(super) struct Side {
    pub parts: TowerParts,
    pub pass: Pass,
    /// None if no gradient reaches the tower.
    pub gradient: Option<Gradient>,
}

impl Side {
    /// Returns the tower's gradient.
    ///
    /// # Panics
    /// If none reaches it.
    pub fn gradient(&self) -> &Gradient {
        self.gradient.as_ref().expect("the tower is trained")
    }
}

impl Run {
    /// Adds the passes and the scratch of serving.
    pub fn new(
        builder: &mut Builder<'_>,
        handles: Handles,
        step: StepBuffers,
        user: Side,
        item: Side,
    ) -> Self {
        let Dims { items, queries, .. } = builder.dims;
        let buffers = [handles.query, handles.query_users, handles.query_outputs];
        let rows = [queries, queries];
        let query = builder.pass(&user.parts, "query", buffers, rows, None);
        let has_features = item.parts.features.is_some();
        let cold_items =
            has_features.then(|| builder.pass(&item.parts, "cold_item", buffers, rows, None));
        let outputs = handles.block_outputs.unwrap_or(handles.item_outputs);
        let buffers = [handles.item_blocks, handles.item_list, outputs];
        let rows = block_rows(&builder.dims, &item.parts);
        let block = builder.pass(&item.parts, "block", buffers, [rows, rows], None);
        let best = queries * segments(items) * TOP_K;
        let best_scores = builder.scratch("best_scores", best);
        let best_items = builder.scratch("best_items", best);
        Self { handles, step, user, item, query, cold_items, block, best_scores, best_items }
    }
}

impl StepBuffers {
    /// Adds the buffers.
    pub fn new(builder: &mut Builder<'_>, positives: Positives) -> Self {
        let Dims { batch, candidates, window, .. } = builder.dims;
        let order = |ids: usize| window * ids.next_power_of_two() * 2;
        Self {
            records: builder.steps("steps", window),
            user_ids: builder.buffer("user_ids", window * batch),
            user_order: builder.buffer("user_order", order(batch)),
            item_order: builder.buffer("item_order", order(candidates)),
            row_loss: builder.buffer("row_loss", window * batch),
            row_lse: builder.buffer("row_lse", batch),
            positives,
        }
    }
}

/// Returns the number of rows of the catalogue that are embedded at once: all if the item tower is a
/// table.
fn block_rows(dims: &Dims, item: &TowerParts) -> usize {
    let items = dims.items_padded();
    if item.is_table { items } else { items.min(BLOCK) }
}

impl Handles {
    /// Adds the buffers that every run has; techniques publish theirs later.
    pub(super) fn new(
        builder: &mut Builder<'_>,
        [counters, pairs, log_q, item_ids]: [Buffer; 4],
        [user, item]: [&Side; 2],
    ) -> Self {
        let Dims { users, items, queries, out, .. } = builder.dims;
        let items_padded = builder.dims.items_padded();
        let block = block_rows(&builder.dims, &item.parts);
        let blocks = items_padded.div_ceil(block);
        let lists = builder.extent.evaluated.next_multiple_of(queries);
        Self {
            counters,
            pairs,
            log_q,
            item_ids,
            pool: None,
            gaps: None,
            losses: builder.buffer("losses", RING),
            user: user.parts.handles(user.gradient.as_ref()),
            item: item.parts.handles(item.gradient.as_ref()),
            item_blocks: builder.steps("item_blocks", blocks),
            item_list: builder.buffer("item_list", blocks * block),
            block_outputs: (!item.parts.is_table)
                .then(|| builder.buffer("block_outputs", block * out)),
            item_outputs: builder.rows("item_outputs", items_padded, out),
            query: builder.steps("query", 1),
            query_users: builder.buffer("query_users", queries),
            query_outputs: builder.buffer("query_outputs", queries * out),
            scores: builder.buffer("scores", queries * items_padded),
            seen_offsets: builder.buffer("seen_offsets", users + 1),
            seen_items: builder.buffer("seen_items", builder.extent.hidden),
            barred: builder.buffer("barred", items.div_ceil(32)),
            top: builder.buffer("top", queries * TOP_K),
            top_scores: builder.buffer("top_scores", queries * TOP_K),
            lists: builder.rows("lists", lists, TOP_K),
            wanted: builder.buffer("wanted", queries),
            wanted_rows: builder.buffer("wanted_rows", queries * out),
            sum_power: user.parts.sum().map(|history| history.power),
            cbns: None,
            skip: None,
        }
    }
}
