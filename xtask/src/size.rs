//! `cargo xtask size`: what a visitor of the demo page downloads, and whether it has grown.

use crate::bench::document::Table;
use crate::bench::timing::number;
use crate::pages;
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Bytes, gzipped, that all that counts may have: a little more than it has. The goal is 200 KB.
const BUDGET: usize = 445_000;

/// A part of what a page loads.
#[derive(Debug, Serialize, Deserialize)]
pub struct Download {
    part: String,
    bytes: usize,
    gzip: usize,
}

/// The parts, by the names of their files but for a hash. The last one is apart: it does not count, as data
/// does not.
const PARTS: [(&str, &[&str], &str); 5] = [
    ("wasm", &["twotower_bg"], ".wasm"),
    ("worker", &["worker"], ".js"),
    ("package", &["twotower", "src"], ".js"),
    ("page", &["index"], ".js"),
    (CHARTS, &["charts"], ".js"),
];
const CHARTS: &str = "charts (apart)";

/// Builds the page, and prints what it is made of.
pub fn run() -> Result<ExitCode> {
    println!("{}", table(&within_budget()?));
    Ok(ExitCode::SUCCESS)
}

/// Builds the page.
///
/// # Errors
/// If it has become larger than it may be.
pub fn within_budget() -> Result<Vec<Download>> {
    pages::build()?;
    let downloads = measure()?;
    let gzip = gzip(&downloads);
    ensure!(
        gzip <= BUDGET,
        "{}\nthat is {gzip} bytes, gzipped, and may be {BUDGET}",
        table(&downloads)
    );
    Ok(downloads)
}

/// Measures the built page.
pub fn measure() -> Result<Vec<Download>> {
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

/// Bytes of all that counts, gzipped.
pub fn gzip(downloads: &[Download]) -> usize {
    counted(downloads).map(|download| download.gzip).sum()
}

pub fn table(downloads: &[Download]) -> Table {
    let kilobytes = |bytes: usize| number(bytes as f64 / 1e3);
    let row = |part: &str, bytes, gzip| vec![part.into(), kilobytes(bytes), kilobytes(gzip)];
    let rows = downloads.iter().map(|Download { part, bytes, gzip }| row(part, *bytes, *gzip));
    let whole = counted(downloads).map(|download| download.bytes).sum();
    let whole = row("together", whole, gzip(downloads));
    Table::new(&["download", "KB", "KB, gzip"], rows.chain([whole]))
}

fn counted(downloads: &[Download]) -> impl Iterator<Item = &Download> {
    downloads.iter().filter(|download| download.part != CHARTS)
}

/// Whether a file's name, but for a hash behind it, is one of the wanted ones.
fn is_named(file: &Path, names: &[&str], ends: &str) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let Some(stem) = name.strip_suffix(ends) else { return false };
    let goes_on = |rest: &str| rest.is_empty() || rest.starts_with('-');
    names.iter().any(|name| stem.strip_prefix(name).is_some_and(goes_on))
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
