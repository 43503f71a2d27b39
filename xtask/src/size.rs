//! `cargo xtask size`: measures the downloads of the demo page and checks their budget.

use crate::markdown::{Row, Table, number};
use crate::pages;
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

/// Largest download without charts, in gzipped bytes: a little above its current size. The goal is
/// 200 KB.
const BUDGET: usize = 523_000;

/// A part of a page's download.
#[derive(Debug, Serialize, Deserialize)]
pub struct Download {
    part: String,
    bytes: usize,
    gzip: usize,
}

/// Largest download of an element before it is visible or used, in gzipped bytes.
const BUDGET_UNTOUCHED: usize = 15_000;

/// Part that is not in the sum, like data: it loads later.
const CHARTS: &str = "charts (not in the total)";
const CHARTS_FILE: &str = "chunk-charts.js";

/// Builds the page and prints the sizes of its parts and of the element's.
pub fn run() -> Result<ExitCode> {
    println!("{}", table(&within_budget()?));
    println!("{}", element_table()?);
    Ok(ExitCode::SUCCESS)
}

/// Builds the page and returns its downloads.
///
/// # Errors
/// If the page, or the element before its first use, is larger than its budget.
pub fn within_budget() -> Result<Vec<Download>> {
    pages::build()?;
    let downloads = measure()?;
    let gzip = gzip(&downloads);
    ensure!(
        gzip <= BUDGET,
        "{}\nThe page has {gzip} bytes, gzipped; its budget is {BUDGET}",
        table(&downloads)
    );
    let untouched = element()?[0].gzip;
    ensure!(
        untouched <= BUDGET_UNTOUCHED,
        "an element before its first use has {untouched} bytes, gzipped; its budget is {BUDGET_UNTOUCHED}"
    );
    Ok(downloads)
}

/// Measures the downloads of the built page.
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

/// Measures the downloads of an element: before its first use, then of its view, then of training.
fn element() -> Result<Vec<Download>> {
    let untouched = scripts("element.js")?;
    let view = &scripts("chunk-view.js")? - &untouched;
    let training = &files(["twotower.wasm"]) | &scripts("worker.js")?;
    Ok(vec![
        Download::of("before use", &untouched)?,
        Download::of("once visible", &view)?,
        Download::of("worker and wasm", &training)?,
    ])
}

/// Returns the element's sizes as a table.
pub fn element_table() -> Result<Table> {
    Ok(Table::new(&["element", "KB", "KB, gzip"], element()?.iter().map(Download::row)))
}

impl Download {
    /// Sums the sizes of files of the built page.
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

/// Returns the names of a script of the built page and of its static imports, also indirect ones.
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

/// Returns the names of a minified module's static imports: `from"./x.js"` and `import"./x.js"`.
fn imports(code: &str) -> impl Iterator<Item = &str> {
    ["from\"./", "import\"./"]
        .into_iter()
        .flat_map(|before| code.split(before).skip(1).filter_map(|rest| rest.split('"').next()))
}

/// Returns the gzipped bytes of all downloads in the sum.
pub fn gzip(downloads: &[Download]) -> usize {
    counted(downloads).map(|download| download.gzip).sum()
}

/// Returns the downloads and their sum as a table.
pub fn table(downloads: &[Download]) -> Table {
    let whole = counted(downloads).map(|download| download.bytes).sum();
    let whole = row("total", whole, gzip(downloads));
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
