//! Serving of a model: outputs of towers, the best items of queries, and how much each item of a
//! history adds to a score.

use super::{Model, Take, Tower};
use crate::error::Result;
use crate::plan::{
    Dims, IMPOSSIBLE, MAX_FEATURES, MIN_NORM, NO_ID, Part, Program, STEP_STRIDE, Step, TOP_K,
    TowerHandles,
};

/// Items with their scores, best first; equal scores are in the order of the index.
pub type Ranked = Vec<(u32, f32)>;

/// Items that a ranking excludes.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Whether the items that [`Model::hide`] sets for each user are excluded.
    pub hides_seen: bool,
    /// A bit for each item; set if it is excluded for all users.
    barred: Vec<u32>,
}

impl Filter {
    /// Returns a filter for a catalogue of `items` that allows only `among`, if given.
    pub fn new(items: usize, among: Option<&[u32]>) -> Self {
        let all = if among.is_some() { u32::MAX } else { 0 };
        let mut barred = vec![all; items.div_ceil(32)];
        for &item in among.unwrap_or_default() {
            barred[item as usize / 32] &= !(1 << (item % 32));
        }
        Self { hides_seen: false, barred }
    }

    /// Excludes more items.
    pub fn bar(&mut self, items: &[u32]) {
        for &item in items {
            self.barred[item as usize / 32] |= 1 << (item % 32);
        }
    }
}

/// Source of items' vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The item tower's outputs.
    Outputs,
    /// The vectors that histories sum.
    Histories,
}

/// A query that is the mean of its items' outputs (`docs/methods.md`, fold-in) or the sum of a
/// history, up to scaling to length 1. So every score is a sum with one part for each of its items.
#[derive(Debug, Clone)]
pub struct Sum {
    /// Source of the summed vectors.
    pub of: Source,
    /// The items, ascending.
    pub items: Vec<u32>,
}

/// How much each item of some [`Sum`]s adds to scores.
#[derive(Debug)]
pub struct Parts {
    sums: Vec<Sum>,
    /// Factor of each sum's vectors.
    scales: Vec<f64>,
    vectors: Vectors,
    outputs: Vectors,
}

impl Parts {
    /// Returns how much each item of a sum adds to the score of `item`. The parts add up to the
    /// score.
    ///
    /// # Panics
    /// If the item is not one of those that the parts were read for.
    pub fn of(&self, sum: usize, item: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let output = self.outputs.row(item);
        self.sums[sum].items.iter().map(move |&other| {
            let products = self.vectors.row(other).iter().zip(output);
            let product: f64 = products.map(|(&v, &e)| f64::from(v) * f64::from(e)).sum();
            (other, self.scales[sum] * product)
        })
    }
}

/// Vectors of some items.
#[derive(Debug)]
struct Vectors {
    /// Items, ascending.
    items: Vec<u32>,
    /// Vectors (items, O).
    rows: Vec<f32>,
    dim: usize,
}

impl Vectors {
    fn row(&self, item: u32) -> &[f32] {
        let n = self.items.binary_search(&item).expect("the vectors contain the item");
        &self.rows[n * self.dim..][..self.dim]
    }
}

