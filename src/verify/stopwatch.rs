//! Times recommendations and single training steps on random pairs, such as the reference step of
//! `docs/performance.md`.

use serde::Serialize;
use web_time::Instant;

use crate::config::Config;
use crate::data::Pairs;
use crate::error::{Error, Result};
use crate::executor::Bindings;
use crate::executor::cpu::{probe, wasm_memory};
use crate::executor::{Backend, BackendRequest, Limits};
use crate::model::{Filter, Model, Profile, Tower};
use crate::negatives;
use crate::plan::{BagExtent, Bags, Dims, Extent, RING};
use crate::random::{self, stream};

/// A run over random pairs that trains one step at a time.
#[derive(Debug)]
pub struct Stopwatch {
    model: Model,
    backend: Backend,
    seed: u32,
    pairs: Pairs,
}

/// Backend of a run, and the memory that it uses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About<'a> {
    #[serde(flatten)]
    backend: &'a Backend,
    /// Bytes of all buffers.
    memory_bytes: u64,
    /// Peak bytes of WebAssembly memory.
    wasm_bytes: Option<u64>,
    /// Sizes of the bindings, on a GPU.
    bindings: Option<Bindings>,
}

/// Result of a training step.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Lap {
    /// Milliseconds from its start until its loss is on the CPU.
    pub milliseconds: f64,
    /// The batch's mean loss.
    pub loss: f32,
}

/// Steps of an epoch: a whole number of windows, since batches are drawn one window ahead.
const STEPS: usize = 64;

impl Stopwatch {
    /// Creates a run at its start, with tables of `users` and `items` rows.
    ///
    /// # Errors
    /// Errors of [`Model::new`]; [`Error::NotAvailable`] for towers with features.
    pub async fn new(
        config: &Config,
        users: usize,
        items: usize,
        choice: BackendRequest,
    ) -> Result<Self> {
        let towers = &config.towers;
        if !towers.user.base.features.is_empty() || !towers.item.features.is_empty() {
            return Err(Error::NotAvailable { what: "timing of towers with features".into() });
        }
        let draw = |n: usize, below: usize| {
            random::hash(config.seed, stream::SYNTHETIC, n as u32) % below as u32
        };
        let pairs: Pairs = (0..STEPS * config.batch_size)
            .map(|n| [draw(2 * n, users), draw(2 * n + 1, items)])
            .collect();
        let history = towers.user.history.as_ref();
        let history = history.map(|options| pairs.rows(users).capped(options.cap, |_, item| item));
        let lists = history.as_ref();
        let extent = Extent {
            bags: Bags {
                history: lists.map_or(BagExtent::default(), |lists| BagExtent::of(lists, items)),
                ..Bags::default()
            },
            ..extent(config, users, items)
        };
        let (mut model, backend) = Model::new(config, &extent, choice).await?;
        if let Some(history) = history {
            model.load_history(history);
        }
        let counts = vec![1; items];
        model.load(pairs.as_words(), &negatives::log_q(config, &counts));
        model.load_pool(config, &pairs, &counts);
        model.start_fresh(config);
        Ok(Self { model, backend, seed: config.seed, pairs })
    }

