//! Builds a plan: which buffers and operations a config asks for. Techniques are put together here and
//! nowhere else.

use super::{
    AdvanceClock, AggregateUsers, Bank, BankPush, Buffer, BufferKind, BufferSpec, Clock, Dims,
    DrawBatches, DrawNegatives, DriftHandles, Enqueue, Entry, EstimateGaps, Extent, GapHandles,
    GatherRows, Gradients, Handles, ItemDrift, Loss, MaskSeen, Op, PROGRAMS, Plan, Pool, Program,
    RING, Rule, STEP_STRIDE, SampledLoss, ScoreItems, SoftmaxLoss, SortIds, SumLosses, TILE, TOP_K,
    Tensor, TopItems, TowerHandles, UpdateRows, Word, rank, softmax_loss,
};
use crate::config::{Config, LogQ, NegativesKind, OptimizerKind, Sides};

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub(super) config: &'a Config,
    pub(super) extent: &'a Extent,
    pub(super) dims: Dims,
    buffers: Vec<BufferSpec>,
    pub(super) tensors: Vec<Tensor>,
}

impl<'a> Builder<'a> {
    /// A plan without a buffer yet.
    pub(super) fn new(config: &'a Config, extent: &'a Extent, dims: Dims) -> Self {
        Self { config, extent, dims, buffers: Vec::new(), tensors: Vec::new() }
    }

    /// A buffer that both executors have.
    pub(super) fn buffer(&mut self, name: &'static str, words: usize) -> Buffer {
        // A binding of no bytes is not allowed: an empty buffer keeps one vec4.
        self.buffer_of(BufferKind::Data, name, words.max(4))
    }

    /// A buffer of step records.
    fn steps(&mut self, name: &'static str, count: usize) -> Buffer {
        self.buffer_of(BufferKind::Steps, name, count * STEP_STRIDE)
    }

    /// A buffer between the dispatches of one operation.
    pub(super) fn scratch(&mut self, name: &'static str, words: usize) -> Buffer {
        self.buffer_of(BufferKind::GpuScratch, name, words)
    }

    fn buffer_of(&mut self, kind: BufferKind, name: &'static str, words: usize) -> Buffer {
        self.buffers.push(BufferSpec { name, words, kind });
        Buffer(self.buffers.len() - 1)
    }

