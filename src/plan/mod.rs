//! A run as data: named buffers, and programs of operations over them. Techniques are built by
//! putting operations into a program, never by run-time flags inside kernels. The CPU and the GPU
//! execute the same plan.

mod adam;
mod advance_clock;
mod affine;
mod aggregate_users;
mod bank;
mod build;
mod compact_pairs;
mod count_stale;
pub mod dispatch;
mod draw_batches;
mod draw_negatives;
mod estimate_gaps;
mod gather_bags;
mod gather_rows;
mod item_drift;
mod kept_log_q;
mod loss;
mod normalize_rows;
mod parameter;
mod rank;
mod row_change;
mod sample_pairs;
mod sampled_loss;
mod scale_rows;
mod schedule;
mod skip;
mod softmax_loss;
mod sort_ids;
mod sort_uses;
mod state;
mod step;
mod sum_losses;
mod tower;
mod update_dense;
mod update_rows;
mod wgsl;
mod work;

pub use adam::{BETA_M, BETA_V, LOG_BETA_M, LOG_BETA_V};
pub use advance_clock::AdvanceClock;
pub use affine::{Affine, AffineBack, Layer};
pub use aggregate_users::AggregateUsers;
pub use bank::{Bank, BankPush, Enqueue, Entry};
pub use compact_pairs::{CompactPairs, Stay};
pub use count_stale::CountStale;
pub use dispatch::{Access, Constant, Dispatch, Groups, Shader, Shape};
pub use draw_batches::DrawBatches;
pub use draw_negatives::{DrawNegatives, Pool};
pub use estimate_gaps::{EstimateGaps, GapHandles};
pub use gather_bags::{GatherBags, Lists, Positives};
pub use gather_rows::GatherRows;
pub use item_drift::ItemDrift;
pub use kept_log_q::{KeptLogQ, NEVER};
pub use loss::{Gradients, Loss};
pub use normalize_rows::{NormalizeRows, NormalizeRowsBack};
pub use parameter::{Parameter, Part, Tower};
pub use rank::{MaskBarred, MaskSeen, ScoreItems, TopItems};
pub use row_change::RowChange;
pub use sample_pairs::SamplePairs;
pub use sampled_loss::SampledLoss;
pub use scale_rows::ScaleRows;
pub use schedule::Schedule;
pub use skip::{ALWAYS_ACTIVE, KEPT_PAIRS, SkipHandles, SkipSide, Snapshots, Tally};
pub use softmax_loss::SoftmaxLoss;
pub(crate) use softmax_loss::softmax_rows_alone;
pub use sort_ids::SortIds;
pub use sort_uses::SortUses;
pub use state::{Tensor, Word, blocks};
pub use step::{Clock, STEP_STRIDE, STEP_WORDS, Step};
pub use sum_losses::SumLosses;
pub use tower::MOST_FEATURES;
pub use update_dense::UpdateDense;
pub use update_rows::{EPSILON, Rule, UpdateRows};
pub use work::Work;

use crate::config::{Config, MOST_USES};
use crate::data::Csr;
use crate::error::{Error, Result};

pub use twotower_simd::{IMPOSSIBLE, NO_ID, TILE};

/// Smallest length that a row is divided by (`docs/methods.md`, towers).
pub const MIN_NORM: f32 = 1e-12;

/// Number of rows of a block, which is never split: a workgroup of `compact_pairs` processes one,
/// and a block contains whole tiles.
pub const ROW_BLOCK: usize = 256;

/// Number of losses that the ring holds: enough for many submits of steps.
pub const RING: usize = 4096;

/// Number of items per list in an evaluation.
pub const TOP_K: usize = 20;

/// Words of a buffer of logits or scores, 8 MiB; more if 8 rows need more.
const MATRIX_WORDS: usize = 2 << 20;

/// A buffer of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Buffer(pub(crate) usize);

/// Description of a buffer.
#[derive(Debug, Clone)]
pub struct BufferSpec {
    /// Its name, for labels and messages.
    pub name: String,
    /// Its length in 32-bit words.
    pub words: usize,
    /// Words of a row: a buffer larger than the binding limit is split between rows.
    pub row: usize,
    /// Its kind of use.
    pub kind: BufferKind,
}

impl BufferSpec {
    /// Its length in bytes.
    pub fn bytes(&self) -> u64 {
        self.words as u64 * 4
    }
}

/// Kind of use of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferKind {
    /// Read and written by operations.
    Data,
    /// [`Step`] records, which kernels bind as uniforms.
    Steps,
    /// Passes data between the dispatches of one operation; the CPU uses cache-sized scratch
    /// instead.
    GpuScratch,
}

