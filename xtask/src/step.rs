//! `cargo xtask step`: how long one training step takes.

use crate::browser::Browser;
use crate::{Backend, Runtime, train, wasm};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::process::ExitCode;
use twotower::{Config, stopwatch};

/// The defaults are the reference step: ID towers of MovieLens-1M's size, in-batch softmax.
#[derive(clap::Args)]
pub struct Step {
    /// Rows of the user table
    #[arg(long, default_value_t = 6040)]
    users: usize,
    /// Rows of the item table
    #[arg(long, default_value_t = 3706)]
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

/// The middle of some times, and where they lie.
pub fn median(times: &Value) -> Result<String> {
    let times = times.as_array().context("times")?;
    let mut times: Vec<f64> = times.iter().filter_map(Value::as_f64).collect();
    times.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (times.first(), times.last()) else {
        anyhow::bail!("nothing was timed");
    };
    let middle = times[times.len() / 2];
    Ok(format!("median {middle:.1} ms ({least:.1} to {most:.1}, {} times)", times.len()))
}

impl Step {
    pub fn run(self) -> Result<ExitCode> {
        let mut options = json!({ "batchSize": 1024 });
        train::set_all(&mut options, &self.set)?;
        let timing = match self.runtime {
            Runtime::Native => self.natively(&options)?,
            Runtime::Browser => self.in_browser(options)?,
        };
        println!(
            "{}: {} a step; {:.0} MB of buffers",
            self.runtime.on(&timing),
            median(&timing["milliseconds"])?,
            timing["memoryBytes"].as_f64().unwrap_or_default() / 1e6,
        );
        let bindings = &timing["bindings"];
        if let Some(shards) = bindings["shards"].as_u64() {
            println!(
                "largest binding {} of {} bytes that the adapter allows, at most {shards} shards a buffer",
                bindings["largest"], bindings["limit"],
            );
        }
        if let Some(bytes) = timing["wasmBytes"].as_f64() {
            println!("{:.0} MB of WebAssembly memory at the peak", bytes / 1e6);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn natively(&self, options: &Value) -> Result<Value> {
        let config = Config::resolve(options)?;
        let choice = self.backend.choice();
        let timing = stopwatch::time_steps(&config, self.users, self.items, choice, self.steps);
        Ok(serde_json::to_value(pollster::block_on(timing)?)?)
    }

    fn in_browser(&self, options: Value) -> Result<Value> {
        wasm::build(wasm::Variant::Verify)?;
        let mut browser = Browser::new("step");
        browser.mount("/verify/", wasm::Variant::Verify.folder());
        browser.request(json!({
            "options": options,
            "users": self.users,
            "items": self.items,
            "steps": self.steps,
            "backend": self.backend.name(),
        }));
        browser.run_one(|_, _| {})
    }
}
