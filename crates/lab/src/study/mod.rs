//! `cargo xtask study`: repeats the experiments on the techniques, with their controls and several
//! seeds, and writes the results, good or bad, to `docs/results.md`.

mod cbns;
mod experiment;
mod extend;
mod measured;
mod onebp;
mod section;
mod settings;
mod skip;
mod starts;
mod table;

use crate::run::{self, Backend, Run, Start, Table};
use crate::{files, native, report};
use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use experiment::{Arm, Experiment};
use measured::Measured;
use section::Section;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use twotower::data::Part;
use xtask::root;

#[derive(clap::Args)]
pub struct Study {
    /// Technique to study; without one, results.md is rewritten from earlier results
    #[arg(value_enum)]
    technique: Option<Technique>,
    /// Folder with train.* and test.*, in addition to the page's data sets; its name is the set's
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Number of seeds: runs of each arm
    #[arg(long, value_name = "N", default_value_t = SEEDS)]
    seeds: u32,
    /// Epochs of every run, instead of the experiment's own
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Folder of results.md and results/
    #[arg(long, value_name = "DIR", default_value_os_t = root().join("docs"))]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Technique {
    /// OneBP against two backpropagations
    Onebp,
    /// A bank of negatives against in-batch negatives only
    Cbns,
    /// Skipping against full training, random skipping and early stopping
    Skip,
    /// Each technique with the values of its switch in the page, against the plain run
    Starts,
    /// New data in a run against training from scratch
    Extend,
    /// Settings that readers ask about first, each changed alone
    Settings,
}

/// A data set that is already split.
pub struct Set {
    name: String,
    tables: [PathBuf; 2],
}

const SEEDS: u32 = 3;

impl Technique {
    fn experiment(self) -> Experiment {
        match self {
            Self::Onebp => onebp::EXPERIMENT,
            Self::Cbns => cbns::EXPERIMENT,
            Self::Skip => skip::EXPERIMENT,
            Self::Starts => starts::EXPERIMENT,
            Self::Extend => extend::EXPERIMENT,
            Self::Settings => settings::EXPERIMENT,
        }
    }
}

impl Study {
    pub fn run(self) -> Result<ExitCode> {
        if let Some(technique) = self.technique {
            self.study(&technique.experiment())?;
        }
        write_up(&self.out)?;
        println!("{}", self.out.join("results.md").display());
        Ok(ExitCode::SUCCESS)
    }

    /// Runs an experiment on all sets and writes its results.
    fn study(&self, experiment: &Experiment) -> Result<()> {
        ensure!(self.seeds > 0, "`--seeds` must be at least 1");
        let sets = self.sets()?;
        let started = Instant::now();
        let mut chapters = Vec::new();
        for set in &sets {
            let lengths = self.epochs.map_or_else(|| (experiment.lengths)(&set.name), |n| vec![n]);
            for epochs in lengths {
                let chapter = (experiment.conclude)(&self.measure(experiment, set, epochs)?);
                println!("\n{chapter}");
                chapters.push(chapter);
            }
        }
        let section = Section {
            title: experiment.title.into(),
            about: experiment.about.into(),
            command: self.command(experiment),
            measured: format!(
                "{} It took {:.0} min.",
                self.circumstances(),
                started.elapsed().as_secs_f64() / 60.0
            ),
            chapters,
        };
        let results = self.out.join("results");
        files::create(&results)?;
        let file = results.join(format!("{}.json", experiment.name));
        files::write_json(&file, &serde_json::to_value(&section)?)
    }

    /// Returns the page's data sets, then those of `--data`.
    fn sets(&self) -> Result<Vec<Set>> {
        let mut sets: Vec<Set> = Vec::new();
        for folder in run::datasets()?.iter().chain(&self.data) {
            let set = Set::open(folder)?;
            ensure!(
                sets.iter().all(|other| other.name != set.name),
                "two sets are called {}",
                set.name
            );
            sets.push(set);
        }
        Ok(sets)
    }

    /// Runs every arm with every seed. The arms alternate, so that their times can be compared even
    /// if the machine's speed changes.
    fn measure(&self, experiment: &Experiment, set: &Set, epochs: usize) -> Result<Measured> {
        let arms = (experiment.arms)(&set.name);
        let mut measured: Vec<_> = arms.iter().map(|arm| (arm.name, Vec::new())).collect();
        for seed in 0..self.seeds {
            for (arm, (_, runs)) in arms.iter().zip(&mut measured) {
                let started = Instant::now();
                let run = (experiment.train)(set, arm.name, options(arm, epochs, seed))
                    .with_context(|| format!("{}, {}, seed {seed}", set.name, arm.name))?;
                println!(
                    "{}  seed {seed}  {}: NDCG@20 {:.4} after {} epochs, {:.0} s",
                    set.name,
                    arm.name,
                    run.last().ndcg,
                    run.epochs.len(),
                    started.elapsed().as_secs_f64(),
                );
                runs.push(run);
            }
        }
        Ok(Measured { set: set.name.clone(), arms: measured })
    }

    /// Returns the command that repeats the study, with placeholders for the paths of the data.
    fn command(&self, experiment: &Experiment) -> String {
        let mut command = format!("cargo xtask study {} --seeds {}", experiment.name, self.seeds);
        for folder in &self.data {
            write!(command, " --data path/to/{}", name(folder)).expect("a String takes text");
        }
        if let Some(epochs) = self.epochs {
            write!(command, " --epochs {epochs}").expect("a String takes text");
        }
        command
    }