/// The sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    /// U, rows of the user table.
    pub users: usize,
    /// I, rows of the item table.
    pub items: usize,
    /// N, training pairs: the length of an epoch if none is skipped.
    pub pairs: usize,
    /// B, pairs in a step.
    pub batch: usize,
    /// K, candidate items of a step: the B positives, then the negatives drawn for it.
    pub candidates: usize,
    /// M, entries of the bank; 0 without one.
    pub bank: usize,
    /// Embedding width as configured.
    pub width: usize,
    /// D, width of a stored embedding: padded with zeros to a multiple of 8.
    pub dim: usize,
    /// Width of a tower's output, as configured.
    pub out_width: usize,
    /// O, width of a stored output: padded with zeros to a multiple of 8.
    pub out: usize,
    /// S, steps in a window: their batches are drawn together.
    pub window: usize,
    /// Q, queries that are ranked at once, a multiple of 8.
    pub queries: usize,
}

impl Dims {
    /// Returns n, the negatives of a row, if each row has its own.
    pub fn per_row(&self) -> usize {
        (self.candidates - self.batch) / self.batch
    }

    /// Returns BP: B padded to a multiple of 8.
    pub fn batch_padded(&self) -> usize {
        self.batch.next_multiple_of(TILE)
    }

    /// Returns KP: K padded to a multiple of 8.
    pub fn candidates_padded(&self) -> usize {
        self.candidates.next_multiple_of(TILE)
    }

    /// Returns MP: M padded to a multiple of 8.
    pub fn bank_padded(&self) -> usize {
        self.bank.next_multiple_of(TILE)
    }

    /// Returns IP: I padded to a multiple of 8.
    pub fn items_padded(&self) -> usize {
        self.items.next_multiple_of(TILE)
    }
}

/// An operation: a contract here, a twin in `cpu`, and shaders, all under the same stem.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant's type says what it does")]
pub enum Op {
    DrawBatches(DrawBatches),
    DrawNegatives(DrawNegatives),
    SortIds(SortIds),
    SortUses(SortUses),
    GatherRows(GatherRows),
    GatherBags(GatherBags),
    Affine(Affine),
    NormalizeRows(NormalizeRows),
    EstimateGaps(EstimateGaps),
    SoftmaxLoss(SoftmaxLoss),
    SampledLoss(SampledLoss),
    NormalizeRowsBack(NormalizeRowsBack),
    AffineBack(AffineBack),
    ScaleRows(ScaleRows),
    UpdateRows(UpdateRows),
    UpdateDense(UpdateDense),
    AggregateUsers(AggregateUsers),
    BankPush(BankPush),
    Enqueue(Enqueue),
    ItemDrift(ItemDrift),
    SumLosses(SumLosses),
    AdvanceClock(AdvanceClock),
    ScoreItems(ScoreItems),
    MaskSeen(MaskSeen),
    MaskBarred(MaskBarred),
    TopItems(TopItems),
    RowChange(RowChange),
    SamplePairs(SamplePairs),
    CountStale(CountStale),
    CompactPairs(CompactPairs),
    KeptLogQ(KeptLogQ),
}

impl Op {
    /// Returns the dispatches that run this operation on a GPU.
    pub fn dispatches(&self) -> Vec<Dispatch> {
        match self {
            Self::DrawBatches(op) => op.dispatches(),
            Self::DrawNegatives(op) => op.dispatches(),
            Self::SortIds(op) => op.dispatches(),
            Self::SortUses(op) => op.dispatches(),
            Self::GatherRows(op) => op.dispatches(),
            Self::GatherBags(op) => op.dispatches(),
            Self::Affine(op) => op.dispatches(),
            Self::NormalizeRows(op) => op.dispatches(),
            Self::EstimateGaps(op) => op.dispatches(),
            Self::SoftmaxLoss(op) => op.dispatches(),
            Self::SampledLoss(op) => op.dispatches(),
            Self::NormalizeRowsBack(op) => op.dispatches(),
            Self::AffineBack(op) => op.dispatches(),
            Self::ScaleRows(op) => op.dispatches(),
            Self::UpdateRows(op) => op.dispatches(),
            Self::UpdateDense(op) => op.dispatches(),
            Self::AggregateUsers(op) => op.dispatches(),
            Self::BankPush(op) => op.dispatches(),
            Self::Enqueue(op) => op.dispatches(),
            Self::ItemDrift(op) => op.dispatches(),
            Self::SumLosses(op) => op.dispatches(),
            Self::AdvanceClock(op) => op.dispatches(),
            Self::ScoreItems(op) => op.dispatches(),
            Self::MaskSeen(op) => op.dispatches(),
            Self::MaskBarred(op) => op.dispatches(),
            Self::TopItems(op) => op.dispatches(),
            Self::RowChange(op) => op.dispatches(),
            Self::SamplePairs(op) => op.dispatches(),
            Self::CountStale(op) => op.dispatches(),
            Self::CompactPairs(op) => op.dispatches(),
            Self::KeptLogQ(op) => op.dispatches(),
        }
    }

