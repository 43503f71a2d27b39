//! `cargo xtask list`: times a list of recommendations.

use crate::browser::Browser;
use crate::report::timing::Timing;
use crate::run::{self, Backend, Runtime};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::ExitCode;
use twotower::Config;
use twotower::verify::stopwatch::Stopwatch;
use xtask::markdown::number;
use xtask::wasm::{self, Variant};

/// The defaults are the reference list: the ten best of a million items for one user.
#[derive(clap::Args)]
pub struct List {
    /// Rows of the item table
    #[arg(long, default_value_t = 1_000_000)]
    items: usize,
    /// Items in a list
    #[arg(long, default_value_t = 10)]
    k: usize,
    /// Number of timed lists, after a first one that is not counted
    #[arg(long, default_value_t = 11)]
    lists: usize,
    /// Set an option of the run
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    backend: Backend,
    #[arg(long, value_enum, default_value_t = Runtime::Browser)]
    runtime: Runtime,
}

/// Times of the lists, with the backend that made them.
#[derive(Deserialize)]
struct Timed {
    /// Backend and adapter.
    #[serde(flatten)]
    about: Value,
    /// Milliseconds of each list, one user after another.
    milliseconds: Vec<f64>,
}

impl List {
    pub fn run(self) -> Result<ExitCode> {
        let mut options = json!({});
        run::set_all(&mut options, &self.set)?;
        let Timed { about, milliseconds } = match self.runtime {
            Runtime::Native => pollster::block_on(self.natively(&options))?,
            Runtime::Browser | Runtime::Node => self.in_browser(options)?,
        };
        let (first, others) = milliseconds.split_first().context("nothing was timed")?;
        let timing = Timing::of(others).context("`--lists` must be at least 1")?;
        println!(
            "{}: {timing} ms a list, {} lists; {} ms for the first list, which embeds the catalogue; {:.0} MB of buffers",
            self.runtime.on(&about),
            timing.count,
            number(*first),
            about["memoryBytes"].as_f64().unwrap_or_default() / 1e6,
        );
        Ok(ExitCode::SUCCESS)
    }

    /// Returns the number of users: one for each list, and a first one whose list embeds the
    /// catalogue.
    fn users(&self) -> usize {
        1 + self.lists
    }

    async fn natively(&self, options: &Value) -> Result<Timed> {
        let config = Config::resolve(options)?;
        let choice = self.backend.choice();
        let mut stopwatch = Stopwatch::new(&config, self.users(), self.items, choice).await?;
        let mut milliseconds = Vec::with_capacity(self.users());
        for user in 0..self.users() as u32 {
            milliseconds.push(stopwatch.list(user, self.k).await?);
        }
        Ok(Timed { about: serde_json::to_value(stopwatch.about())?, milliseconds })
    }

    fn in_browser(&self, options: Value) -> Result<Timed> {
        wasm::build(Variant::Bench)?;
        let mut browser = Browser::new("list").in_runtime(self.runtime);
        browser.mount("/verify/", Variant::Bench.folder());
        browser.request(json!({
            "options": options,
            "users": self.users(),
            "items": self.items,
            "k": self.k,
            "backend": self.backend.name(),
        }));
        Ok(serde_json::from_value(browser.run_one(|_, _| {})?)?)
    }
}
