//! A run as data: named buffers, and programs of operations over them. Techniques are built by
//! putting operations into a program, never by flags inside kernels; the CPU and the GPU execute
//! the same plan.

mod advance_clock;
mod aggregate_users;
mod bank;
mod compact_pairs;
mod count_stale;
pub mod dispatch;
mod draw_batches;
mod draw_negatives;
mod estimate_gaps;
mod gather_rows;
mod item_drift;
mod kept_log_q;
mod rank;
mod row_change;
mod sample_pairs;
mod sampled_loss;
mod skip;
mod softmax_loss;
mod sort_ids;
mod step;
mod sum_losses;
mod update_rows;

pub use advance_clock::AdvanceClock;
pub use aggregate_users::AggregateUsers;
pub use bank::{Bank, BankPush, Enqueue, Entry};
pub use compact_pairs::CompactPairs;
pub use count_stale::CountStale;
pub use dispatch::{Access, Constant, Dispatch, Shader};
pub use draw_batches::{BETA_M, BETA_V, DrawBatches, LOG_BETA_M, LOG_BETA_V};
pub use draw_negatives::{DrawNegatives, Pool};
pub use estimate_gaps::{EstimateGaps, GapHandles};
pub use gather_rows::GatherRows;
pub use item_drift::ItemDrift;
pub use kept_log_q::{KeptLogQ, NEVER};
pub use rank::{MaskSeen, ScoreItems, TopItems};
pub use row_change::RowChange;
pub use sample_pairs::SamplePairs;
pub use sampled_loss::SampledLoss;
pub use skip::{ALWAYS_ACTIVE, SkipHandles, SkipSide, Snapshots, Tally};
pub use softmax_loss::{Gradients, SoftmaxLoss};
pub use sort_ids::SortIds;
pub use step::{Clock, STEP_SIZE, STEP_WORDS, Step};
pub use sum_losses::SumLosses;
pub use update_rows::{EPSILON, Rule, UpdateRows};

use crate::config::{Config, LogQ, NegativesKind, OptimizerKind, Sides};

/// Stands for "no id" in every buffer of ids.
pub const NO_ID: u32 = u32::MAX;

/// Logit of what must not be chosen: finite, since WGSL may assume that no infinity exists, and low
/// enough that its exponential is 0 beside any real logit.
pub const IMPOSSIBLE: f32 = -3.0e38;

/// Shortest length that a row is divided by (`methods.md`, towers).
pub const MIN_NORM: f32 = 1e-12;

/// Losses that the ring holds: many submits of steps.
pub const RING: usize = 4096;

/// Length of the lists that an evaluation makes.
pub const TOP_K: usize = 20;

/// Words of a buffer of logits or scores, 8 MiB; 8 rows where those are more.
const MATRIX_WORDS: usize = 2 << 20;

/// A buffer of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Buffer(pub(crate) usize);

/// What a buffer holds.
#[derive(Debug, Clone)]
pub struct BufferSpec {
    /// Its name, for labels and messages.
    pub name: &'static str,
    /// Its length in 32-bit words.
    pub words: usize,
    /// How it is used.
    pub kind: BufferKind,
}

/// How a buffer is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferKind {
    /// Read and written by operations.
    Data,
    /// [`Step`] records, which kernels bind as uniforms.
    Steps,
    /// Between the dispatches of one operation; the CPU keeps such things in cache-sized scratch.
    GpuScratch,
}

/// The sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    /// U, rows of the user table.
    pub users: usize,
    /// I, rows of the item table.
    pub items: usize,
    /// N, training pairs: those of an epoch where none is skipped.
    pub pairs: usize,
    /// B, pairs in a step.
    pub batch: usize,
    /// K, items of a step: the B positives, then the negatives that were drawn for it.
    pub candidates: usize,
    /// M, entries of the bank; 0 without one.
    pub bank: usize,
    /// Width of an embedding as configured.
    pub width: usize,
    /// D, width of a stored row: whole tiles of 8, the rest zero.
    pub dim: usize,
    /// S, steps that are drawn ahead.
    pub window: usize,
    /// Q, queries that are ranked at once, whole tiles of 8.
    pub queries: usize,
}