    /// Returns the counted work with `bank` filled entries of the bank; dispatches are not counted.
    pub fn work(&self, bank: usize) -> Work {
        match self {
            Self::DrawBatches(op) => op.work(),
            Self::DrawNegatives(op) => op.work(),
            Self::SortIds(op) => op.work(),
            Self::SortUses(op) => op.work(),
            Self::GatherRows(op) => op.work(),
            Self::GatherBags(op) => op.work(),
            Self::Affine(op) => op.work(),
            Self::NormalizeRows(op) => op.work(),
            Self::EstimateGaps(op) => op.work(),
            Self::SoftmaxLoss(op) => op.work(bank),
            Self::SampledLoss(op) => op.work(),
            Self::NormalizeRowsBack(op) => op.work(),
            Self::AffineBack(op) => op.work(),
            Self::ScaleRows(op) => op.work(),
            Self::UpdateRows(op) => op.work(),
            Self::UpdateDense(op) => op.work(),
            Self::AggregateUsers(op) => op.work(),
            Self::BankPush(op) => op.work(bank),
            Self::Enqueue(op) => op.work(),
            Self::SumLosses(op) => op.work(),
            Self::AdvanceClock(op) => op.work(),
            Self::RowChange(op) => op.work(),
            Self::SamplePairs(op) => op.work(),
            Self::CountStale(op) => op.work(),
            Self::CompactPairs(op) => op.work(),
            Self::KeptLogQ(op) => op.work(),
            // Run on request only: no part of training.
            Self::ItemDrift(_)
            | Self::ScoreItems(_)
            | Self::MaskSeen(_)
            | Self::MaskBarred(_)
            | Self::TopItems(_) => Work::default(),
        }
    }
}

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
    /// Moves the clock past the window's steps.
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
    /// Gathers the vectors of requested items that histories sum.
    GatherHistory,
    /// Measures how far the item tower's outputs have moved since their snapshot.
    MeasureDrift,
    /// Takes a snapshot of the hot rows' outputs.
    Snapshot,
    /// Measures how far the hot rows moved between two snapshots, and samples the activity of
    /// pairs.
    Compare,
    /// Removes stale pairs from the next epoch.
    Compact,
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
    Program::Snapshot,
    Program::Compare,
    Program::Compact,
];

// A program's number is its index in `PROGRAMS`.
const _: () = {
    let mut n = 0;
    while n < PROGRAMS.len() {
        assert!(PROGRAMS[n] as usize == n);
        n += 1;
    }
};

/// Buffers through which the host controls a run and reads its results.
#[derive(Debug, Clone, Copy)]
pub struct Handles {
    /// [`Clock`].
    pub clock: Buffer,
    /// (N) users and items of the training pairs.
    pub pairs: Buffer,
    /// (I) log of each item's sampling probability.
    pub log_q: Buffer,
    /// (S, K) items of the window's steps. If no negatives are drawn, the host writes those after
    /// the B positives.
    pub item_ids: Buffer,
    /// Source of the drawn negatives, if any.
    pub pool: Option<Pool>,
    /// Buffers of the streaming estimate of log q, if it is on.
    pub gaps: Option<GapHandles>,
    /// (RING) mean losses of the latest steps.
    pub losses: Buffer,
    /// The user tower.
    pub user: TowerHandles,
    /// The item tower.
    pub item: TowerHandles,
    /// [`Step`]s of the catalogue's blocks, zero except for the slot. Ids that belong to no window
    /// are gathered as if they were in slot 0.
    pub item_blocks: Buffer,
    /// (blocks, rows per block) all item ids, then [`NO_ID`].
    pub item_list: Buffer,
    /// (rows, O) outputs of a block, if a block is not the whole catalogue.
    pub block_outputs: Option<Buffer>,
    /// (IP, O) outputs of all items.
    pub item_outputs: Buffer,
    /// Buffers of the drift measurement, if there is a bank.
    pub drift: Option<DriftHandles>,
    /// One [`Step`], for the block of queries.
    pub query: Buffer,
    /// (Q) users of the block, then [`NO_ID`].
    pub query_users: Buffer,
    /// (Q, O) outputs of the block.
    pub query_outputs: Buffer,
    /// (Q, IP) scores of the block.
    pub scores: Buffer,
    /// (U + 1) start of each user's items in `seen_items`.
    pub seen_offsets: Buffer,
    /// The users' items that a ranking excludes, user after user.
    pub seen_items: Buffer,
    /// (⌈I/32⌉) a bit for each item that a ranking excludes for all users.
    pub barred: Buffer,
    /// The bank of CBNS, if it is on.
    pub bank: Option<Bank>,
    /// (Q, K) best items of the block.
    pub top: Buffer,
    /// (Q, K) their scores.
    pub top_scores: Buffer,
    /// (E, K) best items of all users of an evaluation.
    pub lists: Buffer,
    /// (Q) items whose vectors are requested, then [`NO_ID`].
    pub wanted: Buffer,
    /// (Q, O) the requested vectors.
    pub wanted_rows: Buffer,
    /// The power of a history's length, if a user's vector is a sum over the history alone.
    pub sum_power: Option<f32>,
    /// Buffers of skipping, if it is on.
    pub skip: Option<SkipHandles>,
}

