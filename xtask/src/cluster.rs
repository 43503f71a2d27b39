//! `cargo xtask cluster test`: checks the Python package in `cluster/`, in an environment of its own.

use anyhow::Result;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use xtask::{root, shell};

#[derive(clap::Args)]
pub struct Cluster {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Install the package, check its style and types, and run its tests
    Test,
}

/// A step of the check: its name, a module of Python, and the module's arguments.
const CHECKS: [(&str, &str, &[&str]); 4] = [
    ("style", "ruff", &["check", "."]),
    ("format", "ruff", &["format", "--check", "--quiet", "."]),
    ("types", "mypy", &[]),
    ("tests", "pytest", &["--quiet"]),
];

impl Cluster {
    pub fn run(self) -> Result<ExitCode> {
        let Action::Test = self.action;
        let package = root().join("cluster");
        let python = shell::step("install cluster/", || environment(&package))?;
        for (name, module, arguments) in CHECKS {
            let mut command = Command::new(&python);
            command.current_dir(&package).args(["-m", module]).args(arguments);
            shell::step(name, || shell::run(&mut command))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Installs the package and what its tests need into `target/cluster-venv`; returns its Python.
fn environment(package: &Path) -> Result<PathBuf> {
    let folder = root().join("target/cluster-venv");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // A Python without pip comes from an interrupted installation.
    if shell::quiet(Command::new(&python).args(["-m", "pip", "--version"])).is_err() {
        shell::quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--editable"]);
    shell::quiet(install.arg(format!("{}[test]", package.display())))?;
    Ok(python)
}