impl Model {
    /// Returns a tower's outputs for all its rows (rows, width), as they are scored.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn outputs(&mut self, tower: Tower) -> Result<Vec<f32>> {
        let mut outputs = Vec::new();
        let mut take = |block: &[f32]| {
            outputs.extend_from_slice(block);
            Ok(())
        };
        self.read_outputs(tower, &mut take).await?;
        Ok(outputs)
    }

    /// Reads a tower's outputs for all its rows, whole rows at a time.
    ///
    /// # Errors
    /// Errors of [`Executor::read`](crate::executor::Executor::read), and of `take`.
    pub async fn read_outputs(&mut self, tower: Tower, take: Take<'_>) -> Result<()> {
        let Dims { users, items, queries, out, out_width, .. } = self.plan.dims;
        let shape = [out_width, out];
        if tower == Tower::Item {
            self.embed_items();
            return self.read_rows(self.plan.handles.item_outputs, items, shape, take).await;
        }
        let mut block = Vec::with_capacity(queries);
        for first in (0..users).step_by(queries) {
            block.clear();
            block.extend(first as u32..users.min(first + queries) as u32);
            self.query(&block);
            self.run_now(Program::EmbedQueries);
            self.read_rows(self.plan.handles.query_outputs, block.len(), shape, take).await?;
        }
        Ok(())
    }

    /// Sets the items that rankings exclude for each user, as compressed rows.
    pub fn hide(&mut self, offsets: &[u32], items: &[u32]) {
        self.executor.write(self.plan.handles.seen_offsets, 0, offsets);
        self.executor.write(self.plan.handles.seen_items, 0, items);
    }

    /// Returns the [`TOP_K`] best items of each user among the items that the user has not seen. A
    /// shorter list ends with [`NO_ID`]s.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn top_items(&mut self, users: &[u32]) -> Result<Vec<u32>> {
        let (at, block) = (self.plan.handles, self.plan.dims.queries);
        if users.is_empty() {
            return Ok(Vec::new());
        }
        self.embed_items();
        for (n, users) in users.chunks(block).enumerate() {
            self.query(users);
            for program in
                [Program::EmbedQueries, Program::Score, Program::HideSeen, Program::ListBest]
            {
                self.run_now(program);
            }
            self.executor.copy(at.top, at.lists, n * block * TOP_K, block * TOP_K);
        }
        self.executor.read(at.lists, 0..users.len() * TOP_K).await
    }

    /// Returns the multiply-adds that ranking for a user takes.
    pub fn products_of_ranking(&self) -> f64 {
        let programs = [Program::EmbedQueries, Program::Score];
        let products = programs.map(|program| self.plan.work(program).multiply_adds);
        products.iter().sum::<u64>() as f64 / self.users_at_once() as f64
    }

    /// Returns the number of users that are ranked at once.
    pub fn users_at_once(&self) -> usize {
        self.plan.dims.queries
    }

    /// Returns the `k` best items of each user that a filter allows, for at most
    /// [`users_at_once`](Self::users_at_once) users.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn rank_users(
        &mut self,
        users: &[u32],
        k: usize,
        filter: &Filter,
    ) -> Result<Vec<Ranked>> {
        self.query(users);
        self.run_now(Program::EmbedQueries);
        self.rank(users.len(), k, filter).await
    }

    /// Returns the `k` best items for a visitor who picked some items (ascending), and the
    /// visitor's vector as a sum if it is one. The query is the user tower's output if the tower
    /// has only a history, otherwise the mean of the items' outputs.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn rank_visitor(
        &mut self,
        mut items: Vec<u32>,
        k: usize,
        filter: &Filter,
    ) -> Result<(Ranked, Option<Sum>)> {
        let has_row = self.plan.parameter(Tower::User, Part::Id).is_some();
        let TowerHandles { features, history, .. } = self.plan.handles.user;
        let Some(lists) = history.filter(|_| !has_row && features.is_none()) else {
            let mean = Sum { of: Source::Outputs, items };
            return Ok((self.rank_mean(&mean, k, filter).await?, Some(mean)));
        };
        // The list after the last user's.
        let visitor = self.plan.dims.users as u32;
        let begin = self.history.as_ref().map_or(0, |history| history.items.len());
        // Lists of users with more items than the cap are shortened, too.
        items.truncate(self.plan.words(lists.members) - begin);
        self.executor.write(lists.members, begin, &items);
        let end = (begin + items.len()) as u32;
        self.executor.write(lists.offsets, visitor as usize + 1, &[end]);
        let ranked = self.rank_users(&[visitor], k, filter).await?.remove(0);
        let sum = Sum { of: Source::Histories, items };
        Ok((ranked, self.plan.handles.sum_power.map(|_| sum)))
    }

    /// Returns the `k` best items for a user or an item that is not in the training data, by its
    /// features alone: without an embedding of its id, and without a history.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    ///
    /// # Panics
    /// If the tower has no features, or more than [`MAX_FEATURES`] are given.
    pub async fn rank_cold(
        &mut self,
        tower: Tower,
        features: &[u32],
        k: usize,
        filter: &Filter,
    ) -> Result<Ranked> {
        assert!(features.len() <= MAX_FEATURES, "{} features", features.len());
        let Dims { users, items, .. } = self.plan.dims;
        let (at, row, program) = match tower {
            Tower::User => (self.plan.handles.user, users, Program::EmbedColdUsers),
            Tower::Item => (self.plan.handles.item, items, Program::EmbedColdItems),
        };
        let lists = at.features.expect("the tower takes features");
        // After the lists of all rows.
        let begin = self.plan.words(lists.members) - MAX_FEATURES;
        self.executor.write(lists.members, begin, features);
        self.executor.write(lists.offsets, row + 1, &[(begin + features.len()) as u32]);
        if let (Some(lists), Some(history)) = (at.history, &self.history) {
            self.executor.write(lists.offsets, row + 1, &[history.items.len() as u32]);
        }
        self.query(&[row as u32]);
        self.run_now(program);
        Ok(self.rank(1, k, filter).await?.remove(0))
    }

    /// Returns the `k` best items for the mean of some items' outputs.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn rank_mean(&mut self, mean: &Sum, k: usize, filter: &Filter) -> Result<Ranked> {
        self.embed_items();
        let vectors = self.vectors(mean.of, mean.items.clone()).await?;
        let scale = self.scale(mean, &vectors);
        let mut query = vec![0.0; vectors.dim];
        for &item in &mean.items {
            add(&mut query, vectors.row(item));
        }
        let query: Vec<f32> = query.into_iter().map(|x| (x * scale) as f32).collect();
        self.query(&[NO_ID]);
        self.executor.write(self.plan.handles.query_outputs, 0, &query);
        Ok(self.rank(1, k, filter).await?.remove(0))
    }

    /// Returns a user's vector as a sum, if users are sums of their histories alone.
    pub fn sum_of(&self, user: u32) -> Option<Sum> {
        self.plan.handles.sum_power?;
        let items = self.history.as_ref()?.row(user).to_vec();
        Some(Sum { of: Source::Histories, items })
    }

    /// Returns how much each item of the sums adds to the scores of `items`. All sums have the same
    /// source.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn parts(&mut self, sums: Vec<Sum>, items: Vec<u32>) -> Result<Parts> {
        let of = sums.first().map_or(Source::Outputs, |sum| sum.of);
        let summed = sums.iter().flat_map(|sum| sum.items.iter().copied()).collect();
        self.embed_items();
        let vectors = self.vectors(of, summed).await?;
        let outputs = self.vectors(Source::Outputs, items).await?;
        let scales = sums.iter().map(|sum| self.scale(sum, &vectors)).collect();
        Ok(Parts { sums, scales, vectors, outputs })
    }

    /// Returns the factor of a sum's vectors.
    fn scale(&self, sum: &Sum, vectors: &Vectors) -> f64 {
        let power = match sum.of {
            Source::Outputs => 1.0,
            Source::Histories => self.plan.handles.sum_power.expect("users are sums"),
        };
        let weight = (sum.items.len().max(1) as f64).powf(-f64::from(power));
        if !self.normalize {
            return weight;
        }
        let mut all = vec![0.0; vectors.dim];
        for &item in &sum.items {
            add(&mut all, vectors.row(item));
        }
        let length = all.iter().map(|x| x * x).sum::<f64>().sqrt();
        weight / (weight * length).max(f64::from(MIN_NORM))
    }

    /// Reads vectors of items, without repeats; item outputs must be up to date.
    async fn vectors(&mut self, of: Source, mut items: Vec<u32>) -> Result<Vectors> {
        let (at, Dims { queries, out: dim, .. }) = (self.plan.handles, self.plan.dims);
        items.sort_unstable();
        items.dedup();
        let mut rows = Vec::with_capacity(items.len() * dim);
        for block in items.chunks(queries) {
            let mut wanted = block.to_vec();
            wanted.resize(queries, NO_ID);
            self.executor.write(at.wanted, 0, &wanted);
            self.run_now(match of {
                Source::Outputs => Program::GatherOutputs,
                Source::Histories => Program::GatherHistory,
            });
            rows.extend(self.executor.read::<f32>(at.wanted_rows, 0..block.len() * dim).await?);
        }
        Ok(Vectors { items, rows, dim })
    }

    /// Returns the `k` best items for each of the first `rows` queries of the block.
    async fn rank(&mut self, rows: usize, k: usize, filter: &Filter) -> Result<Vec<Ranked>> {
        let (at, padded) = (self.plan.handles, self.plan.dims.items_padded());
        self.embed_items();
        self.run_now(Program::Score);
        if filter.hides_seen {
            self.run_now(Program::HideSeen);
        }
        if filter.barred.iter().any(|&bits| bits != 0) {
            self.executor.write(at.barred, 0, &filter.barred);
            self.run_now(Program::HideBarred);
        }
        if k > TOP_K {
            let scores: Vec<f32> = self.executor.read(at.scores, 0..rows * padded).await?;
            let scores = scores.chunks_exact(padded);
            return Ok(scores.map(|scores| best(&scores[..self.plan.dims.items], k)).collect());
        }
        self.run_now(Program::ListBest);
        let items = self.executor.read_later::<u32>(at.top, 0..rows * TOP_K);
        let scores = self.executor.read_later::<f32>(at.top_scores, 0..rows * TOP_K);
        let (items, scores) = (items.finish().await?, scores.finish().await?);
        let lists = items.chunks_exact(TOP_K).zip(scores.chunks_exact(TOP_K));
        let list = |(items, scores): (&[u32], &[f32])| {
            let both = items.iter().copied().zip(scores.iter().copied());
            both.take(k).take_while(|&(item, _)| item != NO_ID).collect()
        };
        Ok(lists.map(list).collect())
    }

    /// Returns the number of blocks of items whose stored outputs are out of date.
    pub fn stale_blocks(&self) -> usize {
        self.plan.words(self.plan.handles.item_blocks) / STEP_STRIDE - self.fresh_blocks
    }

    /// Updates the stored outputs of the next blocks of items, and waits for them.
    ///
    /// # Errors
    /// The same as [`Executor::read`](crate::executor::Executor::read).
    pub async fn embed_blocks(&mut self, blocks: usize) -> Result<()> {
        self.embed_next(blocks);
        self.executor.read::<u32>(self.plan.handles.item_outputs, 0..1).await.map(drop)
    }

    /// Updates the stored outputs of all items.
    pub(super) fn embed_items(&mut self) {
        self.embed_next(self.stale_blocks());
    }

    fn embed_next(&mut self, blocks: usize) {
        let (at, words) = (self.plan.handles, self.plan.words(self.plan.handles.item_outputs));
        for block in self.fresh_blocks..self.fresh_blocks + blocks {
            self.executor.run(&self.plan, Program::EmbedItems, block);
            if let Some(outputs) = at.block_outputs {
                let offset = block * self.plan.words(outputs);
                let count = self.plan.words(outputs).min(words - offset);
                self.executor.copy(outputs, at.item_outputs, offset, count);
            }
        }
        self.fresh_blocks += blocks;
    }

    fn query(&mut self, users: &[u32]) {
        let block = Step::of_block(0, users.len());
        self.executor.write(self.plan.handles.query, 0, &[block]);
        let mut list = users.to_vec();
        list.resize(self.plan.dims.queries, NO_ID);
        self.executor.write(self.plan.handles.query_users, 0, &list);
    }
}

/// Returns the `k` best of the scores that are not masked. Partitions them first, and sorts only
/// the best.
fn best(scores: &[f32], k: usize) -> Ranked {
    let mut ranked: Ranked =
        (0..).zip(scores.iter().copied()).filter(|&(_, score)| score > IMPOSSIBLE).collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if k < ranked.len() {
        ranked.select_nth_unstable_by(k, order);
        ranked.truncate(k);
    }
    ranked.sort_unstable_by(order);
    ranked
}

fn add(sum: &mut [f64], row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
}