/// Buffers of the drift measurement.
#[derive(Debug, Clone, Copy)]
pub struct DriftHandles {
    /// (IP, O) outputs of all items in the snapshot.
    pub before: Buffer,
    /// (I) distance that each item's output has moved, and its length.
    pub drift: Buffer,
}

/// Buffers of one tower, besides its parameters.
#[derive(Debug, Clone, Copy)]
pub struct TowerHandles {
    /// Features of each id, if it has any; the list after the last id's is for an id that is not in
    /// the training data.
    pub features: Option<Lists>,
    /// Items of each user, if the user tower has a history; the list after the last user's is for a
    /// visitor.
    pub history: Option<Lists>,
    /// (rows padded to a multiple of 8, O) gradient by the step's outputs; none if no gradient
    /// reaches the tower.
    pub d_out: Option<Buffer>,
}

/// A run as data.
#[derive(Debug)]
pub struct Plan {
    /// Sizes of the run.
    pub dims: Dims,
    /// Description of each [`Buffer`].
    pub buffers: Vec<BufferSpec>,
    /// The buffers that are the run's state.
    pub tensors: Vec<Tensor>,
    /// The buffers by role.
    pub at: Handles,
    /// Parameters that training updates.
    pub parameters: Vec<Parameter>,
    programs: [Vec<Op>; PROGRAMS.len()],
    dispatch_counts: [u64; PROGRAMS.len()],
}

/// Sizes of the data that a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Users with a row of their own.
    pub users: usize,
    /// Items with a row of their own.
    pub items: usize,
    /// Training pairs.
    pub pairs: usize,
    /// Number of (user, item) pairs that a ranking may exclude.
    pub hidden: usize,
    /// Largest number of users of one evaluation.
    pub evaluated: usize,
    /// Whether the best epoch is kept.
    pub keeps_best: bool,
    /// Whether batches are drawn at random; otherwise pairs are used in their order, and negatives
    /// come from the host.
    pub shuffled: bool,
    /// Sizes of the lists that towers read.
    pub bags: Bags,
}

/// Sizes of all lists.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bags {
    /// Lists of the users' features.
    pub user_features: BagExtent,
    /// Lists of the items' features.
    pub item_features: BagExtent,
    /// Lists of the users' items.
    pub history: BagExtent,
}

/// Sizes of lists of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct BagExtent {
    /// Number of rows of the table that members refer to.
    pub rows: usize,
    /// Total number of members of all lists.
    pub members: usize,
    /// Number of members of the longest list.
    pub most: usize,
}

impl BagExtent {
    /// Returns the sizes of lists whose members are rows of a table of `rows`.
    pub fn of(lists: &Csr, rows: usize) -> Self {
        Self { rows, members: lists.items.len(), most: lists.longest() }
    }
}

impl Extent {
    /// Returns the largest number of uses of one table's rows in a step.
    fn most_uses(&self, config: &Config) -> usize {
        let (batch, candidates) = (config.batch_size, config.candidates());
        let Bags { user_features, item_features, history } = self.bags;
        // Saturating: a file may contain any numbers.
        let uses = |owners: usize, lists: BagExtent| owners.saturating_mul(lists.most);
        let shared = if config.shares_items() { candidates } else { 0 };
        let histories = uses(batch, history).saturating_add(shared);
        let features = uses(batch, user_features).max(uses(candidates, item_features));
        candidates.max(histories).max(features)
    }

