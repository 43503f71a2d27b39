//! `cargo xtask bench`: what the training step and the page cost, against the goals, other libraries and
//! what the machine could do; written to `docs/performance.md`.

pub mod document;
mod page;
mod peers;
pub mod race;
mod reference;
mod roofline;
mod sizes;
mod techniques;
pub mod timing;

use crate::browser::Browser;
use crate::{root, train};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use document::{Circumstances, Document, Part};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(clap::Args)]
pub struct Bench {
    /// Race other libraries, too: TensorFlow.js, jax-js and, natively, JAX; they are installed first
    #[arg(long)]
    peers: bool,
    /// Measure these parts alone; performance.md keeps what earlier commands found of the others
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART,…")]
    only: Vec<PartName>,
    /// Print every operation and kernel of the step against what the machine could do
    #[arg(long)]
    profile: bool,
    /// Write everything as one JSON document
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where performance.md, performance.json and performance/ are
    #[arg(long, value_name = "DIR", default_value_os_t = root().join("docs"))]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PartName {
    /// The reference step, with --peers against them
    Reference,
    /// What the techniques cost, and tables of another size
    Techniques,
    /// Tasks, first loss and downloads of the demo page
    Page,
    /// Each operation against what the machine could do
    Roofline,
    /// Step time over batch, width, bank and tables
    Sizes,
}

impl Bench {
    pub fn run(self) -> Result<ExitCode> {
        let file = self.out.join("performance.json");
        let mut document = match file.exists() {
            true => serde_json::from_value(train::read_json(&file)?)
                .with_context(|| format!("{} is not a benchmark's", file.display()))?,
            false => Document::default(),
        };
        let circumstances = self.circumstances()?;
        if self.wants(PartName::Reference) {
            document.reference = Some(self.part(&circumstances, reference::measure(self.peers)?));
        }
        if self.wants(PartName::Techniques) {
            document.techniques = Some(self.part(&circumstances, techniques::measure()?));
        }
        if self.wants(PartName::Page) {
            document.page = Some(self.part(&circumstances, page::measure()?));
        }
        if self.wants(PartName::Roofline) {
            document.roofline = Some(self.part(&circumstances, roofline::measure()?));
        }
        if self.wants(PartName::Sizes) {
            document.sizes = Some(self.part(&circumstances, sizes::measure()?));
        }
        let value = serde_json::to_value(&document)?;
        for file in [Some(&file), self.json.as_ref()].into_iter().flatten() {
            train::write(file, &value)?;
        }
        save(&self.out.join("performance.md"), &document.to_string())?;
        if let Some(sizes) = &document.sizes {
            let folder = self.out.join("performance");
            fs::create_dir_all(&folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
            for plot in sizes.measured.plots() {
                save(&folder.join(format!("{}.svg", plot.name)), &plot.to_string())?;
            }
        }
        if let (true, Some(roofline)) = (self.profile, &document.roofline) {
            println!("{}", roofline.measured.kernels());
        }
        println!("{}", document.goals());
        println!("{}", self.out.join("performance.md").display());
        Ok(ExitCode::SUCCESS)
    }

    fn wants(&self, part: PartName) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn part<T>(&self, circumstances: &Circumstances, measured: T) -> Part<T> {
        Part { circumstances: circumstances.clone(), measured }
    }

    fn circumstances(&self) -> Result<Circumstances> {
        let mut browser = Browser::new("surroundings");
        browser.request(json!({}));
        let told = browser.run_one(|_, _| {})?;
        let text = |key: &str| told[key].as_str().unwrap_or("none").to_owned();
        let mut command = String::from("cargo xtask bench");
        if self.peers {
            command += " --peers";
        }
        if !self.only.is_empty() {
            let names = self.only.iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = names.map(|name| name.get_name().into()).collect();
            command += &format!(" --only {}", names.join(","));
        }
        Ok(Circumstances {
            date: today(),
            command,
            cpu: cpu(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            browser: text("browser"),
            adapter: text("adapter"),
        })
    }
}

/// The date.
pub fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = speedate::DateTime::from_timestamp(now.as_secs() as i64, 0);
    now.map_or(String::new(), |now| now.date.to_string())
}

/// What the processor calls itself, where the system tells it.
fn cpu() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.into(), |(_, model)| model.trim().into())
}

fn save(file: &std::path::Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}
