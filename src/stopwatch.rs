//! Times the training step alone, on random pairs: what `performance.md` calls the reference step; and
//! recommendations.

use serde::Serialize;
use web_time::Instant;

use crate::config::Config;
use crate::cpu::wasm_memory;
use crate::data::Pairs;
use crate::error::{Error, Result};
use crate::executor::{Backend, BackendChoice};
use crate::gpu::Bindings;
use crate::model::{Filter, Model};
use crate::negatives;
use crate::plan::{BagExtent, Bags, Extent};
use crate::random::{self, stream};

/// How long steps took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    #[serde(flatten)]
    backend: Backend,
    /// Milliseconds of each step, from its start until its loss was on the CPU.
    pub milliseconds: Vec<f64>,
    /// Bytes of all buffers.
    pub memory_bytes: u64,
    /// Bytes of WebAssembly's memory at its peak.
    pub wasm_bytes: Option<u64>,
    /// What a GPU binds.
    pub bindings: Option<Bindings>,
}

/// Steps before the first that counts: caches and pipelines are warm after one, the second proves it.
const WARM_UP: usize = 2;

/// Times `steps` training steps of a run over tables of `users` and `items` rows.
///
/// # Errors
/// Those of [`crate::executor::Executor::choose`].
pub async fn time_steps(
    config: &Config,
    users: usize,
    items: usize,
    choice: BackendChoice,
    steps: usize,
) -> Result<Timing> {
    let pairs = (WARM_UP + steps) * config.batch_size;
    let (mut model, backend) = fresh_model(config, users, items, pairs, choice).await?;
    let mut milliseconds = Vec::with_capacity(steps);
    for n in 0..WARM_UP + steps {
        let started = Instant::now();
        model.step();
        model.losses_later().finish().await?;
        if n >= WARM_UP {
            milliseconds.push(in_milliseconds(started));
        }
    }
    let memory_bytes = model.plan().bytes(backend.backend.is_gpu());
    let bindings = model.bindings();
    Ok(Timing { backend, milliseconds, memory_bytes, wasm_bytes: wasm_memory(), bindings })
}

/// How long recommendations took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTiming {
    #[serde(flatten)]
    backend: Backend,
    /// Milliseconds of the first one after training, which brings the outputs of all items up to date.
    pub first: f64,
    /// Milliseconds of each of the others, from the user's row to the list on the CPU.
    pub milliseconds: Vec<f64>,
    /// Bytes of all buffers.
    pub memory_bytes: u64,
}

/// Times the `k` best of so many items, for one user after the other.
///
/// # Errors
/// Those of [`crate::executor::Executor::choose`].
pub async fn time_lists(
    config: &Config,
    items: usize,
    k: usize,
    choice: BackendChoice,
    lists: usize,
) -> Result<ListTiming> {
    let users = 1 + lists;
    let (mut model, backend) = fresh_model(config, users, items, users, choice).await?;
    let all = Filter::new(items, None);
    let mut milliseconds = Vec::with_capacity(users);
    for user in 0..users as u32 {
        let started = Instant::now();
        model.rank_users(&[user], k, &all).await?;
        milliseconds.push(in_milliseconds(started));
    }
    let first = milliseconds.remove(0);
    let memory_bytes = model.plan().bytes(backend.backend.is_gpu());
    Ok(ListTiming { backend, first, milliseconds, memory_bytes })
}

fn in_milliseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

/// A model at the start of a run over random pairs.
async fn fresh_model(
    config: &Config,
    users: usize,
    items: usize,
    pairs: usize,
    choice: BackendChoice,
) -> Result<(Model, Backend)> {
    let draw = |n: usize, below: usize| {
        random::hash(config.seed, stream::SYNTHETIC, n as u32) % below as u32
    };
    let train: Pairs = (0..pairs).map(|n| [draw(2 * n, users), draw(2 * n + 1, items)]).collect();
    let history = config.towers.user.history.as_ref();
    let history = history.map(|options| train.rows(users).capped(options.cap, |_, item| item));
    let towers = &config.towers;
    if !towers.user.base.features.is_empty() || !towers.item.features.is_empty() {
        return Err(Error::NotAvailable { what: "features of random pairs".into() });
    }
    let extent = Extent {
        users,
        items,
        pairs,
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: true,
        bags: Bags {
            history: history
                .as_ref()
                .map_or(BagExtent::default(), |lists| BagExtent::of(lists, items)),
            ..Bags::default()
        },
    };
    let (mut model, backend) = Model::new(config, &extent, choice).await?;
    if let Some(history) = history {
        model.load_history(history);
    }
    let counts = vec![1; items];
    model.load(train.as_words(), &negatives::log_q(config, &counts));
    model.load_pool(config, &train, &counts);
    model.start_fresh(config);
    Ok((model, backend))
}
