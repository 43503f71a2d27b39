//! `cargo xtask size`: what a visitor of the demo page downloads, and whether it has grown.

use crate::bench::document::{Row, Table};
use crate::bench::timing::number;
use crate::pages;
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

/// Bytes, gzipped, that all that counts may have: a little more than it has. The goal is 200 KB.
const BUDGET: usize = 485_000;

/// A part of what a page loads.
#[derive(Debug, Serialize, Deserialize)]
pub struct Download {
    part: String,
    bytes: usize,
    gzip: usize,
}

/// Bytes, gzipped, that an element may load before its reader sees or touches it.
const BUDGET_UNTOUCHED: usize = 15_000;

/// Name of the part that does not count, as data does not.
const CHARTS: &str = "charts (apart)";
const CHARTS_FILE: &str = "chunk-charts.js";

/// Builds the page, and prints the sizes of its parts and of the element's.
pub fn run() -> Result<ExitCode> {
    println!("{}", table(&within_budget()?));
    println!("{}", element_table()?);
    Ok(ExitCode::SUCCESS)
}

/// Builds the page.
///
/// # Errors
/// If it, or the element before a touch, has become larger than it may be.
pub fn within_budget() -> Result<Vec<Download>> {
    pages::build()?;
    let downloads = measure()?;
    let gzip = gzip(&downloads);
    ensure!(
        gzip <= BUDGET,
        "{}\nthat is {gzip} bytes, gzipped, and may be {BUDGET}",
        table(&downloads)
    );
    let untouched = element()?[0].gzip;
    ensure!(
        untouched <= BUDGET_UNTOUCHED,
        "an element before a touch is {untouched} bytes, gzipped, and may be {BUDGET_UNTOUCHED}"
    );
    Ok(downloads)
}

/// Measures what a visitor of the built page loads.
pub fn measure() -> Result<Vec<Download>> {
    let package = scripts("twotower.js")?;
    let page = &(&scripts("page.js")? - &package) - &files([CHARTS_FILE]);
    Ok(vec![
        Download::of("wasm", &files(["twotower.wasm"]))?,
        Download::of("worker", &scripts("worker.js")?)?,
        Download::of("package", &package)?,
        Download::of("page", &page)?,
        Download::of(CHARTS, &files([CHARTS_FILE]))?,
    ])
}

/// Measures what an element loads: before a touch, then what its view adds, then what training adds.
fn element() -> Result<Vec<Download>> {
    let untouched = scripts("element.js")?;
    let view = &scripts("chunk-view.js")? - &untouched;
    let training = &files(["twotower.wasm"]) | &scripts("worker.js")?;
    Ok(vec![
        Download::of("before a touch", &untouched)?,
        Download::of("once it is seen", &view)?,
        Download::of("worker and wasm", &training)?,
    ])
}

/// The element's sizes as a table.
pub fn element_table() -> Result<Table> {
    Ok(Table::new(&["element", "KB", "KB, gzip"], element()?.iter().map(Download::row)))
}

impl Download {
    /// Adds up files of the built page.
    fn of(part: &str, files: &BTreeSet<String>) -> Result<Self> {
        let mut download = Self { part: part.into(), bytes: 0, gzip: 0 };
        for file in files {
            let bytes = std::fs::read(pages::folder().join(file)).context(file.clone())?;
            download.bytes += bytes.len();
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&bytes)?;
            download.gzip += gzip.finish()?.len();
        }
        Ok(download)
    }

    fn row(&self) -> Row {
        row(&self.part, self.bytes, self.gzip)
    }
}

fn files<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(String::from).collect()
}

/// A script of the built page with all that it imports at once, by their names.
fn scripts(entry: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut left = vec![entry.to_owned()];
    while let Some(name) = left.pop() {
        let code = std::fs::read_to_string(pages::folder().join(&name)).context(name.clone())?;
        if found.insert(name) {
            left.extend(imports(&code).map(String::from));
        }
    }
    Ok(found)
}

/// Names of the files that a minified module imports statically: `from"./x.js"` and `import"./x.js"`.
fn imports(code: &str) -> impl Iterator<Item = &str> {
    ["from\"./", "import\"./"]
        .into_iter()
        .flat_map(|before| code.split(before).skip(1).filter_map(|rest| rest.split('"').next()))
}

/// Bytes of all that counts, gzipped.
pub fn gzip(downloads: &[Download]) -> usize {
    counted(downloads).map(|download| download.gzip).sum()
}

pub fn table(downloads: &[Download]) -> Table {
    let whole = counted(downloads).map(|download| download.bytes).sum();
    let whole = row("together", whole, gzip(downloads));
    Table::new(&["download", "KB", "KB, gzip"], downloads.iter().map(Download::row).chain([whole]))
}

fn row(part: &str, bytes: usize, gzip: usize) -> Row {
    let kilobytes = |bytes: usize| number(bytes as f64 / 1e3);
    vec![part.into(), kilobytes(bytes), kilobytes(gzip)]
}

fn counted(downloads: &[Download]) -> impl Iterator<Item = &Download> {
    downloads.iter().filter(|download| download.part != CHARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_imports_are_found_and_dynamic_ones_are_not() {
        let code =
            r#"import{a}from"./b.js";import"./c.js";export*from"./d.js";x=()=>import("./e.js")"#;
        let mut found: Vec<&str> = imports(code).collect();
        found.sort_unstable();
        assert_eq!(found, ["b.js", "c.js", "d.js"]);
    }
}
