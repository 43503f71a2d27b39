//! Parts of `cargo xtask` that `crates/lab` also uses: they install requirements, and build the
//! WebAssembly and the pages.

pub mod markdown;
pub mod pages;
pub mod setup;
pub mod shell;
pub mod size;
pub mod wasm;

use std::path::PathBuf;

/// Returns the folder of the repository.
pub fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the repository").to_owned()
}
