//! `cargo xtask`: the one door to everything that a developer or a user of the repository does.
//!
//! Each command first brings what it needs and the machine lacks ([`setup`]), then does its work.

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
/// Builds, serves, trains and tests twotower; brings what is missing first
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and serve it
    Demo(demo::Demo),
    /// Train without a screen, in headless Chromium or natively
    Train(train::Train),
    /// Run all tests: native, kernels against their CPU twins, golden cases, browser
    Test,
    /// Hold everything that reads against mutated input
    Fuzz(fuzz::Fuzz),
    /// Run golden cases and print the worst error of each as a share of the gate
    Golden(golden::Golden),
    /// Load a large generated file in headless Chromium: rate and peak memory
    Load(load::Load),
    /// Time the training step, in headless Chromium or natively
    Step(step::Step),
    /// Time a list of recommendations, in headless Chromium or natively
    List(list::List),
    /// Rerun the experiments on a technique and write docs/results.md
    Study(study::Study),
    /// Measure the training step and the page against the goals, and write docs/performance.md
    Bench(bench::Bench),
    /// Build the examples with their hosts' tools and try the element in each, in headless Chromium
    Embeds(embeds::Embeds),
    /// Build the page and print what its visitors download; fails where that has grown
    Size,
    /// Check the Python package that trains on many machines
    Cluster(cluster::Cluster),
    /// Build the npm package, the offline page and the page for frames into dist/
    Package,
}

/// Where the crate runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Runtime {
    /// Compiled for this machine.
    Native,
    /// Compiled to WebAssembly, in headless Chromium.
    Browser,
    /// Compiled to WebAssembly, in Node.js, with Dawn for WebGPU.
    Node,
}

/// What the crate computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// A real GPU, else the CPU.
    Auto,
    /// WebGPU, on whatever adapter there is.
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

    /// Where something ran, with the backend and the adapter that it says it ran on.
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

    /// The crate's own name for it.
    fn choice(self) -> twotower::executor::BackendChoice {
        self.name().parse().expect("the crate knows the backends of its contract")
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

/// The repository.
fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the repository").to_owned()
}
