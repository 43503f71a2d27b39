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
    frames: Vec<Frames>,
    downloads: Vec<Download>,
}

/// Milliseconds of a frame at 60 frames a second, as the page's clock rounds them.
const FRAME: f64 = 16.7;

/// Frames of the map of the items while all of its points move.
#[derive(Debug, Serialize, Deserialize)]
struct Frames {
    points: usize,
    /// Milliseconds from one frame to the next.
    time: Timing,
}

/// The main thread's tasks while the page trains.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tasks {
    backend: String,
    /// Whether the map of the items was on the screen.
    map: bool,
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
    frames: Vec<Moves>,
}

#[derive(Deserialize)]
struct Moves {
    points: usize,
    milliseconds: Vec<f64>,
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
    let Visit { tasks, first_loss, frames } = serde_json::from_str(&output)?;
    let first_loss = Timing::of(&first_loss).context("the page showed no loss")?;
    let timed = |Moves { points, milliseconds }| {
        let time = Timing::of(&milliseconds).context("the map did not move")?;
        Ok(Frames { points, time })
    };
    let frames = frames.into_iter().map(timed).collect::<Result<_>>()?;
    Ok(Page { tasks, first_loss, frames, downloads: size::measure()? })
}

impl Page {
    pub fn goals(&self) -> Vec<Goal> {
        let task = |Tasks { backend, map, longest, .. }: &Tasks| {
            let map = if *map { ", with the map" } else { "" };
            let what = format!("longest task of the page while training, `{backend}`{map}");
            Goal::at_most(what, 50.0, Some(*longest)).in_units("ms")
        };
        let mut goals: Vec<Goal> = self.tasks.iter().map(task).collect();
        goals.extend(self.frames.iter().map(|Frames { points, time }| {
            let what = format!("a frame of the map while {points} items move");
            Goal::at_most(what, FRAME, Some(time.median)).in_units("ms")
        }));
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
        for Tasks { backend, map, longest, most_busy } in &self.tasks {
            let [longest, busy] = [longest, most_busy].map(|time| number(*time));
            let map = if *map { ", with the map" } else { "" };
            writeln!(
                out,
                "- longest task while training on `{backend}`{map}: {longest} ms; most processor time in one task: {busy} ms"
            )?;
        }
        writeln!(out, "- load to first loss, warm cache, ms: {}", self.first_loss)?;
        for Frames { points, time } in &self.frames {
            writeln!(out, "- a frame of the map while {points} items move, ms: {time}")?;
        }
        writeln!(out)?;
        write!(out, "{}", size::table(&self.downloads))
    }
}
