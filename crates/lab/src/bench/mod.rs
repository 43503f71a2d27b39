//! `cargo xtask bench`: compares the cost of the training step and of the page with their goals,
//! with other libraries and with the machine's limits, and writes `docs/performance.md`.

mod document;
mod goal;
mod page;
mod peers;
pub mod race;
mod reference;
mod roofline;
mod sizes;
mod techniques;

use crate::browser::Browser;
use crate::{files, report};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use document::{Circumstances, Document, Part};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use xtask::root;

#[derive(clap::Args)]
pub struct Bench {
    /// Also time other libraries: TensorFlow.js, jax-js and, natively, JAX; installs them first
    #[arg(long)]
    peers: bool,
    /// Measure only these parts; performance.md keeps earlier results of the others
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART,…")]
    only: Vec<PartName>,
    /// Print every operation and kernel of the step, compared with the machine's limits
    #[arg(long)]
    profile: bool,
    /// Write all results as one JSON document
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Folder of performance.md, performance.json and performance/
    #[arg(long, value_name = "DIR", default_value_os_t = root().join("docs"))]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PartName {
    /// The reference step; with --peers, compared with other libraries
    Reference,
    /// The cost of the techniques and of larger tables
    Techniques,
    /// Tasks, first loss and downloads of the demo page
    Page,
    /// Each operation, compared with the machine's limits
    Roofline,
    /// Step time by size of batch, width, bank and tables
    Sizes,
}

impl Bench {
    pub fn run(self) -> Result<ExitCode> {
        let file = self.out.join("performance.json");
        let mut document = match file.exists() {
            true => serde_json::from_value(files::read_json(&file)?)
                .with_context(|| format!("{} was not written by a benchmark", file.display()))?,
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
            files::write_json(file, &value)?;
        }
        files::write(&self.out.join("performance.md"), document.to_string().as_bytes())?;
        if let Some(sizes) = &document.sizes {
            let folder = self.out.join("performance");
            files::create(&folder)?;
            for plot in sizes.measured.plots() {
                files::write(
                    &folder.join(format!("{}.svg", plot.name)),
                    plot.to_string().as_bytes(),
                )?;
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
            date: report::today(),
            command,
            cpu: cpu(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            browser: text("browser"),
            adapter: text("adapter"),
        })
    }
}

/// Returns the processor's model name if the system reports it, else its architecture.
fn cpu() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.into(), |(_, model)| model.trim().into())
}
