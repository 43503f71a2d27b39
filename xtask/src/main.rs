//! `cargo xtask`: all commands of the repository, for developers and users.
//!
//! Each command first installs missing requirements ([`xtask::setup`]), then does its work. Commands
//! that run the crate itself are those of `crates/lab`, which is compiled when one is used.

mod cluster;
mod demo;
mod docs;
mod embeds;
mod fuzz;
mod lab;
mod package;
mod test;

use clap::{Parser, Subcommand};
use lab::Lab;
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
    #[command(disable_help_flag = true)]
    Train(Lab),
    /// Run all tests: native, kernels against their CPU twins, golden cases, browser
    Test,
    /// Fuzz everything that reads files
    Fuzz(fuzz::Fuzz),
    /// Run golden cases and print the largest error of each as a share of its tolerance
    #[command(disable_help_flag = true)]
    Golden(Lab),
    /// Load a large generated file in headless Chromium; measure speed and peak memory
    #[command(disable_help_flag = true)]
    Load(Lab),
    /// Time the training step, in headless Chromium or natively
    #[command(disable_help_flag = true)]
    Step(Lab),
    /// Time a list of recommendations, in headless Chromium or natively
    #[command(disable_help_flag = true)]
    List(Lab),
    /// Repeat the experiments on a technique and write docs/results.md
    #[command(disable_help_flag = true)]
    Study(Lab),
    /// Measure the training step and the page, compare them with their goals, write
    /// docs/performance.md
    #[command(disable_help_flag = true)]
    Bench(Lab),
    /// Build the examples with their hosts' tools and try the element in each, in headless Chromium
    Embeds(embeds::Embeds),
    /// Build the documentation site and serve it
    Docs(docs::Docs),
    /// Build the page and print the sizes of its downloads; fails if they have grown
    Size,
    /// Test and run the Python package that trains on many machines
    Cluster(cluster::Cluster),
    /// Build the npm package, the offline page and the page for frames into dist/
    Package,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Train(lab) => lab.run("train"),
        Command::Test => test::run(),
        Command::Fuzz(fuzz) => fuzz.run(),
        Command::Golden(lab) => lab.run("golden"),
        Command::Load(lab) => lab.run("load"),
        Command::Step(lab) => lab.run("step"),
        Command::List(lab) => lab.run("list"),
        Command::Study(lab) => lab.run("study"),
        Command::Bench(lab) => lab.run("bench"),
        Command::Docs(docs) => docs.run(),
        Command::Embeds(embeds) => embeds.run(),
        Command::Size => xtask::size::run(),
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
