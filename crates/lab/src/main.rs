//! Commands that run the crate: they train, measure, and compare it with others. `cargo xtask`
//! starts them.

mod archive;
mod bench;
mod browser;
mod files;
mod golden;
mod list;
mod load;
mod native;
mod report;
mod run;
mod screen;
mod step;
mod study;
mod train;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "lab", bin_name = "cargo xtask")]
/// Trains and measures twotower
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train in headless Chromium, in Node.js or natively
    Train(Box<train::Train>),
    /// Run golden cases and print the largest error of each as a share of its tolerance
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
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Train(train) => train.run(),
        Command::Golden(golden) => golden.run(),
        Command::Load(load) => load.run(),
        Command::Step(step) => step.run(),
        Command::List(list) => list.run(),
        Command::Study(study) => study.run(),
        Command::Bench(bench) => bench.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
