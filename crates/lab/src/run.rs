//! A run of the crate: its start, its data, its backend and its runtime.

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde_json::Value;
use std::path::PathBuf;
use twotower::config;
use twotower::data::Part;
use twotower::executor::BackendRequest;
use xtask::root;

/// A run, resolved from the command line.
pub struct Run {
    pub start: Start,
    pub backend: Backend,
    /// Folder of `--export`.
    pub export: Option<PathBuf>,
    /// File of `--save`.
    pub save: Option<PathBuf>,
}

/// Start of a run.
pub enum Start {
    Fresh {
        /// Files in the order in which they are read.
        tables: Vec<Table>,
        /// Options that differ from the defaults.
        options: Value,
    },
    Saved {
        file: PathBuf,
        /// Files of new data that joins it.
        tables: Vec<Table>,
        /// Total number of epochs, if it differs from the saved run's.
        epochs: Option<u32>,
    },
}

/// File name of the saved run that `--export` writes, in addition to all [`EXPORTS`].
pub const MODEL: &str = "model.safetensors";

/// A file of a run's data.
pub struct Table {
    pub part: Part,
    pub file: PathBuf,
}

impl Table {
    pub fn new(part: Part, file: impl Into<PathBuf>) -> Self {
        Self { part, file: file.into() }
    }

    /// Returns the name of the file, without its folder.
    pub fn name(&self) -> String {
        self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns the part's key in a source of the npm package.
    pub fn key(&self) -> &'static str {
        match self.part {
            Part::All => "data",
            Part::Train => "train",
            Part::Validation => "validation",
            Part::Test => "test",
            Part::Items => "items",
            Part::Users => "users",
        }
    }
}

/// Runtime of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// Compiled for this machine.
    Native,
    /// Compiled to WebAssembly, in headless Chromium.
    Browser,
    /// Compiled to WebAssembly, in Node.js, with Dawn for WebGPU.
    Node,
}

/// Backend that the crate computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// A real GPU if there is one, else the CPU.
    Auto,
    /// WebGPU, also on a software adapter.
    Webgpu,
    /// The SIMD CPU backend.
    Cpu,
}

impl Runtime {
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Browser => "browser",
            Self::Node => "node",
        }
    }

    /// Describes where a timing was measured: the runtime, backend, adapter and kernel shape.
    pub fn on(self, timing: &Value) -> String {
        let word = |key: &str| timing[key].as_str().filter(|word| !word.is_empty());
        let words = [Some(self.name()), word("backend"), word("adapter"), word("shape")];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Webgpu => "webgpu",
            Self::Cpu => "cpu",
        }
    }

    /// Returns the backend as the crate's type.
    pub fn choice(self) -> BackendRequest {
        self.name().parse().expect("the crate has the same backends")
    }
}

/// Sets the options of `--set key=value`.
pub fn set_all(options: &mut Value, sets: &[String]) -> Result<()> {
    for set in sets {
        let (key, value) =
            set.split_once('=').with_context(|| format!("--set {set}: expected KEY=VALUE"))?;
        // A value that is not JSON is a text: `--set optimizer.kind=sgd` needs no quotes.
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        config::set(options, key, value);
    }
    Ok(())
}

/// Returns the folders of the built-in data sets, in order.
pub fn datasets() -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(root().join("www/data"))?.flatten();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Returns the folder of a built-in data set.
pub fn dataset(name: &str) -> Result<PathBuf> {
    let folders = datasets()?;
    match folders.iter().find(|folder| folder.ends_with(name)) {
        Some(folder) => Ok(folder.clone()),
        None => {
            let names = folders.iter().filter_map(|folder| folder.file_name()?.to_str());
            bail!("unknown data set `{name}`; use one of: {}", Vec::from_iter(names).join(", "));
        }
    }
}
