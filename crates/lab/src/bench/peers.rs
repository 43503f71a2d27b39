//! Other libraries that the reference step is compared with. They are installed for the benchmark
//! only, at the versions of the lock files in `crates/lab/bench`, and are not part of the product.

use super::race::{BATCH, Contestant, Entry, ITEMS, USERS, WARM_UP};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use twotower::Config;
use twotower::executor::BackendRequest;
use twotower::model::Tower;
use twotower::verify::stopwatch::Stopwatch;
use xtask::{root, setup, shell};

/// Libraries in the page, with the backends that can train this step.
const IN_PAGE: [(&str, &str); 4] =
    [("jax-js", "wasm"), ("jax-js", "webgpu"), ("tfjs", "webgpu"), ("tfjs", "webgl")];

/// Backends that are not run, and why.
pub const NOT_RUN: [(&str, &str); 2] = [
    ("TensorFlow.js wasm", "it has no kernel for the gradient of a gather (`UnsortedSegmentSum`)"),
    ("TensorFlow.js cpu", "it takes more than 30 s a step"),
];

/// Name of JAX's dense Adam. Only its time is compared: it also moves rows without a gradient, so
/// its losses differ.
pub const JAX_DENSE: &str = "JAX native, dense Adam";

/// Timed steps of JAX, a few hundredths of a second each.
const JAX_STEPS: usize = 25;

/// Installs the npm packages of the other libraries and returns their folder.
pub fn libraries() -> Result<PathBuf> {
    let folder = root().join("crates/lab/bench");
    setup::npm_packages_of(&folder)?;
    Ok(folder.join("node_modules"))
}

/// Returns the libraries in the page as contestants.
pub fn contestants(options: &Value) -> Vec<Contestant> {
    let contestant = |&(library, backend)| Contestant {
        name: name(library, backend),
        library: Some(library),
        backend,
        options: options.clone(),
        users: USERS,
        items: ITEMS,
        bank_products: false,
    };
    IN_PAGE.iter().map(contestant).collect()
}

/// Returns the name of a library with a backend.
pub fn name(library: &str, backend: &str) -> String {
    let library = if library == "tfjs" { "TensorFlow.js" } else { library };
    format!("{library} {backend}")
}

/// Times JAX natively on one core, with an entry for each optimiser.
pub fn jax(sgd: &Value, adam: &Value, shared: usize) -> Result<Vec<Entry>> {
    let python = setup::python_packages(&root().join("crates/lab/bench"))?.join("python");
    let folder = root().join("target/bench/step");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    pollster::block_on(write_start(&folder, sgd, adam, shared))?;
    let told = shell::step("JAX, natively on one core", || {
        shell::quiet(
            Command::new(&python).arg(root().join("crates/lab/bench/jax_step.py")).arg(&folder),
        )
    })?;
    let told: Value = serde_json::from_str(&told).context("JAX printed no JSON")?;
    let version = told["version"].as_str().unwrap_or_default();
    let entry = |(name, result): (&String, &Value)| {
        let numbers = |key: &str| serde_json::from_value::<Vec<f64>>(result[key].clone());
        let milliseconds = numbers("milliseconds")?;
        let laps = milliseconds.get(WARM_UP..).context("JAX took no step")?.to_vec();
        Ok(Entry {
            name: format!("JAX native, {name}"),
            library: format!("JAX {version}"),
            losses: numbers("losses")?,
            milliseconds: vec![laps],
            ..Entry::default()
        })
    };
    told.as_object()
        .into_iter()
        .flatten()
        .filter(|(_, result)| result.is_object())
        .map(entry)
        .collect()
}

/// Writes the input of JAX: the same start tables and batches as in the page.
async fn write_start(folder: &Path, sgd: &Value, adam: &Value, shared: usize) -> Result<()> {
    let (config, adam) = (Config::resolve(sgd)?, Config::resolve(adam)?);
    let mut stopwatch = Stopwatch::new(&config, USERS, ITEMS, BackendRequest::CPU).await?;
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        std::fs::write(&file, bytes)
            .with_context(|| format!("{} cannot be written", file.display()))
    };
    let floats = |table: Vec<f32>| table.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    write("users.f32", &floats(stopwatch.table(Tower::User).await?))?;
    write("items.f32", &floats(stopwatch.table(Tower::Item).await?))?;
    let batches = (0..shared).flat_map(|n| stopwatch.batch(n)).flat_map(u32::to_le_bytes);
    write("batches.u32", &batches.collect::<Vec<u8>>())?;
    let step = json!({
        "dim": config.dim,
        "batchSize": BATCH,
        "temperature": config.temperature,
        "learningRates": { "sgd": config.optimizer.learning_rate, "adam": adam.optimizer.learning_rate },
        "steps": WARM_UP + JAX_STEPS,
    });
    write("step.json", step.to_string().as_bytes())
}
