//! The programs of a plan: one function for each.

use super::builder::Builder;
use super::run::{Run, Side, StepBuffers};
use super::techniques::{self, Technique};
use super::towers::Uses;
use super::{
    AdvanceCounters, Buffer, Counters, Dims, DrawBatches, GatherRows, Handles, MaskBarred,
    MaskSeen, Op, Plan, Positives, Schedule, ScoreItems, SortIds, SumLosses, TopItems, Tower, Word,
};

/// Programs of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Program {
    /// Draws the next window of batches.
    OpenWindow,
    /// Runs one training step of the window.
    Step,
    /// Writes the mean losses of the window's steps so far to the ring.
    SumLosses,
    /// Moves the counters past the window's steps.
    CloseWindow,
    /// Computes the item tower's outputs for a block of the catalogue.
    EmbedItems,
    /// Computes the user tower's outputs for a block of queries.
    EmbedQueries,
    /// Computes the user tower's outputs for users without a row of their own, as a block of
    /// queries.
    EmbedColdUsers,
    /// Computes the item tower's outputs for items without a row of their own, as a block of
    /// queries.
    EmbedColdItems,
    /// Scores a block of queries against the catalogue.
    Score,
    /// Masks the scores of each user's seen items in a block.
    HideSeen,
    /// Masks the scores of barred items in a block.
    HideBarred,
    /// Lists the best items of a block's scores.
    ListBest,
    /// Gathers the outputs of requested items.
    GatherOutputs,
    /// Gathers requested items' vectors from the table that histories sum.
    GatherHistory,
    /// Measures how far the item tower's outputs have moved since their snapshot.
    MeasureDrift,
    /// Takes a snapshot of the hot rows' outputs.
    SkipSnapshot,
    /// Measures how far the hot rows moved between two snapshots, and samples the activity of
    /// pairs.
    SkipCompare,
    /// Removes stale pairs from the next epoch.
    SkipCompact,
}

/// All programs, in the order of [`Program`].
pub const PROGRAMS: [Program; 18] = [
    Program::OpenWindow,
    Program::Step,
    Program::SumLosses,
    Program::CloseWindow,
    Program::EmbedItems,
    Program::EmbedQueries,
    Program::EmbedColdUsers,
    Program::EmbedColdItems,
    Program::Score,
    Program::HideSeen,
    Program::HideBarred,
    Program::ListBest,
    Program::GatherOutputs,
    Program::GatherHistory,
    Program::MeasureDrift,
    Program::SkipSnapshot,
    Program::SkipCompare,
    Program::SkipCompact,
];

// A program's number is its index in `PROGRAMS`.
const _: () = {
    let mut n = 0;
    while n < PROGRAMS.len() {
        assert!(PROGRAMS[n] as usize == n);
        n += 1;
    }
};

impl Builder<'_> {
    /// Builds the plan.
    pub fn build(mut self) -> Plan {
        let (run, techniques) = Run::add(&mut self);
        let mut programs = [const { Vec::new() }; PROGRAMS.len()];
        for (program, ops) in run.programs(&mut self, &techniques) {
            programs[program as usize] = ops;
        }
        let dispatch_counts = programs
            .each_ref()
            .map(|program| program.iter().map(|op| op.dispatches().len() as u64).sum());
        Plan {
            dims: self.dims,
            buffers: self.buffers,
            tensors: self.tensors,
            handles: run.handles,
            parameters: self.parameters,
            programs,
            dispatch_counts,
        }
    }
}

impl Run {
    /// Adds the buffers of a run, and those of its techniques.
    fn add(builder: &mut Builder<'_>) -> (Self, Vec<Box<dyn Technique>>) {
        let Dims { batch, candidates, items, users, pairs, window, out, .. } = builder.dims;
        let (rows, columns) = (builder.dims.batch_padded(), builder.dims.candidates_padded());
        let towers = &builder.config.towers;
        let counters = builder.buffer("counters", size_of::<Counters>() / 4);
        let pairs = builder.rows("pairs", pairs, 2);
        let log_q = builder.state("log_q", items, &[Word::Real]);
        let item_ids = builder.buffer("item_ids", window * candidates);
        let trains_users = techniques::trains_users(builder.config);
        let item = builder.tower_parts(Tower::Item, &towers.item, items, true, None);
        let history = towers.user.history.as_ref().map(|history| (history, item.id));
        let user =
            builder.tower_parts(Tower::User, &towers.user.base, users, trains_users, history);
        let techniques = techniques::add(builder);

        let d_user = trains_users.then(|| builder.gradient(&user, "d_user", rows, 0));
        // The gradients of histories that share the items' table follow those of the candidates.
        let more = if builder.config.shares_items() { rows } else { 0 };
        let d_item = builder.gradient(&item, "d_item", columns, more);
        let positives = Positives { item_ids, candidates };
        let step = StepBuffers::new(builder, positives);
        let outputs = builder.buffer("user_outputs", rows * out);
        let pass = [step.records, step.user_ids, outputs];
        let user_pass = builder.pass(&user, "user", pass, [batch, rows], Some(positives));
        let outputs = builder.buffer("candidate_outputs", columns * out);
        let pass = [step.records, item_ids, outputs];
        let item_pass = builder.pass(&item, "candidate", pass, [candidates, columns], None);
        let user = Side { parts: user, pass: user_pass, gradient: d_user };
        let item = Side { parts: item, pass: item_pass, gradient: Some(d_item) };

        let mut handles = Handles::new(builder, [counters, pairs, log_q, item_ids], [&user, &item]);
        for technique in &techniques {
            technique.publish(&mut handles);
        }
        (Self::new(builder, handles, step, user, item), techniques)
    }

