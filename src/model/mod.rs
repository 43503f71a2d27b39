//! Two towers on an executor. A model starts a run, trains step by step, reads results, and tracks
//! its position in windows and epochs. The trainer decides about data and duration.

mod counters;
mod graph;
mod profile;
mod serve;
mod skip;
mod state;

use crate::config::{Config, Init, InitRule};
use crate::data::{Csr, Pairs};
use crate::error::Result;
use crate::executor::{Backend, BackendRequest, Bindings, Executor, Gpu, Pending};
use crate::negatives;
pub use crate::plan::Tower;
use crate::plan::{
    Buffer, CbnsHandles, Counters, Dims, Entry, Extent, GapHandles, Lists, MIN_NORM, NO_ID,
    Parameter, Part, Plan, Pool, Program, RING, STEP_STRIDE, Step, Work, blocks,
};
use crate::random::{self, stream};
use counters::HostCounters;
pub use graph::{Graph, Node, TRAINING};
pub use profile::{Once, OpProfile, Profile};
pub use serve::{Filter, Parts, Ranked, Source, Sum};
pub use state::Position;

/// Callback that gets elements as they are read.
type Take<'a> = &'a mut dyn FnMut(&[f32]) -> Result<()>;

/// Two towers, their optimiser and their data, on one backend.
#[derive(Debug)]
pub struct Model {
    plan: Plan,
    executor: Executor,
    /// Whether outputs have length 1.
    normalize: bool,
    counters: HostCounters,
    work: Work,
    /// Each user's history, if the user tower has one.
    history: Option<Csr>,
    /// Number of blocks of items whose stored outputs belong to the current parameters.
    fresh_blocks: usize,
}

impl Model {
    /// Chooses a backend and allocates the plan on it.
    ///
    /// # Errors
    /// The same as [`Executor::choose`]; [`Error::Config`](crate::Error::Config) for lists with too
    /// many uses per step.
    pub async fn new(
        config: &Config,
        extent: &Extent,
        request: BackendRequest,
    ) -> Result<(Self, Backend)> {
        extent.check(config)?;
        let plan = Plan::new(config, extent);
        let (executor, backend) = Executor::choose(request, &plan).await?;
        Ok((Self::with_executor(executor, plan, config), backend))
    }

    /// Creates a model on an executor of the config's plan.
    pub fn with_executor(mut executor: Executor, plan: Plan, config: &Config) -> Self {
        let items = plan.dims.items as u32;
        let mut list: Vec<u32> = (0..items).collect();
        list.resize(plan.words(plan.handles.item_list), NO_ID);
        executor.write(plan.handles.item_list, 0, &list);
        for slot in 0..plan.words(plan.handles.item_blocks) / STEP_STRIDE {
            let block = Step::of_block(slot, 0);
            executor.write(plan.handles.item_blocks, slot * STEP_STRIDE, &[block]);
        }
        let counters = HostCounters::new(config, &plan.dims);
        Self {
            plan,
            executor,
            normalize: config.normalize,
            counters,
            work: Work::default(),
            history: None,
            fresh_blocks: 0,
        }
    }

    /// Frees its memory: see [`Executor::release`]. Afterwards it only describes its plan and
    /// cannot run.
    pub fn release(&mut self) -> Option<Gpu> {
        self.executor.release()
    }

    /// Returns whether its memory was freed.
    pub fn is_released(&self) -> bool {
        self.executor.is_released()
    }

    /// Returns the plan and the executor, for measurements.
    #[cfg(feature = "verify")]
    pub fn measured(&mut self) -> (&Plan, &mut Executor) {
        (&self.plan, &mut self.executor)
    }

    /// Returns the plan of the model.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the sizes of the buffers' bindings, on a GPU.
    pub fn bindings(&self) -> Option<Bindings> {
        self.executor.bindings()
    }

    /// Loads the training data: (N) pairs as words, and (I) log q of the items.
    pub fn load(&mut self, pairs: &[u32], log_q: &[f32]) {
        self.executor.write(self.plan.handles.pairs, 0, pairs);
        self.executor.write(self.plan.handles.log_q, 0, log_q);
    }

