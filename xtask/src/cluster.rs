//! `cargo xtask cluster`: the Python package in `cluster/`, in an environment of its own.

use crate::lab;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::Duration;
use xtask::{root, shell};

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
    /// Train on some processes of this machine
    Train {
        /// Number of processes
        #[arg(long, default_value_t = 2)]
        processes: usize,
        /// Arguments of `twotower-cluster train`
        #[arg(last = true, required = true)]
        arguments: Vec<String>,
    },
    /// Move a run from Chromium to JAX on two processes and back, and compare it with one that stayed
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

/// File name of the saved run in the folder of `--export`.
const MODEL: &str = "model.safetensors";

/// Data of the exchange.
const EXCHANGED: &str = "goodbooks";

/// Largest difference of a loss and of a metric between the run that moved and the one that did not:
/// the crate and JAX round differently, and a metric moves by whole hits.
const LOSS_WITHIN: f64 = 1e-3;
const METRICS_WITHIN: f64 = 2e-3;

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

/// Runs the checks; with `quick` those that take less than two minutes.
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

/// Installs the package and the needs of its tests into `target/cluster-venv`; returns its Python.
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

/// Trains on some processes of this machine; if one fails, the others are stopped.
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
        // Those that have ended stay as they are.
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
    let folder = root().join("target/tmp/exchange");
    std::fs::create_dir_all(&folder)?;
    let report = |name: &str| folder.join(format!("{name}.json"));
    let start = ["--dataset", EXCHANGED, "--set", "dim=32", "--set", "batchSize=1024"];
    let first = folder.join("first");
    let moved = folder.join(MODEL);
    in_chromium(&start, 5, &report("first"), Some(&first))?;
    let resume = format!("--resume={}", first.join(MODEL).display());
    let save = format!("--save={}", moved.display());
    train(python, 2, &[resume, save, "--epochs=10".into()])?;
    in_chromium(&["--resume", &moved.display().to_string()], 11, &report("moved"), None)?;
    in_chromium(&start, 11, &report("stayed"), None)?;
    let (moved, stayed) = (read_json(&report("moved"))?, read_json(&report("stayed"))?);
    for epoch in [9, 10] {
        compare(&moved["epochs"][epoch], &stayed["epochs"][epoch])?;
    }
    Ok(())
}

fn in_chromium(source: &[&str], epochs: usize, json: &Path, export: Option<&Path>) -> Result<()> {
    let mut command = lab::cargo_run();
    command.arg("train").args(source).args(["--backend", "cpu", "--json"]).arg(json);
    command.arg(format!("--epochs={epochs}"));
    if let Some(folder) = export {
        command.arg("--export").arg(folder);
    }
    shell::quiet(&mut command)?;
    Ok(())
}

fn read_json(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Compares an epoch of two runs.
fn compare(moved: &Value, stayed: &Value) -> Result<()> {
    for (name, within) in
        [("loss", LOSS_WITHIN), ("recall@20", METRICS_WITHIN), ("ndcg@20", METRICS_WITHIN)]
    {
        let (Some(ours), Some(theirs)) = (moved[name].as_f64(), stayed[name].as_f64()) else {
            bail!("an epoch has no {name}");
        };
        println!(
            "epoch {}  {name:9}  moved {ours:.6}  stayed {theirs:.6}  difference {:.1e}",
            moved["epoch"],
            (ours - theirs).abs()
        );
        ensure!(
            (ours - theirs).abs() <= within,
            "{name} differs by more than {within} after the exchange"
        );
    }
    Ok(())
}