    /// The buffers of a tower of `rows` rows, `trained` by the gradients of so many uses a step.
    fn tower(
        &mut self,
        names: [&'static str; 5],
        rows: usize,
        trained: Option<usize>,
    ) -> TowerHandles {
        let dim = self.dims.dim;
        let [table, first, second, best, d_out] = names;
        TowerHandles {
            table: self.state_rows(table, rows),
            state: match self.config.optimizer.kind {
                _ if trained.is_none() => [None, None],
                OptimizerKind::Sgd => [None, None],
                OptimizerKind::Adagrad => [Some(self.state(first, rows, &[Word::Real])), None],
                OptimizerKind::Adam => {
                    [Some(self.state_rows(first, rows)), Some(self.state_rows(second, rows))]
                }
            },
            best: self.extent.keeps_best.then(|| self.state_rows(best, rows)),
            d_out: trained.map(|uses| self.buffer(d_out, uses.next_multiple_of(TILE) * dim)),
        }
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
            gaps: self.state("gaps", items, &[Word::Real]),
            last_seen: self.state("last_seen", items, &[Word::Below(u32::MAX)]),
        })
    }

    /// The plan.
    pub(super) fn build(mut self) -> Plan {
        let Dims { users, items, pairs, batch, candidates, dim, window, queries, .. } = self.dims;
        let batch_padded = self.dims.batch_padded();
        let columns = self.dims.candidates_padded();
        let items_padded = self.dims.items_padded();

        let clock = self.buffer("clock", size_of::<Clock>() / 4);
        let pairs = self.buffer("pairs", 2 * pairs);
        let log_q = self.state("log_q", items, &[Word::Real]);
        let losses = self.buffer("losses", RING);
        let user_names = ["user_table", "user_state_1", "user_state_2", "user_best", "d_user"];
        let user = self.tower(user_names, users, self.config.onebp.is_none().then_some(batch));
        let item_names = ["item_table", "item_state_1", "item_state_2", "item_best", "d_item"];
        let item = self.tower(item_names, items, Some(candidates));
        let at = Handles {
            clock,
            pairs,
            log_q,
            item_ids: self.buffer("item_ids", window * candidates),
            pool: self.pool(),
            gaps: self.gaps(),
            losses,
            user,
            item,
            slot_zero: self.steps("slot_zero", 1),
            item_list: self.buffer("item_list", items_padded),
            item_outputs: self.buffer("item_outputs", items_padded.saturating_mul(dim)),
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
            bank: self.bank(),
            top: self.buffer("top", queries * TOP_K),
            lists: self.buffer("lists", self.extent.evaluated.next_multiple_of(queries) * TOP_K),
            skip: self.config.skip.as_ref().map(|skip| self.skip_handles(skip)),
        };

        let steps = self.steps("steps", window);
        let user_ids = self.buffer("user_ids", window * batch);
        let user_order = self.buffer("user_order", window * batch.next_power_of_two() * 2);
        let item_order = self.buffer("item_order", window * candidates.next_power_of_two() * 2);
        let user_outputs = self.buffer("user_outputs", batch_padded * dim);
        let candidate_outputs = self.buffer("candidate_outputs", columns * dim);
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
        let [snapshot, compare, compact] = self.skip_programs(&at);

        let draw = DrawBatches {
            dims: self.dims,
            seed: self.config.seed,
            shuffled: self.extent.shuffled,
            clock,
            pairs: at.skip.map_or(pairs, |skip| skip.kept_pairs),
            steps,
            user_ids,
            item_ids: at.item_ids,
        };
        let sort = |ids, count, order| SortIds { window, ids_per_slot: count, ids, order };
        let gather = |step, ids, table, out| GatherRows {
            step,
            ids,
            table,
            out,
            dim,
            ids_per_slot: batch,
            rows: batch_padded,
            normalize: self.config.normalize,
        };
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
            gradients: Gradients {
                user: user.d_out,
                item: item.d_out.expect("the item tower is trained"),
            },
        };
        let loss = if has_own_negatives {
            Op::SampledLoss(SampledLoss { loss, d_logits: logits })
        } else {
            Op::SoftmaxLoss(SoftmaxLoss { loss, bank: at.bank, logits, row_lse })
        };
        let update = |tower: TowerHandles, d_out, count, order| UpdateRows {
            dims: self.dims,
            rule: Rule::new(self.config, tower),
            learning_rate: self.config.optimizer.learning_rate,
            l2: self.config.optimizer.l2,
            normalize: self.config.normalize,
            step: steps,
            ids_per_slot: count,
            order,
            d_out,
            table: tower.table,
        };
        let score = || {
            Op::ScoreItems(ScoreItems {
                dims: self.dims,
                step: at.query,
                queries: at.query_outputs,
                items: at.item_outputs,
                scores: at.scores,
            })
        };
        let embed_queries = || {
            Op::GatherRows(GatherRows {
                rows: queries,
                ids_per_slot: queries,
                ..gather(at.query, at.query_users, user.table, at.query_outputs)
            })
        };
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
        window_opens.push(Op::SortIds(sort(user_ids, batch, user_order)));
        window_opens.push(Op::SortIds(sort(at.item_ids, candidates, item_order)));
        let mut step = vec![
            Op::GatherRows(gather(steps, user_ids, user.table, user_outputs)),
            Op::GatherRows(GatherRows {
                rows: columns,
                ids_per_slot: candidates,
                ..gather(steps, at.item_ids, item.table, candidate_outputs)
            }),
        ];
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
                d_item: item.d_out.expect("the item tower is trained"),
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
        if let Some(d_out) = user.d_out {
            step.push(Op::UpdateRows(update(user, d_out, batch, user_order)));
        }
        if let Some(d_out) = item.d_out {
            step.push(Op::UpdateRows(update(item, d_out, candidates, item_order)));
        }
        if let Some(onebp) = &self.config.onebp {
            // The positives stand first among the candidates.
            step.push(Op::GatherRows(GatherRows {
                ids_per_slot: candidates,
                ..gather(steps, at.item_ids, item.table, candidate_outputs)
            }));
            step.push(Op::AggregateUsers(AggregateUsers {
                dims: self.dims,
                beta: onebp.beta,
                step: steps,
                order: user_order,
                items: candidate_outputs,
                users: user.table,
            }));
        }
        let embed_items = |out| {
            Op::GatherRows(GatherRows {
                rows: items_padded,
                ids_per_slot: items_padded,
                ..gather(at.slot_zero, at.item_list, item.table, out)
            })
        };
        let (mut keep_outputs, mut measure_drift) = (Vec::new(), Vec::new());
        if let Some(DriftHandles { before, drift }) = at.drift {
            let now = at.item_outputs;
            keep_outputs.push(embed_items(before));
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
        set(Program::EmbedItems, vec![embed_items(at.item_outputs)]);
        set(Program::EmbedQueries, vec![embed_queries()]);
        set(Program::Score, vec![score()]);
        let mask = MaskSeen {
            dims: self.dims,
            step: at.query,
            users: at.query_users,
            offsets: at.seen_offsets,
            items: at.seen_items,
            scores: at.scores,
        };
        let top = TopItems {
            dims: self.dims,
            step: at.query,
            scores: at.scores,
            best_scores,
            best_items,
            top: at.top,
        };
        set(Program::Rank, vec![embed_queries(), score(), Op::MaskSeen(mask), Op::TopItems(top)]);
        set(Program::KeepOutputs, keep_outputs);
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
            programs,
            dispatch_counts,
        }
    }
}