    fn circumstances(&self) -> String {
        let date = report::today();
        let cores = match std::thread::available_parallelism().map_or(1, usize::from) {
            1 => "1 core".into(),
            cores => format!("{cores} cores"),
        };
        format!(
            "Measured on {date} with twotower {}, natively on the CPU backend, one thread, on a machine with \
             {cores} and no GPU in use; mean ± standard deviation over {} seeds.",
            env!("CARGO_PKG_VERSION"),
            self.seeds
        )
    }
}

impl Set {
    fn open(folder: &Path) -> Result<Self> {
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .with_context(|| format!("{} cannot be read", folder.display()))?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let find = |part: &str| {
            let mut named = files.iter().filter(|file| name(file).starts_with(&format!("{part}.")));
            let found =
                named.next().with_context(|| format!("{} contains no {part}.*", folder.display()));
            found.cloned()
        };
        Ok(Self { name: name(folder), tables: [find("train")?, find("test")?] })
    }

    fn train(&self, options: Value) -> Result<measured::Run> {
        let parts = [Part::Train, Part::Test].into_iter().zip(&self.tables);
        let tables = parts.map(|(part, file)| Table { part, file: file.clone() }).collect();
        let start = Start::Fresh { tables, options };
        let run = Run { start, backend: Backend::Cpu, export: None, save: None };
        Ok(serde_json::from_value(native::train(&run, &mut |_, _| {})?)?)
    }
}

/// Returns the options of one run.
fn options(arm: &Arm, epochs: usize, seed: u32) -> Value {
    let mut options = arm.options.clone();
    options["epochs"] = epochs.into();
    options["seed"] = seed.into();
    options["split"] = json!({ "kind": "given" });
    options
}

/// Returns the last part of a path, also of a relative one such as `.`.
fn name(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_default();
    whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

const PREFACE: &str = "# Results

`cargo xtask study` writes this file. It measures each technique against its controls, also where the technique
loses. Metrics rank the full catalogue with training items masked; they are those of the last epoch on the test part,
unless a table says otherwise. Compared arms use the same seeds, and each difference is between runs with the same
seed. An arm *wins* or *loses* if the mean difference is larger than its standard deviation over the seeds; else the
two are *level*. Without `--data`, a command runs on the data sets in `www/data`.
";

/// Writes results.md and the plots from the results of all studies.
fn write_up(out: &Path) -> Result<()> {
    let mut text = String::from(PREFACE);
    for technique in Technique::value_variants() {
        let file = out.join(format!("results/{}.json", technique.experiment().name));
        if !file.exists() {
            continue;
        }
        let section: Section = serde_json::from_value(files::read_json(&file)?)
            .with_context(|| format!("{} was not written by a study", file.display()))?;
        write!(text, "\n{section}").expect("a String takes text");
        for plot in section.chapters.iter().flat_map(|chapter| &chapter.plots) {
            files::write(
                &out.join(format!("results/{}.svg", plot.name)),
                plot.to_string().as_bytes(),
            )?;
        }
    }
    files::write(&out.join("results.md"), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cli, Command};
    use clap::Parser as _;
    use twotower::Config;

    fn parse(line: &str) -> Study {
        let words = "xtask study ".split_whitespace().chain(line.split_whitespace());
        match Cli::try_parse_from(words).expect(line).command {
            Command::Study(study) => study,
            _ => unreachable!("`study` was asked for"),
        }
    }

    #[test]
    fn every_arm_is_a_valid_config() {
        for experiment in Technique::value_variants().iter().map(|each| each.experiment()) {
            for set in ["ml-100k", "goodbooks"] {
                for arm in (experiment.arms)(set) {
                    let config = Config::resolve(&options(&arm, 3, 7)).expect(arm.name);
                    assert_eq!((config.seed, config.epochs), (7, 3));
                }
            }
        }
    }

    #[test]
    fn a_folder_without_the_files_is_refused_by_name() {
        let folder = std::env::temp_dir().join(format!("twotower-study-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("made");
        fs::write(folder.join("train.tsv"), "").expect("written");
        let refused = |folder: &Path| {
            let study = parse(&format!("skip --data {}", folder.display()));
            format!("{:#}", study.sets().err().expect("refused"))
        };
        let lacks_test = refused(&folder);
        let lacks_all = refused(&folder.join("nowhere"));
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(lacks_test, format!("{} contains no test.*", folder.display()));
        assert!(lacks_all.contains("nowhere cannot be read"), "{lacks_all}");
    }

    #[test]
    fn the_page_s_sets_come_first_and_paths_stay_private() {
        let goodbooks = root().join("www/data/goodbooks");
        let study = parse(&format!("onebp --data {} --seeds 2", goodbooks.display()));
        let error = study.sets().err().expect("refused").to_string();
        assert_eq!(error, "two sets are called goodbooks");
        let command = study.command(&onebp::EXPERIMENT);
        assert_eq!(command, "cargo xtask study onebp --seeds 2 --data path/to/goodbooks");
        let names: Vec<String> =
            parse("onebp").sets().expect("there").into_iter().map(|set| set.name).collect();
        assert_eq!(names, ["goodbooks", "online-retail"]);
    }
}