    /// Loads the source of the negatives, if they are drawn: the training pairs, or the number of
    /// training pairs of each item.
    pub fn load_pool(&mut self, config: &Config, train: &Pairs, counts: &[u32]) {
        match self.plan.handles.pool {
            Some(Pool::Uniform { offsets, items }) => {
                let had = train.rows(self.plan.dims.users);
                self.executor.write(offsets, 0, &had.offsets);
                self.executor.write(items, 0, &had.items);
            }
            Some(Pool::Popularity { cumulative }) => {
                let weights = negatives::cumulative(counts, config.negatives.alpha);
                self.executor.write(cumulative, 0, &weights);
            }
            Some(Pool::Mixed) | None => {}
        }
    }

    /// Loads the features of a tower's ids.
    ///
    /// # Panics
    /// If the tower has no features.
    pub fn load_features(&mut self, tower: Tower, features: &Csr) {
        let at = if tower == Tower::User { self.plan.handles.user } else { self.plan.handles.item };
        let lists = at.features.expect("the tower takes features");
        self.load_lists(lists, features);
    }

    /// Loads the users' histories.
    ///
    /// # Panics
    /// If the user tower has no history.
    pub fn load_history(&mut self, history: Csr) {
        self.load_lists(
            self.plan.handles.user.history.expect("the tower takes a history"),
            &history,
        );
        self.history = Some(history);
    }

    fn load_lists(&mut self, lists: Lists, rows: &Csr) {
        self.executor.write(lists.offsets, 0, &rows.offsets);
        self.executor.write(lists.members, 0, &rows.items);
    }

    /// Sets the negatives of the first steps, (steps, K − B), if none are drawn.
    ///
    /// # Panics
    /// If there are more steps than in a window.
    pub fn give_negatives(&mut self, negatives: &[u32]) {
        let Dims { batch, candidates, window, .. } = self.plan.dims;
        let steps = negatives.chunks(candidates - batch);
        assert!(steps.len() <= window, "negatives of {} steps, {window} in a window", steps.len());
        for (slot, negatives) in steps.enumerate() {
            self.executor.write(self.plan.handles.item_ids, slot * candidates + batch, negatives);
        }
    }

    /// Starts a run from given id tables (rows, width), with the optimiser's state at zero.
    pub fn start(&mut self, users: &[f32], items: &[f32]) {
        self.start_with(|parameter, row, w| {
            let table = if parameter.tower == Tower::User { users } else { items };
            w.copy_from_slice(&table[row * parameter.width..][..parameter.width]);
        });
    }

    /// Starts a run from fresh random parameters.
    pub fn start_fresh(&mut self, config: &Config) {
        self.start_with(|&Parameter { tower, part, rows, width, .. }, row, w| {
            let xavier = (2.0 / (rows + width) as f32).sqrt();
            let (deviation, stream) = match part {
                Part::Bias(_) => return,
                Part::Weights(_) => (xavier, fresh_stream(tower, part)),
                Part::Id | Part::Features | Part::History => match config.init {
                    Init::Std(deviation) => (deviation, fresh_stream(tower, part)),
                    Init::Named(InitRule::Xavier) => (xavier, fresh_stream(tower, part)),
                },
            };
            for (k, w) in w.iter_mut().enumerate() {
                let counter = (row * width + k) as u32;
                *w = deviation * random::normal(config.seed, stream, counter);
            }
        });
    }

    /// Starts a run from parameters: `fill(parameter, row, elements)` writes each row, over zeros.
    pub fn start_with(&mut self, mut fill: impl FnMut(&Parameter, usize, &mut [f32])) {
        /// Number of rows that are copied at once: a table of a million rows is never copied whole.
        const BLOCK: usize = 4096;
        let items = self.plan.dims.items;
        for parameter in &self.plan.parameters {
            let &Parameter { rows, width, dim, table, .. } = parameter;
            let mut block = vec![0.0f32; BLOCK.min(rows) * dim];
            for first in (0..rows).step_by(BLOCK) {
                let block = &mut block[..BLOCK.min(rows - first) * dim];
                for (row, padded) in (first..).zip(block.chunks_exact_mut(dim)) {
                    fill(parameter, row, &mut padded[..width]);
                }
                self.executor.write(table, first * dim, block);
            }
            for state in parameter.state.iter() {
                self.executor.clear(state);
            }
        }
        if let Some(GapHandles { gaps, last_seen }) = self.plan.handles.gaps {
            // As if all items were equally frequent.
            let gap = items as f32 / self.plan.dims.batch as f32;
            self.executor.write(gaps, 0, &vec![gap; items]);
            self.executor.clear(last_seen);
        }
        self.counters.start(self.plan.dims.pairs);
        self.executor.write(self.plan.handles.counters, 0, &[self.counters.on_device(0)]);
        self.keep_all_pairs();
        self.work = Work::default();
        self.fresh_blocks = 0;
    }

