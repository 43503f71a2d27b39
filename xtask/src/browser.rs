//! Work that is done in a headless browser, by the driver in `xtask/browser`.

use crate::{root, setup};
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Engine {
    /// Chromium or Chrome, with WebGPU on SwiftShader.
    Chromium,
    /// Firefox, with WebGPU on the system's Vulkan driver.
    Firefox,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    /// The variable that tells the driver where it is, and the place.
    fn place(self) -> Result<(&'static str, PathBuf)> {
        Ok(match self {
            Self::Chromium => (setup::CHROMIUM, setup::chromium()?),
            Self::Firefox => {
                setup::vulkan()?;
                (setup::FIREFOX, setup::firefox()?)
            }
        })
    }
}

/// One start of the browser: a job, done for each of the requests on a page of its own.
pub struct Browser {
    job: &'static str,
    mounts: Map<String, Value>,
    requests: Vec<Value>,
    /// Where files go that pages send.
    outbox: Option<PathBuf>,
    flags: Vec<&'static str>,
    engine: Engine,
}

impl Browser {
    /// A browser for a function of `browser/jobs.mjs`.
    pub fn new(job: &'static str) -> Self {
        Self {
            job,
            mounts: Map::new(),
            requests: Vec::new(),
            outbox: None,
            flags: Vec::new(),
            engine: Engine::Chromium,
        }
    }

    /// Starts another browser than Chromium.
    pub fn engine(&mut self, engine: Engine) {
        self.engine = engine;
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
        let (variable, place) = self.engine.place()?;
        let mut driver = Command::new("node")
            .arg(root().join("xtask/browser/drive.mjs"))
            .env(variable, place)
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
            let mut said: Value =
                serde_json::from_str(&line).with_context(|| format!("the browser said {line}"))?;
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
            bail!("the browser's driver ended early ({status})");
        }
        Ok(answers)
    }

    /// Does the only request.
    pub fn run_one(self, hear: impl FnMut(&str, &Value)) -> Result<Value> {
        self.run(hear)?.pop().context("a browser without a request")?
    }
}
