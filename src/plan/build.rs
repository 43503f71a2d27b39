//! Builds a plan: the buffers and operations that a config needs. Techniques are combined here and
//! nowhere else.

use super::tower::Uses;
use super::{
    AdvanceClock, AggregateUsers, Bank, BankPush, Buffer, BufferKind, BufferSpec, Clock, Dims,
    DrawBatches, DrawNegatives, DriftHandles, Enqueue, Entry, EstimateGaps, Extent, GapHandles,
    GatherRows, Gradients, Handles, ItemDrift, Loss, MaskBarred, MaskSeen, Op, PROGRAMS, Parameter,
    Plan, Pool, Positives, Program, RING, STEP_STRIDE, SampledLoss, Schedule, ScoreItems,
    SoftmaxLoss, SortIds, SumLosses, TOP_K, Tensor, TopItems, Tower, Word, rank, softmax_loss,
};
use crate::config::{Config, LogQ, NegativesKind, Sides};

/// Number of rows of the catalogue that go through the layers of a tower at once.
const BLOCK: usize = 1024;

/// A plan that is being built.
pub(super) struct Builder<'a> {
    pub(super) config: &'a Config,
    pub(super) extent: &'a Extent,
    pub(super) dims: Dims,
    pub(super) parameters: Vec<Parameter>,
    buffers: Vec<BufferSpec>,
    pub(super) tensors: Vec<Tensor>,
}

impl<'a> Builder<'a> {
    /// Starts a plan without buffers.
    pub(super) fn new(config: &'a Config, extent: &'a Extent, dims: Dims) -> Self {
        Self {
            config,
            extent,
            dims,
            parameters: Vec::new(),
            buffers: Vec::new(),
            tensors: Vec::new(),
        }
    }

    /// Adds a buffer that both executors allocate.
    pub(super) fn buffer(&mut self, name: impl Into<String>, words: usize) -> Buffer {
        self.rows(name, words, 1)
    }

    /// Adds a buffer of rows of `row` words, which may be split between rows.
    pub(super) fn rows(&mut self, name: impl Into<String>, rows: usize, row: usize) -> Buffer {
        // An empty binding is not allowed: an empty buffer keeps one vec4. A size that saturates is
        // rejected at allocation.
        self.buffer_of(BufferKind::Data, name, rows.saturating_mul(row).max(4), row)
    }

    /// Adds a buffer of step records.
    fn steps(&mut self, name: &str, count: usize) -> Buffer {
        self.buffer_of(BufferKind::Steps, name, count * STEP_STRIDE, STEP_STRIDE)
    }

    /// Adds a buffer that only passes data between the dispatches of one operation.
    pub(super) fn scratch(&mut self, name: &str, words: usize) -> Buffer {
        self.buffer_of(BufferKind::GpuScratch, name, words, 1)
    }

    fn buffer_of(
        &mut self,
        kind: BufferKind,
        name: impl Into<String>,
        words: usize,
        row: usize,
    ) -> Buffer {
        self.buffers.push(BufferSpec { name: name.into(), words, row, kind });
        Buffer(self.buffers.len() - 1)
    }

    pub(super) fn name(&self, buffer: Buffer) -> &str {
        &self.buffers[buffer.0].name
    }

    pub(super) fn words(&self, buffer: Buffer) -> usize {
        self.buffers[buffer.0].words
    }

    fn bank(&mut self) -> Option<Bank> {
        let cbns = self.config.cbns.as_ref()?;
        let outputs = self.dims.bank_padded();
        let entry = Entry::words(self.dims.items);
        Some(Bank {
            items: self.state_rows("bank_items", outputs),
            users: (cbns.sides == Sides::Both).then(|| self.state_rows("bank_users", outputs)),
            entries: self.state("bank_entries", cbns.capacity, &entry),
        })
    }

    fn pool(&mut self) -> Option<Pool> {
        let Dims { users, items, pairs, .. } = self.dims;
        if !self.extent.shuffled {
            return None;
        }
        match self.config.negatives.kind {
            NegativesKind::InBatch => None,
            NegativesKind::Uniform => Some(Pool::Uniform {
                offsets: self.buffer("train_offsets", users + 1),
                items: self.buffer("train_items", pairs),
            }),
            NegativesKind::Popularity => {
                Some(Pool::Popularity { cumulative: self.buffer("cumulative", items) })
            }
            NegativesKind::Mixed => Some(Pool::Mixed),
        }
    }

