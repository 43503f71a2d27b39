//! `cargo xtask fuzz`: fuzzes everything that reads files, for a given time.

use anyhow::Result;
use std::process::{Command, ExitCode};
use xtask::{root, setup, shell};

/// Environment variable for `tests/suite/fuzz.rs`: seconds for each target.
pub const SECONDS: &str = "FUZZ_SECONDS";

#[derive(clap::Args)]
pub struct Fuzz {
    /// Targets to fuzz: loader, items, config, saved, query [default: all]
    targets: Vec<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 3600)]
    seconds: u64,
}

impl Fuzz {
    /// Fuzzes with cargo-fuzz if it and a nightly toolchain are installed, else with the loop of
    /// `tests/suite/fuzz.rs`.
    pub fn run(self) -> Result<ExitCode> {
        let mut targets = self.targets;
        if targets.is_empty() {
            targets = ["loader", "items", "config", "saved", "query"].map(String::from).to_vec();
        }
        let seconds = self.seconds.to_string();
        if has_cargo_fuzz() {
            for target in targets {
                let folder = root().join("crates/fuzz");
                let corpus = folder.join("corpus").join(&target);
                std::fs::create_dir_all(&corpus)?;
                let mut fuzz = Command::new("cargo");
                fuzz.args(["+nightly", "fuzz", "run", "--fuzz-dir"]).arg(&folder);
                fuzz.arg(&target).arg(corpus);
                let seeds = folder.join("seeds").join(&target);
                fuzz.args(seeds.is_dir().then_some(seeds)).args(["--", "-timeout=60"]);
                shell::run(fuzz.arg(format!("-max_total_time={seconds}")).current_dir(root()))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let mut tests = setup::cargo();
        tests.args(["test", "--test", "suite", "--", "--nocapture", "--exact"]);
        tests.args(targets.iter().map(|target| format!("fuzz::{target}")));
        shell::run(tests.env(SECONDS, seconds))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn has_cargo_fuzz() -> bool {
    let version = Command::new("cargo").args(["+nightly", "fuzz", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}