    /// Returns all programs that are not empty.
    pub fn programs(
        &self,
        builder: &mut Builder<'_>,
        techniques: &[Box<dyn Technique>],
    ) -> Vec<(Program, Vec<Op>)> {
        let Updates { sorts, backward, updates } = self.training(builder);
        let mut programs = vec![
            (Program::OpenWindow, self.open_window(builder, techniques, sorts)),
            (Program::Step, self.step(builder, techniques, backward, updates)),
            (Program::SumLosses, self.sum_losses(builder)),
            (Program::CloseWindow, self.close_window(builder)),
            (Program::EmbedItems, builder.forward(&self.item.parts, &self.block)),
            (Program::EmbedQueries, builder.forward(&self.user.parts, &self.query)),
            (Program::EmbedColdUsers, self.embed_cold_users(builder)),
            (Program::EmbedColdItems, self.embed_cold_items(builder)),
            (Program::Score, self.score(builder)),
            (Program::HideSeen, self.hide_seen(builder)),
            (Program::HideBarred, self.hide_barred(builder)),
            (Program::ListBest, self.list_best(builder)),
            (Program::GatherOutputs, vec![self.gather(builder, self.handles.item_outputs)]),
            (Program::GatherHistory, self.gather_history(builder)),
        ];
        for technique in techniques {
            programs.extend(technique.programs(builder, self));
        }
        programs
    }

    fn open_window(
        &self,
        builder: &Builder<'_>,
        techniques: &[Box<dyn Technique>],
        sorts: Vec<Op>,
    ) -> Vec<Op> {
        let Dims { window, batch, candidates, .. } = builder.dims;
        let StepBuffers { records, user_ids, user_order, item_order, .. } = self.step;
        let handles = &self.handles;
        let mut ops = vec![Op::from(DrawBatches {
            dims: builder.dims,
            seed: builder.config.seed,
            shuffled: builder.extent.shuffled,
            schedule: Schedule::new(&builder.config.optimizer),
            counters: handles.counters,
            pairs: handles.skip.map_or(handles.pairs, |skip| skip.kept_pairs),
            steps: records,
            user_ids,
            item_ids: handles.item_ids,
        })];
        ops.extend(techniques.iter().flat_map(|technique| technique.after_draw(self)));
        let sort =
            |ids, count, order| Op::from(SortIds { window, ids_per_slot: count, ids, order });
        if self.user.parts.id.is_some() {
            ops.push(sort(user_ids, batch, user_order));
        }
        let has_item_rows = self.item.parts.id.is_some() && !builder.config.shares_items();
        if has_item_rows || handles.gaps.is_some() {
            ops.push(sort(handles.item_ids, candidates, item_order));
        }
        ops.extend(sorts);
        ops
    }

    fn step(
        &self,
        builder: &mut Builder<'_>,
        techniques: &[Box<dyn Technique>],
        backward: Vec<Op>,
        updates: Vec<Op>,
    ) -> Vec<Op> {
        let mut ops = builder.forward(&self.user.parts, &self.user.pass);
        ops.extend(builder.forward(&self.item.parts, &self.item.pass));
        ops.extend(techniques.iter().flat_map(|technique| technique.before_loss(self)));
        ops.push(builder.loss(self));
        ops.extend(techniques.iter().flat_map(|technique| technique.after_loss(self)));
        ops.extend(backward);
        ops.extend(updates);
        ops.extend(techniques.iter().flat_map(|technique| technique.after_updates(builder, self)));
        ops
    }