    /// Runs the next training step; a GPU only records it.
    pub fn step(&mut self) {
        if let Some(CbnsHandles { before, .. }) = self.plan.handles.cbns
            && self.counters.drift_begins()
        {
            self.embed_items();
            let words = self.plan.words(before);
            self.executor.copy(self.plan.handles.item_outputs, before, 0, words);
        }
        let slot = self.counters.slot();
        if slot == 0 {
            self.run(Program::OpenWindow, 0);
        }
        self.work += self.plan.step_work(self.counters.rows(), self.counters.live_entries());
        self.executor.run(&self.plan, Program::Step, slot);
        self.fresh_blocks = 0;
        if self.counters.advance() {
            self.run(Program::SumLosses, 0);
            self.run(Program::CloseWindow, 0);
        }
    }

    /// Returns the drift, at an epoch's end: the mean distance that item outputs moved over the
    /// steps that the bank holds, divided by the mean length of the outputs. Returns `None` without
    /// a bank.
    ///
    /// # Errors
    /// The same as [`Executor::read`].
    pub async fn drift(&mut self) -> Result<Option<f64>> {
        let Some(CbnsHandles { drift, .. }) = self.plan.handles.cbns else { return Ok(None) };
        self.embed_items();
        self.run_now(Program::MeasureDrift);
        let words = 0..2 * self.plan.dims.items;
        let drift: Vec<[f32; 2]> = self.executor.read(drift, words).await?;
        let sum = |side: usize| drift.iter().map(|pair| f64::from(pair[side])).sum::<f64>();
        Ok(Some(sum(0) / sum(1).max(f64::from(MIN_NORM))))
    }

    /// Uses the bank from the next window on.
    pub fn open_bank(&mut self) {
        const WARMUP: usize = std::mem::offset_of!(Counters, warmup) / 4;
        self.executor.write(self.plan.handles.counters, WARMUP, &[0u32]);
        self.counters.open_bank();
    }

    /// Sets the number of epochs of the run, which the learning rate's schedule uses.
    pub fn set_epochs(&mut self, epochs: usize) {
        const EPOCHS: usize = std::mem::offset_of!(Counters, epochs) / 4;
        self.counters.epochs = epochs as u32;
        self.executor.write(self.plan.handles.counters, EPOCHS, &[self.counters.epochs]);
        self.redraw_window();
    }

    /// Draws the open window again, if there is one: batches depend only on the counters and
    /// the pairs.
    fn redraw_window(&mut self) {
        if self.counters.slot() > 0 {
            self.run_now(Program::OpenWindow);
        }
    }

    /// Returns the number of steps since the start.
    pub fn steps(&self) -> u64 {
        self.counters.steps
    }

    /// Returns the number of pairs of this epoch.
    pub fn pairs_in_epoch(&self) -> usize {
        self.counters.pairs_in_epoch
    }

    /// Returns the number of steps of this epoch.
    pub fn steps_in_epoch(&self) -> usize {
        self.counters.steps_in_epoch()
    }

    /// Returns the number of steps done in this epoch, 0 between two epochs.
    pub fn step_in_epoch(&self) -> usize {
        self.counters.step_in_epoch
    }

    /// Returns the counted work of the training since the start.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Starts to read the ring of losses: step `n`, from 1, is at `(n − 1) % RING`.
    pub fn losses_later(&mut self) -> Pending<f32> {
        // Run only to show the loss, so it does not count as work of the training.
        if self.counters.slot() > 0 {
            self.run_now(Program::SumLosses);
        }
        self.executor.read_later(self.plan.handles.losses, 0..RING)
    }

    /// Reads a tower's embeddings of its ids (rows, width).
    ///
    /// # Errors
    /// The same as [`Executor::read`].
    ///
    /// # Panics
    /// If the tower has no embeddings of ids.
    pub async fn table(&mut self, tower: Tower) -> Result<Vec<f32>> {
        let parameter = *self.plan.parameter(tower, Part::Id).expect("ids have embeddings");
        self.values(&parameter).await
    }

    /// Reads a parameter's elements (rows, width).
    ///
    /// # Errors
    /// The same as [`Executor::read`].
    pub async fn values(&mut self, parameter: &Parameter) -> Result<Vec<f32>> {
        let mut values = Vec::new();
        let mut take = |block: &[f32]| {
            values.extend_from_slice(block);
            Ok(())
        };
        self.read_values(parameter, &mut take).await?;
        Ok(values)
    }

