//! Work that is done in headless Chromium or in Node.js, by the drivers in `xtask/browser`.

use crate::{Runtime, root, setup};
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// One start of the browser: a job, done for each of the requests on a page of its own. In Node.js, each has a
/// thread of its own.
pub struct Browser {
    job: &'static str,
    in_node: bool,
    mounts: Map<String, Value>,
    requests: Vec<Value>,
    /// Where files go that pages send.
    outbox: Option<PathBuf>,
    flags: Vec<&'static str>,
}

impl Browser {
    /// A browser for a function of `browser/jobs.mjs`.
    pub fn new(job: &'static str) -> Self {
        Self {
            job,
            in_node: false,
            mounts: Map::new(),
            requests: Vec::new(),
            outbox: None,
            flags: Vec::new(),
        }
    }

    /// The same in this runtime.
    pub fn in_runtime(self, runtime: Runtime) -> Self {
        Self { in_node: runtime == Runtime::Node, ..self }
    }

    /// Serves a file, or a folder where `path` ends in `/`.
    pub fn mount(&mut self, path: &str, target: PathBuf) {
        self.mounts.insert(path.into(), target.to_string_lossy().into());
    }

    /// Puts the files that pages send into a folder.
    pub fn receive(&mut self, folder: PathBuf) {
        self.outbox = Some(folder);
    }

    /// Starts Chromium with one more flag.
    pub fn flag(&mut self, flag: &'static str) {
        self.flags.push(flag);
    }

    /// Adds a request.
    pub fn request(&mut self, request: Value) {
        self.requests.push(request);
    }

    /// Does the requests in order. `hear` is told what happens meanwhile; the answers are what the
    /// job returned for each, or why it could not.
    pub fn run(self, mut hear: impl FnMut(&str, &Value)) -> Result<Vec<Result<Value>>> {
        setup::npm_packages()?;
        let mut driver = if self.in_node { self.node()? } else { chromium()? }
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
        });
        let mut stdin = driver.stdin.take().expect("stdin is piped");
        stdin.write_all(order.to_string().as_bytes())?;
        drop(stdin);
        let mut answers = Vec::with_capacity(wanted);
        let stdout = driver.stdout.take().expect("stdout is piped");
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            let mut said: Value =
                serde_json::from_str(&line).with_context(|| format!("the driver said {line}"))?;
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

    fn node(&self) -> Result<Command> {
        let mut driver = driver("drive-node.mjs");
        let on_gpu = |request: &Value| request.to_string().contains("\"webgpu\"");
        if self.requests.iter().any(on_gpu) {
            driver.envs(setup::dawn()?);
        }
        Ok(driver)
    }

    /// Does the only request.
    pub fn run_one(self, hear: impl FnMut(&str, &Value)) -> Result<Value> {
        self.run(hear)?.pop().context("a browser without a request")?
    }
}

fn chromium() -> Result<Command> {
    let mut driver = driver("drive.mjs");
    driver.env(setup::CHROMIUM, setup::chromium()?);
    Ok(driver)
}

fn driver(script: &str) -> Command {
    let mut driver = Command::new("node");
    driver.arg(root().join("xtask/browser").join(script));
    driver
}