impl Dims {
    /// n, negatives of a row, where each has its own.
    pub fn per_row(&self) -> usize {
        (self.candidates - self.batch) / self.batch
    }
}

/// An operation: one stem with a contract here, a twin in `cpu`, and shaders.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant's type says what it does")]
pub enum Op {
    DrawBatches(DrawBatches),
    DrawNegatives(DrawNegatives),
    SortIds(SortIds),
    GatherRows(GatherRows),
    EstimateGaps(EstimateGaps),
    SoftmaxLoss(SoftmaxLoss),
    SampledLoss(SampledLoss),
    UpdateRows(UpdateRows),
    AggregateUsers(AggregateUsers),
    BankPush(BankPush),
    Enqueue(Enqueue),
    ItemDrift(ItemDrift),
    SumLosses(SumLosses),
    AdvanceClock(AdvanceClock),
    ScoreItems(ScoreItems),
    MaskSeen(MaskSeen),
    TopItems(TopItems),
    RowChange(RowChange),
    SamplePairs(SamplePairs),
    CountStale(CountStale),
    CompactPairs(CompactPairs),
    KeptLogQ(KeptLogQ),
}

impl Op {
    /// The dispatches that do this operation on a GPU.
    pub fn dispatches(&self) -> Vec<Dispatch> {
        match self {
            Self::DrawBatches(op) => op.dispatches(),
            Self::DrawNegatives(op) => op.dispatches(),
            Self::SortIds(op) => op.dispatches(),
            Self::GatherRows(op) => op.dispatches(),
            Self::EstimateGaps(op) => op.dispatches(),
            Self::SoftmaxLoss(op) => op.dispatches(),
            Self::SampledLoss(op) => op.dispatches(),
            Self::UpdateRows(op) => op.dispatches(),
            Self::AggregateUsers(op) => op.dispatches(),
            Self::BankPush(op) => op.dispatches(),
            Self::Enqueue(op) => op.dispatches(),
            Self::ItemDrift(op) => op.dispatches(),
            Self::SumLosses(op) => op.dispatches(),
            Self::AdvanceClock(op) => op.dispatches(),
            Self::ScoreItems(op) => op.dispatches(),
            Self::MaskSeen(op) => op.dispatches(),
            Self::TopItems(op) => op.dispatches(),
            Self::RowChange(op) => op.dispatches(),
            Self::SamplePairs(op) => op.dispatches(),
            Self::CountStale(op) => op.dispatches(),
            Self::CompactPairs(op) => op.dispatches(),
            Self::KeptLogQ(op) => op.dispatches(),
        }
    }
}

/// What a plan can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Program {
    /// Draws the next window of batches.
    OpenWindow,
    /// One training step of the window.
    Step,
    /// Brings the losses of the window so far into the ring.
    SumLosses,
    /// Moves the clock past the window.
    CloseWindow,
    /// Computes the item tower's outputs for the whole catalogue.
    EmbedItems,
    /// Computes the user tower's outputs for a block of queries.
    EmbedQueries,
    /// Scores a block of queries against the catalogue.
    Score,
    /// Scores a block of queries, takes out what they have seen, and lists the best items.
    Rank,
    /// Keeps the item tower's outputs, to be compared with later ones.
    KeepOutputs,
    /// Measures how far the item tower's outputs have moved since they were kept.
    MeasureDrift,
    /// Keeps the outputs of the hot rows.
    Snapshot,
    /// Measures how far the hot rows moved between two snapshots, and what that means for pairs.
    Compare,
    /// Leaves stale pairs out of the coming epoch.
    Compact,
}

/// All programs, in the order of [`Program`].
pub const PROGRAMS: [Program; 13] = [
    Program::OpenWindow,
    Program::Step,
    Program::SumLosses,
    Program::CloseWindow,
    Program::EmbedItems,
    Program::EmbedQueries,
    Program::Score,
    Program::Rank,
    Program::KeepOutputs,
    Program::MeasureDrift,
    Program::Snapshot,
    Program::Compare,
    Program::Compact,
];

