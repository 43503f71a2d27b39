//! `cargo xtask package`: writes the npm tarball, the offline page and the page for frames to
//! `dist/`.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask::markdown::{Row, Table, number};
use xtask::{pages, root, setup, shell, size};

/// Largest size of the offline page, in bytes.
const OFFLINE_BUDGET: u64 = 2_000_000;
/// Largest size of the tarball, in bytes: a little above its current size.
const TARBALL_BUDGET: u64 = 1_960_000;

/// Files of the repository that the package also contains.
const SHARED: [&str; 3] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Name of the offline page in `www/dist`.
const OFFLINE: &str = "twotower-demo.html";

/// Returns the output folder.
fn out() -> PathBuf {
    root().join("dist")
}

/// Builds everything and prints the sizes.
pub fn run() -> Result<ExitCode> {
    let downloads = size::within_budget()?;
    let out = out();
    if out.exists() {
        fs::remove_dir_all(&out).context("the previous package could not be removed")?;
    }
    fs::create_dir_all(&out)?;
    let tarball = tarball(&out)?;
    let offline = out.join(OFFLINE);
    fs::copy(pages::folder().join(OFFLINE), &offline)?;
    embed(&out.join("embed"))?;
    println!("{}", size::table(&downloads));
    println!("{}", size::element_table()?);
    let files = [(tarball, TARBALL_BUDGET), (offline, OFFLINE_BUDGET)];
    let rows =
        files.iter().map(|(file, budget)| weighed(file, *budget)).collect::<Result<Vec<_>>>()?;
    println!("{}", Table::new(&["file of dist/", "KB", "budget, KB"], rows));
    println!("dist/embed/ contains the page for frames; any static host can serve it");
    Ok(ExitCode::SUCCESS)
}

/// Packs `www/` into a folder, as npm publishes it. Returns the path of the tarball.
pub fn tarball(folder: &Path) -> Result<PathBuf> {
    for file in SHARED {
        fs::copy(root().join(file), root().join("www").join(file))?;
    }
    let packed = shell::step("npm pack", || {
        let mut npm = setup::npm();
        shell::quiet(
            npm.args(["pack", "--ignore-scripts", "--silent", "--pack-destination"]).arg(folder),
        )
    })?;
    let name = packed.lines().last().context("npm packed nothing")?;
    Ok(folder.join(name.trim()))
}

/// Copies the page for frames with the files that it loads: all built files except the other pages.
fn embed(folder: &Path) -> Result<()> {
    let built = pages::folder();
    copy(&built, folder, &["index.html", OFFLINE, "page.js", "style.css", "types", "embed"])?;
    // In this folder, the scripts are beside the page.
    let page = fs::read_to_string(built.join("embed/index.html"))?.replace("\"../", "\"./");
    Ok(fs::write(folder.join("index.html"), page)?)
}

fn copy(from: &Path, to: &Path, but: &[&str]) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if but.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to, &[])?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Returns a row with a file's size and budget.
///
/// # Errors
/// If the file is larger than its budget.
fn weighed(file: &Path, budget: u64) -> Result<Row> {
    let bytes = file.metadata()?.len();
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(bytes <= budget, "{name} has {bytes} bytes; its budget is {budget}");
    Ok(vec![name, number(bytes as f64 / 1e3), number(budget as f64 / 1e3)])
}
