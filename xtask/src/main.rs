//! `cargo xtask`: all commands of the repository, for developers and users.
//!
//! Each command first installs missing requirements ([`setup`]), then does its work.

mod bench;
mod browser;
mod cluster;
mod demo;
mod embeds;
mod fuzz;
mod golden;
mod list;
mod load;
mod native;
mod package;
mod pages;
mod screen;
mod setup;
mod shell;
mod size;
mod step;
mod study;
mod test;
mod train;
mod wasm;
mod zip;

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
/// Builds, serves, trains and tests twotower; installs missing requirements first
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and serve it
    Demo(demo::Demo),
    /// Train in headless Chromium, in Node.js or natively
    Train(Box<train::Train>),
    /// Run all tests: native, kernels against their CPU twins, golden cases, browser
    Test,
    /// Fuzz everything that reads files
    Fuzz(fuzz::Fuzz),
    /// Run golden cases and print the largest error of each as a share of the gate
    Golden(golden::Golden),
    /// Load a large generated file in headless Chromium; measure speed and peak memory
    Load(load::Load),
    /// Time the training step, in headless Chromium or natively
    Step(step::Step),
    /// Time a list of recommendations, in headless Chromium or natively
    List(list::List),
    /// Repeat the experiments on a technique and write docs/results.md
    Study(study::Study),
    /// Measure the training step and the page, compare them with their goals, write
    /// docs/performance.md
    Bench(bench::Bench),
    /// Build the examples with their hosts' tools and try the element in each, in headless Chromium
    Embeds(embeds::Embeds),
    /// Build the page and print the sizes of its downloads; fails if they have grown
    Size,
    /// Check the Python package that trains on many machines
    Cluster(cluster::Cluster),
    /// Build the npm package, the offline page and the page for frames into dist/
    Package,
}

/// Runtime of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Runtime {
    /// Compiled for this machine.
    Native,
    /// Compiled to WebAssembly, in headless Chromium.
    Browser,
    /// Compiled to WebAssembly, in Node.js, with Dawn for WebGPU.
    Node,
}

/// Backend that the crate computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// A real GPU if there is one, else the CPU.
    Auto,
    /// WebGPU, also on a software adapter.
    Webgpu,
    /// The SIMD CPU backend.
    Cpu,
}

impl Runtime {
    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Browser => "browser",
            Self::Node => "node",
        }
    }

    /// Returns the runtime with the backend, adapter and kernel shape of a timing's report.
    fn on(self, timing: &serde_json::Value) -> String {
        let word = |key: &str| timing[key].as_str().filter(|word| !word.is_empty());
        let words = [Some(self.name()), word("backend"), word("adapter"), word("shape")];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Backend {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Webgpu => "webgpu",
            Self::Cpu => "cpu",
        }
    }

    /// Returns the crate's type for it.
    fn choice(self) -> twotower::executor::BackendChoice {
        self.name().parse().expect("the crate has the same backends")
    }
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Train(train) => train.run(),
        Command::Test => test::run(),
        Command::Fuzz(fuzz) => fuzz.run(),
        Command::Golden(golden) => golden.run(),
        Command::Load(load) => load.run(),
        Command::Step(step) => step.run(),
        Command::List(list) => list.run(),
        Command::Study(study) => study.run(),
        Command::Bench(bench) => bench.run(),
        Command::Embeds(embeds) => embeds.run(),
        Command::Size => size::run(),
        Command::Cluster(cluster) => cluster.run(),
        Command::Package => package::run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the folder of the repository.
fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the repository").to_owned()
}