    /// Reads a parameter's elements (rows, width), whole rows at a time.
    ///
    /// # Errors
    /// Errors of [`Executor::read`], and of `take`.
    pub async fn read_values(
        &mut self,
        &Parameter { rows, width, dim, table, .. }: &Parameter,
        take: Take<'_>,
    ) -> Result<()> {
        self.read_rows(table, rows, [width, dim], take).await
    }

    /// Reads a buffer's first rows, given their lengths without and with padding.
    async fn read_rows(
        &mut self,
        buffer: Buffer,
        rows: usize,
        [width, dim]: [usize; 2],
        take: Take<'_>,
    ) -> Result<()> {
        for rows in blocks(rows, dim) {
            let words = rows.start * dim..rows.end * dim;
            let padded: Vec<f32> = self.executor.read(buffer, words).await?;
            take(&unpadded(&padded, width, dim).collect::<Vec<f32>>())?;
        }
        Ok(())
    }

    /// Sets the embedding of one row of a tower.
    ///
    /// # Panics
    /// If the tower has no embeddings of ids.
    pub fn set_row(&mut self, tower: Tower, row: u32, embedding: &[f32]) {
        let parameter = self.plan.parameter(tower, Part::Id).expect("ids have embeddings");
        self.executor.write(parameter.table, row as usize * parameter.dim, embedding);
        self.fresh_blocks = 0;
    }

    /// Reads the bank's contents in the order of its places: item ids, and outputs (M, width).
    ///
    /// # Errors
    /// The same as [`Executor::read`].
    ///
    /// # Panics
    /// If the plan has no bank.
    pub async fn bank(&mut self) -> Result<(Vec<u32>, Vec<f32>)> {
        let Dims { bank, out_width: width, out: dim, .. } = self.plan.dims;
        let buffers = self.plan.handles.cbns.expect("the plan has a bank").bank;
        let words = bank * Entry::WORDS;
        let entries: Vec<Entry> = self.executor.read(buffers.entries, 0..words).await?;
        let padded: Vec<f32> = self.executor.read(buffers.items, 0..bank * dim).await?;
        let items = entries.into_iter().map(|entry| entry.item).collect();
        Ok((items, unpadded(&padded, width, dim).collect()))
    }

    /// Reads the device's counters: the progress of the run.
    ///
    /// # Errors
    /// The same as [`Executor::read`].
    pub async fn device_counters(&mut self) -> Result<Counters> {
        let words = 0..size_of::<Counters>() / 4;
        Ok(self.executor.read(self.plan.handles.counters, words).await?[0])
    }

    /// Keeps the parameters as the best so far.
    pub fn keep_best(&mut self) {
        self.copy_best(|table, best| (table, best));
    }

    /// Restores the best parameters that were kept.
    pub fn restore_best(&mut self) {
        self.copy_best(|table, best| (best, table));
        self.fresh_blocks = 0;
    }

    fn copy_best(&mut self, direction: impl Fn(Buffer, Buffer) -> (Buffer, Buffer)) {
        for parameter in &self.plan.parameters {
            let best = parameter.best.expect("the plan keeps the best epoch");
            let (from, to) = direction(parameter.table, best);
            self.executor.copy(from, to, 0, self.plan.words(from));
        }
    }

    /// Runs a program of the training, and counts its work.
    fn run(&mut self, program: Program, slot: usize) {
        self.work += self.plan.work(program);
        self.executor.run(&self.plan, program, slot);
    }

    /// Runs a program that is not part of the training, so its work does not count.
    fn run_now(&mut self, program: Program) {
        self.executor.run(&self.plan, program, 0);
    }
}

/// Returns the random stream of a parameter's initial elements.
fn fresh_stream(tower: Tower, part: Part) -> u32 {
    let nth = match part {
        Part::Id if tower == Tower::User => return stream::INIT_USER,
        Part::Id => return stream::INIT_ITEM,
        Part::Features => 0,
        Part::History => 1,
        Part::Weights(layer) | Part::Bias(layer) => 2 + layer as u32,
    };
    stream::INIT_PARTS + 2 * nth + u32::from(tower == Tower::Item)
}

/// Returns the elements of rows without their padding.
fn unpadded(padded: &[f32], width: usize, dim: usize) -> impl Iterator<Item = f32> {
    padded.chunks_exact(dim).flat_map(move |row| &row[..width]).copied()
}
