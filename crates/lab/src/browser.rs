//! Jobs in a headless browser or in Node.js, run by the drivers in `crates/lab/browser`.

use crate::run::Runtime;
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use xtask::{root, setup};

/// An engine that runs the WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Engine {
    /// Chromium or Chrome, with WebGPU on SwiftShader.
    Chromium,
    /// Firefox, with WebGPU on the system's Vulkan driver.
    Firefox,
    /// Node.js, with WebGPU by Dawn on SwiftShader; chosen by `--runtime node`.
    #[value(skip)]
    Node,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Node => "node",
        }
    }
}

/// A browser to start. It runs the job once for each request, each on its own page. In Node.js, each
/// request has its own thread.
pub struct Browser {
    job: &'static str,
    engine: Engine,
    mounts: Map<String, Value>,
    requests: Vec<Value>,
    /// Folder for files that pages send.
    outbox: Option<PathBuf>,
    flags: Vec<&'static str>,
}

impl Browser {
    /// Returns Chromium with a job: the name of a function of `browser/jobs.mjs`.
    pub fn new(job: &'static str) -> Self {
        Self {
            job,
            engine: Engine::Chromium,
            mounts: Map::new(),
            requests: Vec::new(),
            outbox: None,
            flags: Vec::new(),
        }
    }

    /// Sets the engine.
    pub fn in_engine(self, engine: Engine) -> Self {
        Self { engine, ..self }
    }

    /// Sets the engine of a runtime: Node.js, else Chromium.
    pub fn in_runtime(self, runtime: Runtime) -> Self {
        self.in_engine(if runtime == Runtime::Node { Engine::Node } else { Engine::Chromium })
    }

    /// Serves a file, or a folder if `path` ends in `/`.
    pub fn mount(&mut self, path: &str, target: PathBuf) {
        self.mounts.insert(path.into(), target.to_string_lossy().into());
    }

    /// Writes the files that pages send to a folder.
    pub fn receive(&mut self, folder: PathBuf) {
        self.outbox = Some(folder);
    }

    /// Adds a flag of Chromium.
    pub fn flag(&mut self, flag: &'static str) {
        self.flags.push(flag);
    }

    /// Adds a request.
    pub fn request(&mut self, request: Value) {
        self.requests.push(request);
    }

    /// Runs the requests in order and calls `hear` with each event. Returns the job's result or
    /// error for each request.
    pub fn run(self, mut hear: impl FnMut(&str, &Value)) -> Result<Vec<Result<Value>>> {
        setup::npm_packages()?;
        let mut driver = self
            .driver()?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start node")?;
        let wanted = self.requests.len();
        let order = json!({
            "mounts": self.mounts,
            "job": self.job,
            "requests": self.requests,
            "outbox": self.outbox,
            "flags": self.flags,
            "browser": self.engine.name(),
        });
        let mut stdin = driver.stdin.take().expect("stdin is piped");
        stdin.write_all(order.to_string().as_bytes())?;
        drop(stdin);
        let mut answers = Vec::with_capacity(wanted);
        let stdout = driver.stdout.take().expect("stdout is piped");
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            let mut said: Value = serde_json::from_str(&line)
                .with_context(|| format!("the driver printed {line}"))?;
            if let Some(error) = said.get("error") {
                answers.push(Err(anyhow!("{}", error.as_str().unwrap_or("unknown error"))));
            } else if let Some(done) = said.get_mut("done") {
                answers.push(Ok(done.take()));
            } else {
                hear(said["event"].as_str().unwrap_or_default(), &said["value"]);
            }
        }
        let status = driver.wait()?;
        if !status.success() || answers.len() != wanted {
            bail!("the driver ended early ({status})");
        }
        Ok(answers)
    }

    /// Returns the command of the engine's driver, with the engine's path in its environment.
    fn driver(&self) -> Result<Command> {
        let script = if self.engine == Engine::Node { "drive-node.mjs" } else { "drive.mjs" };
        let mut driver = Command::new("node");
        driver.arg(root().join("crates/lab/browser").join(script));
        let on_gpu = |request: &Value| request.to_string().contains("\"webgpu\"");
        match self.engine {
            Engine::Chromium => {
                driver.env(setup::CHROMIUM, setup::chromium()?);
            }
            Engine::Firefox => {
                setup::vulkan()?;
                driver.env(setup::FIREFOX, setup::firefox()?);
            }
            Engine::Node if self.requests.iter().any(on_gpu) => {
                driver.envs(setup::dawn()?);
            }
            Engine::Node => {}
        }
        Ok(driver)
    }

    /// Runs the only request.
    pub fn run_one(self, hear: impl FnMut(&str, &Value)) -> Result<Value> {
        self.run(hear)?.pop().context("a browser without a request")?
    }
}
