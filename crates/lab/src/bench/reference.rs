//! Times the reference step: ours on both backends, and the same step in other libraries, with the
//! same tables and ids.

use super::goal::Goal;
use super::peers;
use super::race::{self, BATCH, Contestant, Entry, Race};
use crate::report::timing::Timing;
use crate::run::Backend;
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use xtask::markdown::{Row, Table, number};

/// Measured figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reference {
    entries: Vec<Standing>,
    /// Why JAX was not timed, if it was requested.
    without_jax: Option<String>,
}

/// Result of one contestant.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    name: String,
    library: String,
    timing: Option<Timing>,
    error: Option<String>,
}

const CPU: &str = "ours cpu, SGD";
const WEBGPU: &str = "ours webgpu, SGD";
const CPU_ADAM: &str = "ours cpu, Adam";
const WEBGPU_ADAM: &str = "ours webgpu, Adam";
const JAX_ADAM: &str = "JAX native, sparse Adam";

/// Number of first steps whose losses must agree in all contestants. The other libraries get the
/// batches of these steps.
const CHECKED: usize = 6;

/// Largest relative difference of two losses: both sum a thousand numbers, in different orders.
const TOLERANCE: f64 = 1e-4;

/// Smallest relative spread of the losses; without it their agreement would prove nothing.
const MIN_SPREAD: f64 = 10.0 * TOLERANCE;

/// Options whose steps move rows by most of their length, so that any mistake shows in the next
/// loss.
fn sgd() -> Value {
    json!({ "batchSize": BATCH, "dim": 64, "temperature": 0.2, "optimizer": { "kind": "sgd", "learningRate": 50 } })
}

fn adam() -> Value {
    json!({ "batchSize": BATCH, "dim": 64, "temperature": 0.2, "optimizer": { "kind": "adam", "learningRate": 0.05 } })
}

pub fn measure(with_peers: bool) -> Result<Reference> {
    let mut race = Race::of(vec![
        Contestant::ours(CPU, Backend::Cpu, sgd()),
        Contestant::ours(WEBGPU, Backend::Webgpu, sgd()),
        Contestant::ours(CPU_ADAM, Backend::Cpu, adam()),
        Contestant::ours(WEBGPU_ADAM, Backend::Webgpu, adam()),
    ]);
    let mut without_jax = None;
    let mut native = Vec::new();
    if with_peers {
        race.contestants.extend(peers::contestants(&sgd()));
        race.shared = CHECKED;
        race.libraries = Some(peers::libraries()?);
        match peers::jax(&sgd(), &adam(), CHECKED) {
            Ok(entries) => native = entries,
            Err(error) => without_jax = Some(format!("{error:#}")),
        }
    }
    let mut entries = race.run()?;
    entries.extend(native);
    agree(&entries)?;
    let entries = entries.into_iter().map(|entry| Standing {
        timing: entry.timing(),
        name: entry.name,
        library: entry.library,
        error: entry.error,
    });
    Ok(Reference { entries: entries.collect(), without_jax })
}

/// Fails if a contestant's losses differ from ours.
fn agree(entries: &[Entry]) -> Result<()> {
    for (ours, optimiser) in [(CPU, "SGD"), (CPU_ADAM, "Adam")] {
        let ours = race::find(entries, ours)?;
        ours.laps()?;
        let wanted = ours.losses.get(..CHECKED).context("too few steps to compare")?;
        let least = wanted.iter().copied().fold(f64::INFINITY, f64::min);
        let most = wanted.iter().copied().fold(0.0, f64::max);
        ensure!(
            most - least > MIN_SPREAD * most,
            "{CHECKED} steps of {optimiser} move too little: losses from {least} to {most}"
        );
        let is_compared = |entry: &&Entry| {
            // All libraries in the page use plain SGD.
            let is_peer_in_page = !entry.name.contains(',');
            entry.name != peers::JAX_DENSE
                && (entry.name.ends_with(optimiser) || (optimiser == "SGD" && is_peer_in_page))
        };
        for entry in entries.iter().filter(is_compared).filter(|entry| entry.error.is_none()) {
            for (n, (theirs, ours)) in entry.losses.iter().zip(wanted).enumerate() {
                ensure!(
                    (theirs - ours).abs() <= TOLERANCE * ours,
                    "{} computes something else: its loss at step {} is {theirs}, ours {ours}",
                    entry.name,
                    n + 1,
                );
            }
        }
    }
    Ok(())
}