    fn gaps(&mut self) -> Option<GapHandles> {
        let items = self.dims.items;
        matches!(self.config.negatives.log_q, LogQ::Estimated(_)).then(|| GapHandles {
            gaps: self.state("gaps", items, &[Word::Size]),
            last_seen: self.state("last_seen", items, &[Word::Step]),
        })
    }

    /// Builds the plan.
    pub(super) fn build(mut self) -> Plan {
        let Dims { users, items, pairs, batch, candidates, out: dim, window, queries, .. } =
            self.dims;
        let batch_padded = self.dims.batch_padded();
        let columns = self.dims.candidates_padded();
        let items_padded = self.dims.items_padded();
        let towers = &self.config.towers;
        let shares_items = self.config.shares_items();

        let clock = self.buffer("clock", size_of::<Clock>() / 4);
        let pairs = self.rows("pairs", pairs, 2);
        let log_q = self.state("log_q", items, &[Word::Real]);
        let losses = self.buffer("losses", RING);
        let item_ids = self.buffer("item_ids", window * candidates);
        let item = self.tower_parts(Tower::Item, &towers.item, items, None, None);
        let user = self.tower_parts(
            Tower::User,
            &towers.user.base,
            users,
            towers.user.history.as_ref(),
            item.id,
        );
        let is_trained = self.config.onebp.is_none();
        let d_user = is_trained.then(|| self.gradient(&user, "d_user", batch_padded, 0));
        // A history that shares the candidates' table has its own rows after theirs.
        let more = if shares_items { batch_padded } else { 0 };
        let d_item = self.gradient(&item, "d_item", columns, more);
        let block = if item.is_table { items_padded } else { items_padded.min(BLOCK) };
        let blocks = items_padded.div_ceil(block);
        let at = Handles {
            clock,
            pairs,
            log_q,
            item_ids,
            pool: self.pool(),
            gaps: self.gaps(),
            losses,
            user: user.handles(d_user.as_ref()),
            item: item.handles(Some(&d_item)),
            item_blocks: self.steps("item_blocks", blocks),
            item_list: self.buffer("item_list", blocks * block),
            block_outputs: (!item.is_table).then(|| self.buffer("block_outputs", block * dim)),
            item_outputs: self.rows("item_outputs", items_padded, dim),
            drift: self.config.cbns.is_some().then(|| DriftHandles {
                before: self.state_rows("drift_before", items_padded),
                drift: self.buffer("drift", 2 * items),
            }),
            query: self.steps("query", 1),
            query_users: self.buffer("query_users", queries),
            query_outputs: self.buffer("query_outputs", queries * dim),
            scores: self.buffer("scores", queries * items_padded),
            seen_offsets: self.buffer("seen_offsets", users + 1),
            seen_items: self.buffer("seen_items", self.extent.hidden),
            barred: self.buffer("barred", items.div_ceil(32)),
            bank: self.bank(),
            top: self.buffer("top", queries * TOP_K),
            top_scores: self.buffer("top_scores", queries * TOP_K),
            lists: self.rows("lists", self.extent.evaluated.next_multiple_of(queries), TOP_K),
            wanted: self.buffer("wanted", queries),
            wanted_rows: self.buffer("wanted_rows", queries * dim),
            sum_power: user.sum().map(|history| history.power),
            skip: self.config.skip.as_ref().map(|skip| self.skip_handles(skip)),
        };

        let steps = self.steps("steps", window);
        let user_ids = self.buffer("user_ids", window * batch);
        let user_order = self.buffer("user_order", window * batch.next_power_of_two() * 2);
        let item_order = self.buffer("item_order", window * candidates.next_power_of_two() * 2);
        let user_outputs = self.buffer("user_outputs", batch_padded * dim);
        let candidate_outputs = self.buffer("candidate_outputs", columns * dim);
        let positives = Positives { item_ids, candidates };
        let user_pass = self.pass(
            &user,
            "user",
            [steps, user_ids, user_outputs],
            [batch, batch_padded],
            Some(positives),
        );
        let item_pass = self.pass(
            &item,
            "candidate",
            [steps, item_ids, candidate_outputs],
            [candidates, columns],
            None,
        );
        let query_pass = self.pass(
            &user,
            "query",
            [at.query, at.query_users, at.query_outputs],
            [queries, queries],
            None,
        );
        let cold_item_pass = item.features.is_some().then(|| {
            self.pass(
                &item,
                "cold_item",
                [at.query, at.query_users, at.query_outputs],
                [queries, queries],
                None,
            )
        });
        let block_pass = self.pass(
            &item,
            "block",
            [at.item_blocks, at.item_list, at.block_outputs.unwrap_or(at.item_outputs)],
            [block, block],
            None,
        );
        let row_loss = self.buffer("row_loss", window * batch);
        let row_lse = self.buffer("row_lse", batch);
        let has_own_negatives = matches!(
            self.config.negatives.kind,
            NegativesKind::Uniform | NegativesKind::Popularity
        );
        let all_columns = columns + self.dims.bank_padded();
        let chunk = softmax_loss::chunk_rows(batch_padded, all_columns);
        let logits = self
            .scratch("logits", if has_own_negatives { candidates } else { chunk * all_columns });
        let pushes = at.bank.is_some_and(|bank| bank.users.is_some());
        let push_weights = pushes
            .then(|| self.scratch("push_weights", BankPush::chunk_rows(&self.dims) * columns));
        let segments = rank::segments(items);
        let best_scores = self.scratch("best_scores", queries * segments * TOP_K);
        let best_items = self.scratch("best_items", queries * segments * TOP_K);
        let [snapshot, compare, compact] = self.skip_programs(&at, [&user, &item]);

        let draw = DrawBatches {
            dims: self.dims,
            seed: self.config.seed,
            shuffled: self.extent.shuffled,
            schedule: Schedule::new(&self.config.optimizer),
            clock,
            pairs: at.skip.map_or(pairs, |skip| skip.kept_pairs),
            steps,
            user_ids,
            item_ids: at.item_ids,
        };
        let sort = |ids, count, order| SortIds { window, ids_per_slot: count, ids, order };
        let corrected = self.config.negatives.log_q != LogQ::Known(false);
        let loss = Loss {
            dims: self.dims,
            temperature: self.config.temperature,
            corrected,
            log_q,
            step: steps,
            users: user_outputs,
            items: candidate_outputs,
            item_ids: at.item_ids,
            row_loss,
            gradients: Gradients { user: at.user.d_out, item: d_item.out },
        };
        let loss = if has_own_negatives {
            Op::SampledLoss(SampledLoss { loss, d_logits: logits })
        } else {
            Op::SoftmaxLoss(SoftmaxLoss { loss, bank: at.bank, logits, row_lse })
        };
        let dims = self.dims;
        let mut window_opens = vec![Op::DrawBatches(draw)];
        if let Some(pool) = at.pool {
            window_opens.push(Op::DrawNegatives(DrawNegatives {
                dims: self.dims,
                seed: self.config.seed,
                pool,
                steps,
                user_ids,
                item_ids: at.item_ids,
            }));
        }
        let has_user_rows = user.id.is_some();
        if has_user_rows {
            window_opens.push(Op::SortIds(sort(user_ids, batch, user_order)));
        }
        let has_item_rows = item.id.is_some() && !shares_items;
        if has_item_rows || at.gaps.is_some() {
            window_opens.push(Op::SortIds(sort(item_ids, candidates, item_order)));
        }
        let mut backward = Vec::new();
        let mut updates = Vec::new();
        if let Some(d_user) = &d_user {
            let shared = shares_items.then_some((d_item.input, columns));
            backward.extend(self.backward(&user, &user_pass, d_user, shared));
            let uses = Uses { order: user_order, count: batch, mean: batch };
            let [sorts, moves] = self.optimise(&user, &user_pass, d_user, Some(uses));
            window_opens.extend(sorts);
            updates.extend(moves);
        }
        backward.extend(self.backward(&item, &item_pass, &d_item, None));
        let mut uses = Uses { order: item_order, count: candidates, mean: candidates };
        if let (true, Some(history)) = (shares_items, user.history) {
            let candidates = Some((positives, columns));
            let (sort, all) = self.sort_uses(history, &user_pass, Some(positives), candidates);
            window_opens.push(sort);
            uses = all;
        }
        let [sorts, moves] = self.optimise(&item, &item_pass, &d_item, Some(uses));
        window_opens.extend(sorts);
        updates.extend(moves);
        let mut step = self.forward(&user, &user_pass);
        step.extend(self.forward(&item, &item_pass));
        if let Some(gaps) = at.gaps {
            step.push(Op::EstimateGaps(EstimateGaps {
                dims: self.dims,
                rate: self.config.negatives.gap_rate,
                step: steps,
                order: item_order,
                at: gaps,
                log_q,
            }));
        }
        step.push(loss);
        if let Some((bank, bank_users)) = at.bank.and_then(|bank| Some((bank, bank.users?))) {
            step.push(Op::BankPush(BankPush {
                dims: self.dims,
                temperature: self.config.temperature,
                corrected,
                step: steps,
                bank_users,
                bank_entries: bank.entries,
                items: candidate_outputs,
                item_ids: at.item_ids,
                log_q,
                weights: push_weights.expect("both sides have weights"),
                d_item: d_item.out,
            }));
        }
        if let Some(bank) = at.bank {
            step.push(Op::Enqueue(Enqueue {
                dims: self.dims,
                corrected,
                step: steps,
                users: user_outputs,
                items: candidate_outputs,
                item_ids: at.item_ids,
                log_q,
                row_lse,
                bank,
            }));
        }
        step.extend(backward);
        step.extend(updates);
        if let (Some(onebp), Some(id)) = (&self.config.onebp, user.id) {
            // The positives come first among the candidates.
            step.extend(self.forward(&item, &item_pass.first(batch_padded)));
            step.push(Op::AggregateUsers(AggregateUsers {
                dims: self.dims,
                beta: onebp.beta,
                step: steps,
                order: user_order,
                items: candidate_outputs,
                users: id.table,
            }));
        }
        let mut measure_drift = Vec::new();
        if let Some(DriftHandles { before, drift }) = at.drift {
            let now = at.item_outputs;
            measure_drift.push(Op::ItemDrift(ItemDrift { dims: self.dims, before, now, drift }));
        }
        let mut programs = [const { Vec::new() }; PROGRAMS.len()];
        let mut set = |program: Program, ops: Vec<Op>| programs[program as usize] = ops;
        set(Program::OpenWindow, window_opens);
        set(Program::Step, step);
        let losses = SumLosses { dims: self.dims, steps, row_loss, losses };
        set(Program::SumLosses, vec![Op::SumLosses(losses)]);
        let advance = AdvanceClock { dims: self.dims, clock };
        set(Program::CloseWindow, vec![Op::AdvanceClock(advance)]);
        set(Program::EmbedItems, self.forward(&item, &block_pass));
        set(Program::EmbedQueries, self.forward(&user, &query_pass));
        if user.features.is_some() {
            set(Program::EmbedColdUsers, self.forward(&user.without_ids(), &query_pass));
        }
        if let Some(pass) = cold_item_pass {
            set(Program::EmbedColdItems, self.forward(&item.without_ids(), &pass));
        }
        let score = ScoreItems {
            dims,
            step: at.query,
            queries: at.query_outputs,
            items: at.item_outputs,
            scores: at.scores,
        };
        set(Program::Score, vec![Op::ScoreItems(score)]);
        let mask = MaskSeen {
            dims,
            step: at.query,
            users: at.query_users,
            offsets: at.seen_offsets,
            items: at.seen_items,
            scores: at.scores,
        };
        set(Program::HideSeen, vec![Op::MaskSeen(mask)]);
        let mask = MaskBarred { dims, step: at.query, barred: at.barred, scores: at.scores };
        set(Program::HideBarred, vec![Op::MaskBarred(mask)]);
        let top = TopItems {
            dims,
            step: at.query,
            scores: at.scores,
            best_scores,
            best_items,
            top: at.top,
            top_scores: at.top_scores,
        };
        set(Program::ListBest, vec![Op::TopItems(top)]);
        let gather = |table| {
            Op::GatherRows(GatherRows {
                step: at.query,
                ids: at.wanted,
                table,
                out: at.wanted_rows,
                dim,
                ids_per_slot: queries,
                rows: queries,
                normalize: false,
            })
        };
        set(Program::GatherOutputs, vec![gather(at.item_outputs)]);
        let summed = user.sum().map(|history| gather(history.table.table));
        set(Program::GatherHistory, summed.into_iter().collect());
        set(Program::MeasureDrift, measure_drift);
        set(Program::Snapshot, snapshot);
        set(Program::Compare, compare);
        set(Program::Compact, compact);
        let dispatch_counts = programs
            .each_ref()
            .map(|program| program.iter().map(|op| op.dispatches().len() as u64).sum());
        Plan {
            dims: self.dims,
            buffers: self.buffers,
            tensors: self.tensors,
            at,
            parameters: self.parameters,
            programs,
            dispatch_counts,
        }
    }
}