/// The buffers that a run is steered and read through.
#[derive(Debug, Clone, Copy)]
pub struct Handles {
    /// [`Clock`].
    pub clock: Buffer,
    /// (N) user and item of the training pairs.
    pub pairs: Buffer,
    /// (I) log of the items' sampling probabilities.
    pub log_q: Buffer,
    /// (S, K) items of the window's steps: the host writes those past the B positives where no
    /// negatives are drawn.
    pub item_ids: Buffer,
    /// What negatives are drawn from, if they are.
    pub pool: Option<Pool>,
    /// What the streaming estimate of log q keeps, if it is on.
    pub gaps: Option<GapHandles>,
    /// (RING) mean losses of the latest steps.
    pub losses: Buffer,
    /// The user tower.
    pub user: TowerHandles,
    /// The item tower.
    pub item: TowerHandles,
    /// One [`Step`]: all items.
    pub catalogue: Buffer,
    /// (IP) all item ids, then [`NO_ID`].
    pub item_list: Buffer,
    /// (IP, D) outputs of all items.
    pub item_outputs: Buffer,
    /// Where drift is measured, if there is a bank.
    pub drift: Option<DriftHandles>,
    /// One [`Step`]: the block of queries.
    pub query: Buffer,
    /// (Q) users of the block, then [`NO_ID`].
    pub query_users: Buffer,
    /// (Q, D) outputs of the block.
    pub query_outputs: Buffer,
    /// (Q, IP) scores of the block.
    pub scores: Buffer,
    /// (U + 1) where each user's items in `seen_items` begin.
    pub seen_offsets: Buffer,
    /// The users' items that a ranking leaves out, user after user.
    pub seen_items: Buffer,
    /// The bank of CBNS, if it is on.
    pub bank: Option<Bank>,
    /// (Q, K) best items of the block.
    pub top: Buffer,
    /// (E, K) best items of all users of an evaluation.
    pub lists: Buffer,
    /// What skipping adds, if it is on.
    pub skip: Option<SkipHandles>,
}

/// The buffers that drift is measured in.
#[derive(Debug, Clone, Copy)]
pub struct DriftHandles {
    /// (IP, D) outputs of all items when they were kept.
    pub before: Buffer,
    /// (I) how far each item has moved, and its length.
    pub drift: Buffer,
}

/// The buffers of one tower.
#[derive(Debug, Clone, Copy)]
pub struct TowerHandles {
    /// (R, D) embeddings.
    pub table: Buffer,
    /// Optimiser state, if its rule has any.
    pub state: [Option<Buffer>; 2],
    /// (R, D) embeddings of the best epoch, where one is chosen.
    pub best: Option<Buffer>,
    /// (rows up to 8, D) gradient by the step's outputs; none where no gradient reaches the tower.
    pub d_out: Option<Buffer>,
}

/// A run as data.
#[derive(Debug)]
pub struct Plan {
    /// The sizes.
    pub dims: Dims,
    /// What each [`Buffer`] holds.
    pub buffers: Vec<BufferSpec>,
    /// The buffers by role.
    pub at: Handles,
    programs: [Vec<Op>; PROGRAMS.len()],
    dispatch_counts: [u64; PROGRAMS.len()],
}

/// What a plan has to know of the data.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Users and items with a row of their own.
    pub users: usize,
    /// See `users`.
    pub items: usize,
    /// Training pairs.
    pub pairs: usize,
    /// Most items, over all users, that a ranking leaves out.
    pub hidden: usize,
    /// Most users that one evaluation ranks for.
    pub evaluated: usize,
    /// Whether the best epoch is kept.
    pub keeps_best: bool,
    /// Whether batches are drawn by chance; otherwise pairs are taken as they come, and negatives as
    /// the host gives them.
    pub shuffled: bool,
}

impl Plan {
    /// The plan that trains and evaluates what `config` asks for.
    pub fn new(config: &Config, extent: &Extent) -> Self {
        let batch = config.batch_size;
        let items_padded = extent.items.next_multiple_of(8);
        let dims = Dims {
            users: extent.users,
            items: extent.items,
            pairs: extent.pairs,
            batch,
            candidates: config.candidates(),
            bank: config.cbns.as_ref().map_or(0, |cbns| cbns.capacity),
            width: config.dim,
            dim: config.dim.next_multiple_of(8),
            // Enough steps ahead to make the drawing cheap, few enough ids to stay in a cache.
            window: (65_536 / config.candidates()).clamp(4, 64),
            queries: (MATRIX_WORDS / items_padded / 8 * 8).clamp(8, 512),
        };
        Builder { config, extent, dims, buffers: Vec::new() }.build()
    }

