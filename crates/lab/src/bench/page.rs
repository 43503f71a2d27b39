//! The demo page as visitors see it: long tasks while it trains, time to the first loss, downloads.

use super::goal::Goal;
use crate::report::timing::Timing;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::process::Command;
use xtask::markdown::number;
use xtask::size::{self, Download};
use xtask::{pages, root, setup, shell};

/// Measured figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page {
    tasks: Vec<Tasks>,
    /// Milliseconds from the start of loading, with everything cached, to the first loss on screen.
    first_loss: Timing,
    downloads: Vec<Download>,
}

/// The main thread's tasks while the page trains.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tasks {
    backend: String,
    /// Milliseconds of the longest task, including the time that it waits for a core.
    longest: f64,
    /// Largest processor time of a task, in milliseconds.
    most_busy: f64,
}

/// Output of `browser/visit.mjs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    tasks: Vec<Tasks>,
    first_loss: Vec<f64>,
}

pub fn measure() -> Result<Page> {
    pages::build()?;
    let output = shell::step("the page", || {
        shell::quiet(
            Command::new("node")
                .arg(root().join("crates/lab/browser/visit.mjs"))
                .env(setup::CHROMIUM, setup::chromium()?),
        )
    })?;
    let Visit { tasks, first_loss } = serde_json::from_str(&output)?;
    let first_loss = Timing::of(&first_loss).context("the page showed no loss")?;
    Ok(Page { tasks, first_loss, downloads: size::measure()? })
}

impl Page {
    pub fn goals(&self) -> Vec<Goal> {
        let task = |Tasks { backend, longest, .. }: &Tasks| {
            let what = format!("longest task of the page while training, `{backend}`");
            Goal::at_most(what, 50.0, Some(*longest)).in_units("ms")
        };
        let mut goals: Vec<Goal> = self.tasks.iter().map(task).collect();
        let seconds = self.first_loss.median / 1e3;
        goals.push(
            Goal::at_most("first loss on screen after load, warm cache", 3.0, Some(seconds))
                .in_units("s"),
        );
        goals.push(
            Goal::at_most(
                "download: wasm, worker, package and page, gzip",
                200.0,
                Some(size::gzip(&self.downloads) as f64 / 1e3),
            )
            .in_units("KB"),
        );
        goals
    }
}

impl Display for Page {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for Tasks { backend, longest, most_busy } in &self.tasks {
            let [longest, busy] = [longest, most_busy].map(|time| number(*time));
            writeln!(
                out,
                "- longest task while training on `{backend}`: {longest} ms; most processor time in one task: {busy} ms"
            )?;
        }
        writeln!(out, "- load to first loss, warm cache, ms: {}\n", self.first_loss)?;
        write!(out, "{}", size::table(&self.downloads))
    }
}