    /// Returns the operations that train the towers.
    fn training(&self, builder: &mut Builder<'_>) -> Updates {
        let Dims { batch, candidates, .. } = builder.dims;
        let columns = builder.dims.candidates_padded();
        let (user, item) = (&self.user, &self.item);
        let shares_items = builder.config.shares_items();
        let mut all = Updates::default();
        if let Some(d_user) = &user.gradient {
            let shared = shares_items.then_some((item.gradient().input, columns));
            all.backward.extend(builder.backward(&user.parts, &user.pass, d_user, shared));
            let uses = Uses { order: self.step.user_order, count: batch, mean: batch };
            let [sorts, updates] = builder.optimise(&user.parts, &user.pass, d_user, Some(uses));
            all.sorts.extend(sorts);
            all.updates.extend(updates);
        }
        all.backward.extend(builder.backward(&item.parts, &item.pass, item.gradient(), None));
        let mut uses = Uses { order: self.step.item_order, count: candidates, mean: candidates };
        if let (true, Some(history)) = (shares_items, user.parts.history) {
            let positives = Some(self.step.positives);
            let candidates = positives.map(|candidates| (candidates, columns));
            let (sort, shared) = builder.sort_uses(history, &user.pass, positives, candidates);
            all.sorts.push(sort);
            uses = shared;
        }
        let [sorts, updates] =
            builder.optimise(&item.parts, &item.pass, item.gradient(), Some(uses));
        all.sorts.extend(sorts);
        all.updates.extend(updates);
        all
    }

    fn sum_losses(&self, builder: &Builder<'_>) -> Vec<Op> {
        let StepBuffers { records: steps, row_loss, .. } = self.step;
        let losses = self.handles.losses;
        vec![Op::from(SumLosses { dims: builder.dims, steps, row_loss, losses })]
    }

    fn close_window(&self, builder: &Builder<'_>) -> Vec<Op> {
        let counters = self.handles.counters;
        vec![Op::from(AdvanceCounters { dims: builder.dims, counters })]
    }

    fn embed_cold_users(&self, builder: &Builder<'_>) -> Vec<Op> {
        let tower = self.user.parts.without_ids();
        if tower.features.is_some() { builder.forward(&tower, &self.query) } else { Vec::new() }
    }

    fn embed_cold_items(&self, builder: &Builder<'_>) -> Vec<Op> {
        let tower = self.item.parts.without_ids();
        self.cold_items.as_ref().map_or_else(Vec::new, |pass| builder.forward(&tower, pass))
    }

    fn score(&self, builder: &Builder<'_>) -> Vec<Op> {
        vec![Op::from(ScoreItems {
            dims: builder.dims,
            step: self.handles.query,
            queries: self.handles.query_outputs,
            items: self.handles.item_outputs,
            scores: self.handles.scores,
        })]
    }

    fn hide_seen(&self, builder: &Builder<'_>) -> Vec<Op> {
        vec![Op::from(MaskSeen {
            dims: builder.dims,
            step: self.handles.query,
            users: self.handles.query_users,
            offsets: self.handles.seen_offsets,
            items: self.handles.seen_items,
            scores: self.handles.scores,
        })]
    }

    fn hide_barred(&self, builder: &Builder<'_>) -> Vec<Op> {
        let Handles { query: step, barred, scores, .. } = self.handles;
        vec![Op::from(MaskBarred { dims: builder.dims, step, barred, scores })]
    }

    fn list_best(&self, builder: &Builder<'_>) -> Vec<Op> {
        vec![Op::from(TopItems {
            dims: builder.dims,
            step: self.handles.query,
            scores: self.handles.scores,
            best_scores: self.best_scores,
            best_items: self.best_items,
            top: self.handles.top,
            top_scores: self.handles.top_scores,
        })]
    }

    fn gather(&self, builder: &Builder<'_>, table: Buffer) -> Op {
        let Dims { queries, out: dim, .. } = builder.dims;
        Op::from(GatherRows {
            step: self.handles.query,
            ids: self.handles.wanted,
            table,
            out: self.handles.wanted_rows,
            dim,
            ids_per_slot: queries,
            rows: queries,
            normalize: false,
        })
    }

    fn gather_history(&self, builder: &Builder<'_>) -> Vec<Op> {
        let history = self.user.parts.sum();
        history.map(|history| self.gather(builder, history.table.table)).into_iter().collect()
    }
}

/// Operations that train the towers.
#[derive(Default)]
struct Updates {
    /// Operations that run once per window.
    sorts: Vec<Op>,
    backward: Vec<Op>,
    updates: Vec<Op>,
}