    /// The operations of a program.
    pub fn program(&self, program: Program) -> &[Op] {
        &self.programs[program as usize]
    }

    /// The buffer at an index of [`Plan::buffers`].
    pub fn buffer(&self, index: usize) -> Buffer {
        assert!(index < self.buffers.len(), "the plan has {} buffers", self.buffers.len());
        Buffer(index)
    }

    /// Words of a buffer.
    pub fn words(&self, buffer: Buffer) -> usize {
        self.buffers[buffer.0].words
    }

    /// Bytes of all buffers that a backend allocates.
    pub fn bytes(&self, on_gpu: bool) -> u64 {
        let is_allocated = |spec: &&BufferSpec| on_gpu || spec.kind != BufferKind::GpuScratch;
        self.buffers.iter().filter(is_allocated).map(|spec| spec.words as u64 * 4).sum()
    }

    /// Dispatches of one run of a program on a GPU.
    pub fn dispatches(&self, program: Program) -> u64 {
        self.dispatch_counts[program as usize]
    }
}

struct Builder<'a> {
    config: &'a Config,
    extent: &'a Extent,
    dims: Dims,
    buffers: Vec<BufferSpec>,
}

impl Builder<'_> {
    fn buffer(&mut self, name: &'static str, words: usize) -> Buffer {
        // A binding of no bytes is not allowed: an empty buffer keeps one vec4.
        self.buffer_of(BufferKind::Data, name, words.max(4))
    }

    fn steps(&mut self, name: &'static str, count: usize) -> Buffer {
        self.buffer_of(BufferKind::Steps, name, count * STEP_WORDS)
    }

    fn scratch(&mut self, name: &'static str, words: usize) -> Buffer {
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
        // What saturates is refused when it is allocated.
        let elements = rows.saturating_mul(dim);
        let [table, first, second, best, d_out] = names;
        TowerHandles {
            table: self.buffer(table, elements),
            state: match self.config.optimizer.kind {
                _ if trained.is_none() => [None, None],
                OptimizerKind::Sgd => [None, None],
                OptimizerKind::Adagrad => [Some(self.buffer(first, rows)), None],
                OptimizerKind::Adam => {
                    [Some(self.buffer(first, elements)), Some(self.buffer(second, elements))]
                }
            },
            best: self.extent.keeps_best.then(|| self.buffer(best, elements)),
            d_out: trained.map(|uses| self.buffer(d_out, uses.next_multiple_of(8) * dim)),
        }
    }

    fn bank(&mut self) -> Option<Bank> {
        let cbns = self.config.cbns.as_ref()?;
        let outputs = cbns.capacity.next_multiple_of(8) * self.dims.dim;
        Some(Bank {
            items: self.buffer("bank_items", outputs),
            users: (cbns.sides == Sides::Both).then(|| self.buffer("bank_users", outputs)),
            entries: self.buffer("bank_entries", cbns.capacity * size_of::<Entry>() / 4),
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
            gaps: self.buffer("gaps", items),
            last_seen: self.buffer("last_seen", items),
        })
    }

    fn build(mut self) -> Plan {
        let Dims { users, items, pairs, batch, candidates, dim, window, queries, .. } = self.dims;
        let batch_padded = batch.next_multiple_of(8);
        let columns = candidates.next_multiple_of(8);
        let items_padded = items.next_multiple_of(8);

        let clock = self.buffer("clock", size_of::<Clock>() / 4);
        let pairs = self.buffer("pairs", 2 * pairs);
        let log_q = self.buffer("log_q", items);
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
            catalogue: self.steps("catalogue", 1),
            item_list: self.buffer("item_list", items_padded),
            item_outputs: self.buffer("item_outputs", items_padded.saturating_mul(dim)),
            drift: self.config.cbns.is_some().then(|| DriftHandles {
                before: self.buffer("drift_before", items_padded.saturating_mul(dim)),
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
        let all_columns = columns + self.dims.bank.next_multiple_of(8);
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
        let gradients =
            Gradients { user: user.d_out, item: item.d_out.expect("the item tower is trained") };
        let loss = if has_own_negatives {
            Op::SampledLoss(SampledLoss {
                dims: self.dims,
                temperature: self.config.temperature,
                corrected,
                log_q,
                step: steps,
                users: user_outputs,
                items: candidate_outputs,
                item_ids: at.item_ids,
                d_logits: logits,
                row_loss,
                gradients,
            })
        } else {
            Op::SoftmaxLoss(SoftmaxLoss {
                dims: self.dims,
                temperature: self.config.temperature,
                corrected,
                log_q,
                step: steps,
                users: user_outputs,
                items: candidate_outputs,
                item_ids: at.item_ids,
                bank: at.bank,
                logits,
                row_loss,
                row_lse,
                gradients,
            })
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
                ..gather(at.catalogue, at.item_list, item.table, out)
            })
        };
        let (mut keep_outputs, mut measure_drift) = (Vec::new(), Vec::new());
        if let Some(DriftHandles { before, drift }) = at.drift {
            let now = at.item_outputs;
            keep_outputs.push(embed_items(before));
            measure_drift.push(embed_items(now));
            measure_drift.push(Op::ItemDrift(ItemDrift { dims: self.dims, before, now, drift }));
        }
        let programs = [
            window_opens,
            step,
            vec![Op::SumLosses(SumLosses { dims: self.dims, steps, row_loss, losses })],
            vec![Op::AdvanceClock(AdvanceClock { dims: self.dims, clock })],
            vec![embed_items(at.item_outputs)],
            vec![embed_queries()],
            vec![score()],
            vec![
                embed_queries(),
                score(),
                Op::MaskSeen(MaskSeen {
                    dims: self.dims,
                    step: at.query,
                    users: at.query_users,
                    offsets: at.seen_offsets,
                    items: at.seen_items,
                    scores: at.scores,
                }),
                Op::TopItems(TopItems {
                    dims: self.dims,
                    step: at.query,
                    scores: at.scores,
                    best_scores,
                    best_items,
                    top: at.top,
                }),
            ],
            keep_outputs,
            measure_drift,
            snapshot,
            compare,
            compact,
        ];
        let dispatch_counts = programs
            .each_ref()
            .map(|program| program.iter().map(|op| op.dispatches().len() as u64).sum());
        Plan { dims: self.dims, buffers: self.buffers, at, programs, dispatch_counts }
    }
}

