//! Builds the pages and the package of `www/`.

use crate::{root, setup, shell, wasm};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Names in `www/` that are not sources: build output, installed packages, tests, and copies for
/// the package.
const OTHERS: [&str; 6] =
    ["dist", "node_modules", "tests", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// File that a build writes last.
const LAST: &str = "twotower-demo.html";

/// Returns the output folder of `npm run build`.
pub fn folder() -> PathBuf {
    root().join("www/dist")
}

/// Builds the WebAssembly, and the pages if a source has changed.
pub fn build() -> Result<()> {
    wasm::build(wasm::Variant::Package)?;
    let www = root().join("www");
    let built = newest(&folder().join(LAST));
    let sources = std::fs::read_dir(&www)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !OTHERS.iter().any(|name| path.ends_with(name)))
        .map(|path| newest(&path))
        .max();
    if built > sources.unwrap_or(SystemTime::UNIX_EPOCH) {
        return Ok(());
    }
    shell::step("npm run build", || shell::quiet(setup::npm().args(["run", "build"])))?;
    Ok(())
}

/// Returns the modification time of a file, or the newest in a folder.
fn newest(path: &Path) -> SystemTime {
    let own = path.metadata().and_then(|metadata| metadata.modified());
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
    inside.map(|entry| newest(&entry.path())).chain(own).max().unwrap_or(SystemTime::UNIX_EPOCH)
}
