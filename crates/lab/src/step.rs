//! `cargo xtask step`: times one training step.

use crate::bench::race::{self, Contestant, Entry, Race};
use crate::run::{self, Backend, Runtime};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::process::ExitCode;
use twotower::Config;
use twotower::verify::stopwatch::Stopwatch;

/// The defaults are the reference step: ID towers of MovieLens-1M's size, in-batch softmax.
#[derive(clap::Args)]
pub struct Step {
    /// Rows of the user table
    #[arg(long, default_value_t = race::USERS)]
    users: usize,
    /// Rows of the item table
    #[arg(long, default_value_t = race::ITEMS)]
    items: usize,
    /// Number of timed steps
    #[arg(long, default_value_t = 11)]
    steps: usize,
    /// Set an option of the run; the default of batchSize is 1024 here
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    backend: Backend,
    #[arg(long, value_enum, default_value_t = Runtime::Browser)]
    runtime: Runtime,
}

impl Step {
    pub fn run(self) -> Result<ExitCode> {
        ensure!(self.steps > 0, "`--steps` must be at least 1");
        let mut options = json!({ "batchSize": race::BATCH });
        run::set_all(&mut options, &self.set)?;
        let entry = match self.runtime {
            Runtime::Native => pollster::block_on(self.natively(&options))?,
            Runtime::Browser | Runtime::Node => self.in_browser(options)?,
        };
        entry.laps()?;
        let timing = entry.timing().context("no step was timed")?;
        let about = &entry.about;
        println!(
            "{}: {timing} ms a step, {} steps; {:.0} MB of buffers",
            self.runtime.on(about),
            timing.count,
            about["memoryBytes"].as_f64().unwrap_or_default() / 1e6,
        );
        let bindings = &about["bindings"];
        if let Some(shards) = bindings["shards"].as_u64() {
            println!(
                "largest binding: {} bytes, adapter limit {} bytes; at most {shards} shards a buffer",
                bindings["largest"], bindings["limit"],
            );
        }
        if let Some(bytes) = about["wasmBytes"].as_f64() {
            println!("peak WebAssembly memory: {:.0} MB", bytes / 1e6);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn natively(&self, options: &Value) -> Result<Entry> {
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
        let about = serde_json::to_value(stopwatch.about())?;
        Ok(Entry { about, milliseconds: vec![milliseconds], ..Entry::default() })
    }

    fn in_browser(&self, options: Value) -> Result<Entry> {
        let contestant = Contestant {
            users: self.users,
            items: self.items,
            ..Contestant::ours("step", self.backend, options)
        };
        let race = Race {
            runtime: self.runtime,
            rounds: self.steps,
            turn: 0.0,
            ..Race::of(vec![contestant])
        };
        race.run()?.pop().context("one contestant has one result")
    }
}
