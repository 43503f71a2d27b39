//! Commands of `crates/lab`, which compiles the crate natively.

use anyhow::Result;
use std::ffi::OsString;
use std::process::{Command, ExitCode};
use xtask::{setup, shell};

/// Arguments of a command of the lab, which parses them and explains them with `--help`.
#[derive(clap::Args)]
pub struct Lab {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

impl Lab {
    /// Compiles the lab and runs one of its commands in place of this process, in this folder.
    pub fn run(self, command: &str) -> Result<ExitCode> {
        let mut lab = cargo_run();
        shell::hand_over(lab.arg(command).args(self.arguments))
    }
}

/// Returns `cargo run` of the lab, whose arguments follow. It runs in this process's folder, since
/// users name files relative to it.
pub fn cargo_run() -> Command {
    let manifest = xtask::root().join("crates/lab/Cargo.toml");
    let mut cargo = Command::new(setup::cargo().get_program());
    cargo.args(["run", "--quiet", "--manifest-path"]).arg(manifest).arg("--");
    cargo
}