    /// Returns the backend and its memory.
    pub fn about(&self) -> About<'_> {
        About {
            backend: &self.backend,
            memory_bytes: self.model.plan().bytes(self.backend.kind.is_gpu()),
            wasm_bytes: wasm_memory(),
            bindings: self.model.bindings(),
        }
    }

    /// Takes the next step.
    ///
    /// # Errors
    /// Errors of [`Executor::read`](crate::executor::Executor::read).
    pub async fn lap(&mut self) -> Result<Lap> {
        let started = Instant::now();
        let place = (self.model.steps() % RING as u64) as usize;
        self.model.step();
        let losses = self.model.losses_later().finish().await?;
        Ok(Lap { milliseconds: milliseconds_since(started), loss: losses[place] })
    }

    /// Ranks the `k` best of all items for a user. Returns the milliseconds from the user's row to
    /// the list on the CPU. The first call after a step also updates the outputs of all items.
    ///
    /// # Errors
    /// Errors of [`Executor::read`](crate::executor::Executor::read).
    pub async fn list(&mut self, user: u32, k: usize) -> Result<f64> {
        let all = Filter::new(self.model.plan().dims.items, None);
        let started = Instant::now();
        self.model.rank_users(&[user], k, &all).await?;
        Ok(milliseconds_since(started))
    }

    /// Returns the pairs of a batch of the first epoch, in the order of drawing, for comparison
    /// with other implementations.
    pub fn batch(&self, n: usize) -> Vec<u32> {
        let batch = self.model.plan().dims.batch;
        let (key, count) = (random::hash(self.seed, stream::ORDER, 0), self.pairs.len() as u32);
        let place = |row| random::permute((n * batch + row) as u32, count, key);
        (0..batch).flat_map(|row| self.pairs.get(place(row) as usize)).collect()
    }

    /// Takes one step without timestamps, then `laps` steps with timestamps around each operation.
    ///
    /// # Errors
    /// Errors of [`Model::start_timing`] and of [`Model::stop_timing`].
    pub async fn profile(&mut self, laps: usize) -> Result<Profile> {
        self.lap().await?;
        self.timed(laps).await
    }

    async fn timed(&mut self, laps: usize) -> Result<Profile> {
        self.model.start_timing()?;
        for _ in 0..laps {
            self.model.step();
        }
        self.model.losses_later().finish().await?;
        self.model.stop_timing().await
    }

    /// Measures the milliseconds of the products that a full bank of items adds to a step: on the
    /// CPU, in the same loops as the step; on a GPU, with timestamps around their dispatches in the
    /// next step.
    ///
    /// # Errors
    /// Errors of [`Model::start_timing`] and of [`Model::stop_timing`].
    pub async fn bank_products(&mut self) -> Result<f64> {
        let Dims { batch, bank, out: dim, .. } = self.model.plan().dims;
        if !self.backend.kind.is_gpu() {
            return Ok(probe::products(batch, bank, dim));
        }
        while self.model.steps() < bank.div_ceil(batch) as u64 {
            self.lap().await?;
        }
        let profile = self.timed(1).await?;
        let mut gradients = 0;
        let banked = profile.operations.iter().flat_map(|op| &op.kernels).filter(|(stem, _)| {
            // Each chunk has two user gradients; the first one comes from the batch's own items.
            gradients += usize::from(*stem == "softmax_loss_d_user");
            *stem == "bank_logits" || (*stem == "softmax_loss_d_user" && gradients % 2 == 0)
        });
        Ok(banked.map(|(_, milliseconds)| milliseconds).sum())
    }

    /// Measures the peak rates of the backend.
    ///
    /// # Errors
    /// Errors of [`Executor::limits`](crate::executor::Executor::limits).
    pub async fn limits(&mut self) -> Result<Limits> {
        self.model.measured().1.limits().await
    }

    /// Returns a tower's current embeddings (rows, width).
    ///
    /// # Errors
    /// Errors of [`Executor::read`](crate::executor::Executor::read).
    pub async fn table(&mut self, tower: Tower) -> Result<Vec<f32>> {
        self.model.table(tower).await
    }
}

fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

/// Returns the extent of random pairs for tables of `users` and `items` rows.
pub fn extent(config: &Config, users: usize, items: usize) -> Extent {
    Extent {
        users,
        items,
        pairs: STEPS * config.batch_size,
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: true,
        bags: Bags::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn small() -> Stopwatch {
        let config = Config::resolve(&json!({ "batchSize": 8, "dim": 4 })).expect("valid options");
        let stopwatch = Stopwatch::new(&config, 50, 30, BackendRequest::CPU);
        pollster::block_on(stopwatch).expect("there is memory")
    }

    #[test]
    fn others_get_the_batches_that_are_drawn() {
        let mut stopwatch = small();
        pollster::block_on(stopwatch.lap()).expect("a step");
        let (plan, executor) = stopwatch.model.measured();
        let drawn = executor.read::<u32>(plan.handles.item_ids, 0..2 * 8);
        let drawn = pollster::block_on(drawn).expect("items of two steps");
        for (n, items) in drawn.chunks_exact(8).enumerate() {
            let batch: Vec<u32> = stopwatch.batch(n).chunks_exact(2).map(|pair| pair[1]).collect();
            assert_eq!(batch, items, "batch {n}");
        }
    }

    #[test]
    fn each_lap_tells_the_loss_of_its_own_step() {
        let mut stopwatch = small();
        let laps: Vec<f32> =
            (0..3).map(|_| pollster::block_on(stopwatch.lap()).expect("a step").loss).collect();
        let ring = stopwatch.model.losses_later();
        let ring = pollster::block_on(ring.finish()).expect("the ring");
        assert_eq!(laps, ring[..3]);
        assert!(laps.iter().all(|loss| *loss > 0.0), "{laps:?}");
    }

    #[test]
    fn a_profile_has_every_operation_once_by_a_name_of_its_own() {
        let mut stopwatch = small();
        let profile = pollster::block_on(stopwatch.profile(2)).expect("a profile");
        let operations = profile.operations;
        let names: BTreeSet<&str> = operations.iter().map(|op| op.operation.as_str()).collect();
        assert_eq!(names.len(), operations.len(), "{names:?}");
        for wanted in
            ["gather_rows → user_outputs", "softmax_loss → d_item", "draw_batches → steps"]
        {
            assert!(names.contains(wanted), "no `{wanted}` in {names:?}");
        }
        let loss = operations.iter().find(|op| op.operation.starts_with("softmax_loss"));
        assert_eq!(loss.expect("a loss").multiply_adds, (3 * 8 * 8 * 8) as f64);
    }
}