impl Reference {
    fn median(&self, name: &str) -> Option<f64> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        entry.timing.map(|timing| timing.median)
    }

    /// Returns the ratio of two contestants' median times.
    fn ratio(&self, above: &str, below: &str) -> Option<f64> {
        Some(self.median(above)? / self.median(below)?)
    }

    pub fn goals(&self) -> Vec<Goal> {
        let tfjs = peers::name("tfjs", "webgpu");
        let jax_js = |backend| peers::name("jax-js", backend);
        vec![
            Goal::at_least(
                "`webgpu` against TensorFlow.js webgpu, same adapter",
                10.0,
                self.ratio(&tfjs, WEBGPU),
            ),
            Goal::at_least(
                "`webgpu` against jax-js webgpu, same adapter",
                2.5,
                self.ratio(&jax_js("webgpu"), WEBGPU),
            ),
            Goal::at_most(
                "`cpu` against JAX native on one core, sparse Adam",
                2.0,
                self.ratio(CPU_ADAM, JAX_ADAM),
            ),
            Goal::at_least("`cpu` against jax-js wasm", 6.0, self.ratio(&jax_js("wasm"), CPU)),
        ]
    }

    pub fn table(&self) -> Table {
        let mut rows = Vec::new();
        for entry in &self.entries {
            let ours = if entry.name.contains("webgpu") || entry.name.contains("webgl") {
                WEBGPU
            } else {
                CPU
            };
            let against = match (&entry.error, self.ratio(&entry.name, ours)) {
                (Some(error), _) => format!("fails: {error}"),
                (None, ratio) => ratio.map(number).unwrap_or_default(),
            };
            let time = entry.timing.map(|timing| timing.to_string()).unwrap_or_default();
            rows.push(Row::from([entry.name.clone(), entry.library.clone(), time, against]));
        }
        if self.entries.iter().any(|entry| !entry.library.is_empty()) {
            let not_run = peers::NOT_RUN.map(|(name, why)| {
                [name.into(), String::new(), String::new(), format!("not run: {why}")]
            });
            rows.extend(not_run.map(Row::from));
        }
        if let Some(why) = &self.without_jax {
            let why = why.lines().next().unwrap_or_default();
            rows.push(Row::from([
                "JAX native".into(),
                String::new(),
                String::new(),
                format!("not run: {why}"),
            ]));
        }
        Table { head: ["", "version", "ms a step", "times ours"].map(String::from).to_vec(), rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, losses: &[f64]) -> Entry {
        Entry {
            name: name.into(),
            losses: losses.to_vec(),
            milliseconds: vec![vec![1.0]],
            ..Entry::default()
        }
    }

    #[test]
    fn other_computations_are_rejected_by_name() {
        let losses = [7.0, 6.9, 6.7, 6.4, 6.2, 6.1];
        let mut entries = vec![entry(CPU, &losses), entry(CPU_ADAM, &losses)];
        agree(&entries).expect("ours agrees with itself");
        entries.push(entry("jax-js wasm", &[7.0, 6.9, 6.7, 6.41]));
        let refused = agree(&entries).expect_err("refused").to_string();
        assert!(
            refused.starts_with("jax-js wasm computes something else: its loss at step 4"),
            "{refused}"
        );
    }

    #[test]
    fn steps_that_move_nothing_prove_nothing() {
        let losses = [7.0, 7.0001, 7.0, 7.0001, 7.0, 7.0001];
        let refused = agree(&[entry(CPU, &losses), entry(CPU_ADAM, &losses)]);
        let refused = refused.expect_err("refused").to_string();
        assert!(refused.starts_with("6 steps of SGD move too little"), "{refused}");
    }
}
