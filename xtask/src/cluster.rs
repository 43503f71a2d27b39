//! `cargo xtask cluster`: the Python package in `cluster/`, in an environment of its own.

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::Duration;
use xtask::{pages, root, setup, shell};

#[derive(clap::Args)]
pub struct Cluster {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Check the package's style and types, run its tests, and exchange a run with Chromium
    Test {
        /// Run only the tests that `cargo xtask test` runs
        #[arg(long)]
        quick: bool,
    },
    /// Train with several processes on this machine
    Train {
        /// Number of processes
        #[arg(long, default_value_t = 2)]
        processes: usize,
        /// Arguments of `twotower-cluster train`
        #[arg(last = true, required = true)]
        arguments: Vec<String>,
    },
    /// Move a run from Chromium to JAX on two processes and back; compare it with a run that stayed
    Exchange,
    /// Find neighbours in exported vectors by FAISS and usearch; print recall and time
    Retrieval {
        /// Arguments of `cluster/examples/retrieval.py`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

/// A step of the check: its name, a module of Python, and the module's arguments.
type Check = (&'static str, &'static str, &'static [&'static str]);

const STYLE: [Check; 3] = [
    ("style", "ruff", &["check", "."]),
    ("format", "ruff", &["format", "--check", "--quiet", "."]),
    ("types", "mypy", &[]),
];
const QUICK: Check = ("tests, quick", "pytest", &["--quiet", "-m", "quick"]);
const ALL: Check = ("tests", "pytest", &["--quiet"]);

impl Cluster {
    pub fn run(self) -> Result<ExitCode> {
        match self.action {
            Action::Test { quick } => test(quick)?,
            Action::Train { processes, arguments } => {
                train(&environment()?, processes, &arguments)?
            }
            Action::Exchange => exchange(&environment()?)?,
            Action::Retrieval { arguments } => {
                let mut command = Command::new(environment()?);
                command.arg(package().join("examples/retrieval.py")).args(arguments);
                shell::run(&mut command)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs the checks; with `quick`, only those that together take less than two minutes.
pub fn test(quick: bool) -> Result<()> {
    let python = environment()?;
    for (name, module, arguments) in STYLE.into_iter().chain([if quick { QUICK } else { ALL }]) {
        let mut command = with_cache(Command::new(&python));
        command.current_dir(package()).args(["-m", module]).args(arguments);
        shell::step(name, || shell::run(&mut command))?;
    }
    if quick {
        return Ok(());
    }
    shell::step("exchange with Chromium", || exchange(&python))
}

fn package() -> PathBuf {
    root().join("cluster")
}

/// Installs the package and the packages of its tests into `target/cluster-venv`; returns its Python.
fn environment() -> Result<PathBuf> {
    let folder = root().join("target/cluster-venv");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    shell::step("install cluster/", || {
        // A Python without pip comes from an interrupted installation.
        if shell::quiet(Command::new(&python).args(["-m", "pip", "--version"])).is_err() {
            shell::quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        }
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--editable"]);
        shell::quiet(install.arg(format!("{}[test]", package().display())))
    })?;
    Ok(python)
}

/// Keeps JAX's compiled programs in `target/`: most of a short run is compilation.
fn with_cache(mut command: Command) -> Command {
    command.env("JAX_COMPILATION_CACHE_DIR", root().join("target/cluster-cache"));
    command.env("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3");
    command
}

/// Trains with several processes on this machine; if one fails, the others are stopped.
fn train(python: &Path, processes: usize, arguments: &[String]) -> Result<()> {
    ensure!(processes > 0, "--processes 0: use at least one");
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut started = Vec::new();
    for process in 0..processes {
        let mut command = with_cache(Command::new(python));
        command.args(["-m", "twotower_cluster.cli", "train"]).args(arguments);
        if processes > 1 {
            command.arg(format!("--coordinator=127.0.0.1:{port}"));
            command.arg(format!("--processes={processes}"));
            command.arg(format!("--process={process}"));
        }
        started.push(command.spawn().context("cannot start Python")?);
    }
    let outcome = wait(&mut started);
    for process in &mut started {
        // This does nothing to a process that has ended.
        let _ = process.kill();
        let _ = process.wait();
    }
    outcome
}

/// Waits until all processes have succeeded, or one has failed.
fn wait(started: &mut [Child]) -> Result<()> {
    loop {
        let mut running = false;
        for process in &mut *started {
            match process.try_wait()? {
                Some(status) => ensure!(status.success(), "a process failed ({status})"),
                None => running = true,
            }
        }
        if !running {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Trains 5 epochs in Chromium, 5 in JAX on two processes and 1 in Chromium again, and compares the
/// last two epochs with those of a run that stayed in Chromium.
fn exchange(python: &Path) -> Result<()> {
    setup::node_js()?;
    pages::build()?;
    let mut command = with_cache(Command::new("node"));
    command.arg(package().join("tests/exchange.mjs")).arg(python);
    shell::run(command.env(setup::CHROMIUM, setup::chromium()?))
}
