//! `cargo xtask step`: how long one training step takes.

use crate::bench::race::{self, Contestant, Race};
use crate::bench::timing::Timing;
use crate::{Backend, Runtime, train};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::process::ExitCode;
use twotower::Config;
use twotower::stopwatch::Stopwatch;

/// The defaults are the reference step: ID towers of MovieLens-1M's size, in-batch softmax.
#[derive(clap::Args)]
pub struct Step {
    /// Rows of the user table
    #[arg(long, default_value_t = race::USERS)]
    users: usize,
    /// Rows of the item table
    #[arg(long, default_value_t = race::ITEMS)]
    items: usize,
    /// Steps that are timed
    #[arg(long, default_value_t = 11)]
    steps: usize,
    /// Options over the defaults, with `batchSize=1024` beneath them
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    backend: Backend,
    #[arg(long, value_enum, default_value_t = Runtime::Browser)]
    runtime: Runtime,
}

/// What was timed.
struct Timed {
    backend: String,
    adapter: String,
    memory_bytes: f64,
    milliseconds: Vec<f64>,
}

impl Step {
    pub fn run(self) -> Result<ExitCode> {
        ensure!(self.steps > 0, "--steps 0 times nothing");
        let mut options = json!({ "batchSize": race::BATCH });
        train::set_all(&mut options, &self.set)?;
        let timed = match self.runtime {
            Runtime::Native => pollster::block_on(self.natively(&options))?,
            Runtime::Browser => self.in_browser(options)?,
        };
        println!(
            "{} {} {}: {} ms a step, {} steps, {:.0} MB of buffers",
            self.runtime.name(),
            timed.backend,
            timed.adapter,
            Timing::of(&timed.milliseconds).context("times")?,
            timed.milliseconds.len(),
            timed.memory_bytes / 1e6,
        );
        Ok(ExitCode::SUCCESS)
    }

    async fn natively(&self, options: &Value) -> Result<Timed> {
        let config = Config::resolve(options)?;
        let choice = self.backend.choice();
        let mut stopwatch = Stopwatch::new(&config, self.users, self.items, choice).await?;
        let mut milliseconds = Vec::with_capacity(self.steps);
        for n in 0..race::WARM_UP + self.steps {
            let lap = stopwatch.lap().await?;
            if n >= race::WARM_UP {
                milliseconds.push(lap.milliseconds);
            }
        }
        let backend = serde_json::to_value(stopwatch.backend())?;
        let text = |key: &str| backend[key].as_str().unwrap_or_default().to_owned();
        Ok(Timed {
            backend: text("backend"),
            adapter: text("adapter"),
            memory_bytes: stopwatch.memory_bytes() as f64,
            milliseconds,
        })
    }

    fn in_browser(&self, options: Value) -> Result<Timed> {
        let contestant = Contestant {
            users: self.users,
            items: self.items,
            ..Contestant::ours("step", self.backend, options)
        };
        let race = Race { rounds: self.steps, turn: 0.0, ..Race::of(vec![contestant]) };
        let entry = race.run()?.pop().context("one contestant has one result")?;
        Ok(Timed {
            milliseconds: entry.laps()?.concat(),
            backend: entry.backend,
            adapter: entry.adapter,
            memory_bytes: entry.memory_bytes,
        })
    }
}
