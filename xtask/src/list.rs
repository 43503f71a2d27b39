//! `cargo xtask list`: how long a list of recommendations takes.

use crate::browser::Browser;
use crate::step::median;
use crate::{Backend, Runtime, train, wasm};
use anyhow::Result;
use serde_json::{Value, json};
use std::process::ExitCode;
use twotower::{Config, stopwatch};

/// The defaults are the reference list: the ten best of a million items, for one user.
#[derive(clap::Args)]
pub struct List {
    /// Rows of the item table
    #[arg(long, default_value_t = 1_000_000)]
    items: usize,
    /// Items in a list
    #[arg(long, default_value_t = 10)]
    k: usize,
    /// Lists that are timed
    #[arg(long, default_value_t = 11)]
    lists: usize,
    /// Options over the defaults
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    backend: Backend,
    #[arg(long, value_enum, default_value_t = Runtime::Browser)]
    runtime: Runtime,
}

impl List {
    pub fn run(self) -> Result<ExitCode> {
        let mut options = json!({});
        train::set_all(&mut options, &self.set)?;
        let timing = match self.runtime {
            Runtime::Native => self.natively(&options)?,
            Runtime::Browser => self.in_browser(options)?,
        };
        println!(
            "{}: {} a list; {:.1} ms the first one, which embeds the catalogue; {:.0} MB of buffers",
            self.runtime.on(&timing),
            median(&timing["milliseconds"])?,
            timing["first"].as_f64().unwrap_or_default(),
            timing["memoryBytes"].as_f64().unwrap_or_default() / 1e6,
        );
        Ok(ExitCode::SUCCESS)
    }

    fn natively(&self, options: &Value) -> Result<Value> {
        let config = Config::resolve(options)?;
        let choice = self.backend.choice();
        let timing = stopwatch::time_lists(&config, self.items, self.k, choice, self.lists);
        Ok(serde_json::to_value(pollster::block_on(timing)?)?)
    }

    fn in_browser(&self, options: Value) -> Result<Value> {
        wasm::build(wasm::Variant::Verify)?;
        let mut browser = Browser::new("list");
        browser.mount("/verify/", wasm::Variant::Verify.folder());
        browser.request(json!({
            "options": options,
            "items": self.items,
            "k": self.k,
            "lists": self.lists,
            "backend": self.backend.name(),
        }));
        browser.run_one(|_, _| {})
    }
}
