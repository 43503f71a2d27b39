//! Training steps of several contestants, timed alternately on one page of headless Chromium.

use crate::browser::Browser;
use crate::report::timing::Timing;
use crate::run::{Backend, Runtime};
use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use xtask::wasm::{self, Variant};

/// The reference step: numbers of users and items of MovieLens-1M, and pairs in a batch.
pub const USERS: usize = 6040;
pub const ITEMS: usize = 3706;
pub const BATCH: usize = 1024;

/// Steps before the first timed step: one step warms caches and pipelines, the second confirms it.
pub const WARM_UP: usize = 2;

/// Turns of each contestant.
const ROUNDS: usize = 7;

/// Milliseconds of a turn: a fast contestant takes several steps, a slow one a single step.
const TURN: f64 = 150.0;

/// Chromium's flag for exact GPU timestamps; without it they are rounded to 0.1 ms.
pub const CLOCK: &str = "--enable-webgpu-developer-features";

/// A library with a backend and options, whose steps are timed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contestant {
    pub name: String,
    /// The library, if it is not ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<&'static str>,
    pub backend: &'static str,
    pub options: Value,
    pub users: usize,
    pub items: usize,
    /// Whether to time only the products that its bank adds to a step.
    pub bank_products: bool,
}

impl Contestant {
    /// Returns our reference step with these options.
    pub fn ours(name: &str, backend: Backend, options: Value) -> Self {
        Self {
            name: name.into(),
            library: None,
            backend: backend.name(),
            options,
            users: USERS,
            items: ITEMS,
            bank_products: false,
        }
    }
}

/// A race.
#[derive(Debug)]
pub struct Race {
    /// Contestants; the first is ours.
    pub contestants: Vec<Contestant>,
    pub warm_up: usize,
    pub rounds: usize,
    /// Milliseconds of a contestant's turn, at least one step.
    pub turn: f64,
    /// Number of our first batches that the other libraries repeat.
    pub shared: usize,
    /// Folder of the other libraries.
    pub libraries: Option<PathBuf>,
    /// Chromium or Node.js.
    pub runtime: Runtime,
}

impl Race {
    /// Returns a race with the default warm-up and rounds.
    pub fn of(contestants: Vec<Contestant>) -> Self {
        Self {
            contestants,
            warm_up: WARM_UP,
            rounds: ROUNDS,
            turn: TURN,
            shared: 0,
            libraries: None,
            runtime: Runtime::Browser,
        }
    }

    pub fn run(self) -> Result<Vec<Entry>> {
        wasm::build(Variant::Bench)?;
        let mut browser = Browser::new("race").in_runtime(self.runtime);
        browser.mount("/verify/", Variant::Bench.folder());
        if self.contestants.iter().any(|contestant| contestant.bank_products) {
            browser.flag(CLOCK);
        }
        if let Some(folder) = self.libraries {
            browser.mount("/peers/", folder);
        }
        let rounds = self.rounds;
        browser.request(json!({
            "contestants": self.contestants,
            "warmUp": self.warm_up,
            "rounds": rounds,
            "turn": self.turn,
            "shared": self.shared,
        }));
        let told = browser.run_one(|event, value| match event {
            "warm" => eprintln!("  warm: {}", value.as_str().unwrap_or_default()),
            _ => eprintln!("  round {value} of {rounds}"),
        })?;
        Ok(serde_json::from_value(told)?)
    }
}

/// Result of a contestant.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entry {
    pub name: String,
    pub library: String,
    /// Backend and adapter that it ran on.
    #[serde(flatten)]
    pub about: Value,
    /// Why it failed.
    pub error: Option<String>,
    /// Milliseconds of each step, by round.
    pub milliseconds: Vec<Vec<f64>>,
    /// Losses of all steps since the start.
    pub losses: Vec<f64>,
}

impl Entry {
    /// Returns the milliseconds of its steps, by round.
    ///
    /// # Errors
    /// The reason why it failed.
    pub fn laps(&self) -> Result<&[Vec<f64>]> {
        if let Some(error) = &self.error {
            bail!("{}: {error}", self.name);
        }
        ensure!(!self.milliseconds.is_empty(), "{}: no step was timed", self.name);
        Ok(&self.milliseconds)
    }

    pub fn timing(&self) -> Option<Timing> {
        Timing::of(&self.laps().ok()?.concat())
    }

    /// Returns the median of each round.
    pub fn medians(&self) -> Result<Vec<f64>> {
        let median = |round: &Vec<f64>| Timing::of(round).map(|timing| timing.median);
        self.laps()?.iter().map(median).collect::<Option<_>>().context("a round without a step")
    }
}

/// Returns the ratio of two contestants' times: one ratio a round, since both share a round's
/// noise.
pub fn ratio(entries: &[Entry], above: &str, below: &str) -> Result<Timing> {
    let above = find(entries, above)?.medians()?;
    let below = find(entries, below)?.medians()?;
    let ratios: Vec<f64> = above.iter().zip(&below).map(|(above, below)| above / below).collect();
    Timing::of(&ratios).context("a race without a round")
}

pub fn find<'a>(entries: &'a [Entry], name: &str) -> Result<&'a Entry> {
    entries.iter().find(|entry| entry.name == name).with_context(|| format!("{name} did not race"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, milliseconds: &[&[f64]]) -> Entry {
        let milliseconds = milliseconds.iter().map(|round| round.to_vec()).collect();
        Entry { name: name.into(), milliseconds, ..Entry::default() }
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let slow = entry("slow", &[&[2.0], &[40.0], &[6.0]]);
        let quick = entry("quick", &[&[1.0, 1.0, 9.0], &[20.0], &[2.0]]);
        let ratio = ratio(&[slow, quick], "slow", "quick").expect("both raced");
        assert_eq!(ratio, Timing { median: 2.0, low: 2.0, high: 2.5, count: 3 });
    }

    #[test]
    fn a_failed_run_has_no_ratio_but_a_reason() {
        let failed = Entry { error: Some("no such kernel".into()), ..entry("peer", &[]) };
        let refused = ratio(&[failed, entry("ours", &[&[1.0]])], "peer", "ours");
        assert_eq!(refused.expect_err("refused").to_string(), "peer: no such kernel");
    }
}