/// Every shader of the crate.
pub const SHADERS: &[&Shader] = &[
    &draw_batches::DRAW_BATCHES,
    &draw_negatives::UNIFORM,
    &draw_negatives::POPULARITY,
    &draw_negatives::MIXED,
    &sort_ids::SORT_IDS,
    &gather_rows::GATHER_ROWS,
    &estimate_gaps::ESTIMATE_GAPS,
    &softmax_loss::LOGITS,
    &softmax_loss::ROWS,
    &softmax_loss::D_USER,
    &softmax_loss::D_ITEM,
    &sampled_loss::ROWS,
    &sampled_loss::D_USER,
    &sampled_loss::D_ITEM,
    &update_rows::SGD,
    &update_rows::ADAGRAD,
    &update_rows::ADAM,
    &aggregate_users::AGGREGATE_USERS,
    &softmax_loss::BANK_LOGITS,
    &bank::BANK_PUSH_WEIGHTS,
    &bank::BANK_PUSH_D_ITEM,
    &bank::ENQUEUE_ROWS,
    &bank::ENQUEUE_ENTRIES,
    &item_drift::ITEM_DRIFT,
    &sum_losses::SUM_LOSSES,
    &advance_clock::ADVANCE_CLOCK,
    &rank::SCORE_ITEMS,
    &rank::MASK_SEEN,
    &rank::TOP_ITEMS_SEGMENTS,
    &rank::TOP_ITEMS_MERGE,
    &row_change::ROW_CHANGE,
    &sample_pairs::SAMPLE_PAIRS,
    &count_stale::COUNT_STALE,
    &compact_pairs::COUNT,
    &compact_pairs::SCAN,
    &compact_pairs::SCATTER,
    &kept_log_q::COUNT,
    &kept_log_q::SHARE,
];