    /// Rejects lists with more uses of a table per step than its buffers may have.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self, config: &Config) -> Result<()> {
        let uses = self.most_uses(config);
        if uses <= MOST_USES {
            return Ok(());
        }
        Err(Error::Config {
            key: "batchSize".into(),
            problem: format!("a step uses rows of one table up to {uses} times"),
            allowed: format!(
                "at most {MOST_USES}: use a smaller batchSize or towers.user.history.cap, or fewer \
                 features per user and item"
            ),
        })
    }
}

impl Plan {
    /// Builds the plan that trains and evaluates the model of `config`.
    pub fn new(config: &Config, extent: &Extent) -> Self {
        let batch = config.batch_size;
        let out_width = config.towers.item.out_width(config.dim);
        let dims = Dims {
            users: extent.users,
            items: extent.items,
            pairs: extent.pairs,
            batch,
            candidates: config.candidates(),
            bank: config.cbns.as_ref().map_or(0, |cbns| cbns.capacity),
            width: config.dim,
            dim: config.dim.next_multiple_of(TILE),
            out_width,
            out: out_width.next_multiple_of(TILE),
            // Enough steps to make drawing cheap, and few enough ids to stay in a cache. Sorted
            // uses of lists fit in the words of a matrix.
            window: (65_536 / config.candidates())
                .min(MATRIX_WORDS / 2 / extent.most_uses(config).next_power_of_two())
                .clamp(4, 64),
            queries: (MATRIX_WORDS / extent.items.next_multiple_of(TILE) / TILE * TILE)
                .clamp(TILE, 512),
        };
        build::Builder::new(config, extent, dims).build()
    }

    /// Returns a trained part of a tower, if the tower has it.
    pub fn parameter(&self, tower: Tower, part: Part) -> Option<&Parameter> {
        self.parameters.iter().find(|one| (one.tower, one.part) == (tower, part))
    }

    /// Returns the operations of a program.
    pub fn program(&self, program: Program) -> &[Op] {
        &self.programs[program as usize]
    }

    /// Returns the buffer at an index of [`Plan::buffers`].
    pub fn buffer(&self, index: usize) -> Buffer {
        assert!(index < self.buffers.len(), "the plan has {} buffers", self.buffers.len());
        Buffer(index)
    }

    /// Returns the length of a buffer in 32-bit words.
    pub fn words(&self, buffer: Buffer) -> usize {
        self.buffers[buffer.0].words
    }

    /// Returns the total bytes of the buffers that a backend allocates.
    pub fn bytes(&self, on_gpu: bool) -> u64 {
        let is_allocated = |spec: &&BufferSpec| on_gpu || spec.kind != BufferKind::GpuScratch;
        self.buffers.iter().filter(is_allocated).map(BufferSpec::bytes).sum()
    }

    /// Returns the counted work of one run of a program; a step has a full batch.
    pub fn work(&self, program: Program) -> Work {
        self.work_with(program, 0)
    }

    /// Returns the counted work of a step of `rows`, with `bank` filled entries of the bank. A
    /// smaller batch counts as its share of a full one.
    pub fn step_work(&self, rows: usize, bank: usize) -> Work {
        self.work_with(Program::Step, bank).of_rows(rows, self.dims.batch)
    }

    fn work_with(&self, program: Program, bank: usize) -> Work {
        let dispatches = self.dispatch_counts[program as usize];
        let work: Work = self.program(program).iter().map(|op| op.work(bank)).sum();
        Work { dispatches, ..work }
    }
}

/// Every shader of the crate.
pub const SHADERS: &[&Shader] = &[
    &draw_batches::DRAW_BATCHES,
    &draw_negatives::UNIFORM,
    &draw_negatives::POPULARITY,
    &draw_negatives::MIXED,
    &sort_ids::SORT_IDS,
    &sort_uses::SORT_USES,
    &gather_rows::GATHER_ROWS,
    &gather_bags::GATHER_BAGS,
    &affine::AFFINE,
    &normalize_rows::NORMALIZE_ROWS,
    &normalize_rows::NORMALIZE_ROWS_BACK,
    &affine::D_INPUT,
    &affine::D_WEIGHTS,
    &affine::D_BIAS,
    &scale_rows::SCALE_ROWS,
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
    &update_dense::SGD,
    &update_dense::ADAGRAD,
    &update_dense::ADAM,
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
    &rank::MASK_BARRED,
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
