//! The demo page as its visitors have it: long tasks while it trains, time to the first loss, downloads.

use super::document::{Goal, Table};
use super::timing::{Timing, number};
use crate::{pages, root, setup, shell};
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// What was measured.
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
    /// Milliseconds of the longest, and of processor time in the one that took most: between them a task
    /// waits for a core.
    longest: f64,
    most_busy: f64,
}

/// A part of what a page loads.
#[derive(Debug, Serialize, Deserialize)]
struct Download {
    part: String,
    bytes: usize,
    gzip: usize,
}

/// What is told by `browser/visit.mjs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    tasks: Vec<Tasks>,
    first_loss: Vec<f64>,
}

/// What counts, by the names of its files but for a hash: data does not.
const PARTS: [(&str, &[&str], &str); 4] = [
    ("wasm", &["twotower_bg"], ".wasm"),
    ("worker", &["worker"], ".js"),
    ("package", &["twotower", "src"], ".js"),
    ("page, with its charts", &["index"], ".js"),
];

pub fn measure() -> Result<Page> {
    pages::build()?;
    let told = shell::step("the page", || {
        shell::quiet(
            Command::new("node")
                .arg(root().join("xtask/browser/visit.mjs"))
                .env(setup::CHROMIUM, setup::chromium()?),
        )
    })?;
    let Visit { tasks, first_loss } = serde_json::from_str(&told)?;
    let first_loss = Timing::of(&first_loss).context("the page showed no loss")?;
    Ok(Page { tasks, first_loss, downloads: downloads()? })
}

fn downloads() -> Result<Vec<Download>> {
    let folder = pages::folder();
    let mut files = Vec::new();
    for folder in [folder.join("assets"), folder] {
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("{} cannot be read", folder.display()))?
        {
            files.push(entry?.path());
        }
    }
    let mut downloads = Vec::new();
    for (part, names, ends) in PARTS {
        let mut download = Download { part: part.into(), bytes: 0, gzip: 0 };
        for file in files.iter().filter(|file| is_named(file, names, ends)) {
            let bytes = std::fs::read(file)?;
            download.bytes += bytes.len();
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&bytes)?;
            download.gzip += gzip.finish()?.len();
        }
        ensure!(download.bytes > 0, "the built page has no {part}");
        downloads.push(download);
    }
    Ok(downloads)
}

/// Whether a file's name, but for a hash behind it, is one of the wanted ones.
fn is_named(file: &Path, names: &[&str], ends: &str) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let Some(stem) = name.strip_suffix(ends) else { return false };
    let goes_on = |rest: &str| rest.is_empty() || rest.starts_with('-');
    names.iter().any(|name| stem.strip_prefix(name).is_some_and(goes_on))
}

impl Page {
    fn gzip(&self) -> f64 {
        self.downloads.iter().map(|download| download.gzip as f64 / 1e3).sum()
    }

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
                Some(self.gzip()),
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
                "- longest task while training on `{backend}`: {longest} ms; most processor time in one: {busy} ms"
            )?;
        }
        writeln!(out, "- load to first loss, warm cache, ms: {}\n", self.first_loss)?;
        let kilobytes = |bytes: f64| number(bytes / 1e3);
        let mut rows: Vec<Vec<String>> = Vec::new();
        for Download { part, bytes, gzip } in &self.downloads {
            rows.push(vec![part.clone(), kilobytes(*bytes as f64), kilobytes(*gzip as f64)]);
        }
        let whole: usize = self.downloads.iter().map(|download| download.bytes).sum();
        rows.push(vec!["together".into(), kilobytes(whole as f64), number(self.gzip())]);
        write!(out, "{}", Table::new(&["download", "KB", "KB, gzip"], rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_but_for_the_hash() {
        let is_named = |name: &str, wanted, ends| is_named(Path::new(name), &[wanted], ends);
        assert!(is_named("a/twotower_bg-Bx1.wasm", "twotower_bg", ".wasm"));
        assert!(is_named("worker-B-1.js", "worker", ".js"));
        assert!(is_named("twotower.js", "twotower", ".js"));
        assert!(!is_named("my_worker.js", "worker", ".js"));
        assert!(!is_named("worker-Bx1.js.map", "worker", ".js"));
    }
}
