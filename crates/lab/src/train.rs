//! `cargo xtask train`: trains from the command line.

use crate::browser::Browser;
use crate::run::{self, Backend, MODEL, Run, Runtime, Start, Table};
use crate::screen::Screen;
use crate::{files, native};
use anyhow::{Context as _, Result, ensure};
use clap::ArgGroup;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use twotower::config::{self, Config};
use twotower::data::Part;
use twotower::exchange::{EXPORTS, Export};
use xtask::{pages, setup};

#[derive(clap::Args)]
#[command(group(ArgGroup::new("source").required(true).multiple(true).args(["data", "train", "dataset", "resume"])))]
pub struct Train {
    /// Interactions, split by the options `split.*`; with --resume, new data that joins the run
    #[arg(long, value_name = "FILE", conflicts_with_all = ["train", "dataset"])]
    data: Option<PathBuf>,
    /// Interactions to train on
    #[arg(long, value_name = "FILE", requires = "test", conflicts_with = "dataset")]
    train: Option<PathBuf>,
    /// Interactions to test on
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
    /// Interactions that choose the best epoch
    #[arg(long, value_name = "FILE", requires = "train")]
    validation: Option<PathBuf>,
    /// A built-in data set, such as goodbooks
    #[arg(long, value_name = "NAME", conflicts_with_all = ["items", "resume"])]
    dataset: Option<String>,
    /// Titles and features of the items
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Features of the users
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// A saved run to resume; it contains its data and options. Files of interactions, items and users join it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "sets"])]
    resume: Option<PathBuf>,
    /// Options as a JSON file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Start a technique, such as `onebp`, with the page's values; --config and --set override them
    #[arg(long = "with", value_name = "TECHNIQUE", conflicts_with = "resume")]
    techniques: Vec<String>,
    /// Set an option; overrides --config
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Backend to compute on
    #[arg(long, value_enum, default_value = "auto")]
    backend: Backend,
    /// Runtime
    #[arg(long, value_enum, default_value = "browser")]
    runtime: Runtime,
    /// Short for `--set epochs=N`; with --resume, the total number of epochs
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Write the run's report as one JSON document
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the run to a file
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    save: Option<PathBuf>,
    /// Write the run, its embeddings and its towers to a folder
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

impl Train {
    pub fn run(self) -> Result<ExitCode> {
        let start = match &self.resume {
            Some(file) => {
                readable(file)?;
                let tables = self.tables()?;
                let is_new = |table: &Table| !matches!(table.part, Part::Items | Part::Users);
                ensure!(
                    tables.is_empty() || tables.iter().any(is_new),
                    "--items and --users with --resume: also add new interactions with --data FILE"
                );
                Start::Saved { file: file.clone(), tables, epochs: self.epochs }
            }
            None => {
                let options = self.options()?;
                Config::resolve(&options)?;
                Start::Fresh { tables: self.tables()?, options }
            }
        };
        if let Some(folder) = &self.export {
            files::create(folder)?;
        }
        let (export, save) = (self.export.clone(), self.save.clone());
        let run = Run { start, backend: self.backend, export, save };
        let screen = Screen::new();
        let mut hear = |event: &str, value: &Value| screen.hear(event, value);
        let report = match self.runtime {
            Runtime::Native => {
                if self.backend == Backend::Webgpu {
                    setup::vulkan()?;
                }
                native::train(&run, &mut hear)?
            }
            Runtime::Browser | Runtime::Node => in_browser(&run, self.runtime, &mut hear)?,
        };
        screen.report(&report);
        if let Some(file) = self.json {
            files::write_json(&file, &report)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        if let Some(name) = &self.dataset {
            let folder = run::dataset(name)?;
            tables.push(Table::new(Part::Train, folder.join("train.csv.gz")));
            tables.push(Table::new(Part::Test, folder.join("test.csv.gz")));
            tables.push(Table::new(Part::Items, folder.join("items.csv")));
        }
        let named = [
            (Part::All, &self.data),
            (Part::Train, &self.train),
            (Part::Validation, &self.validation),
            (Part::Test, &self.test),
            (Part::Items, &self.items),
            (Part::Users, &self.users),
        ];
        for (part, file) in named {
            tables.extend(file.iter().map(|file| Table::new(part, file)));
        }
        for Table { file, .. } in &tables {
            readable(file)?;
        }
        Ok(tables)
    }

    fn options(&self) -> Result<Value> {
        let mut options = match &self.config {
            Some(file) => files::read_json(file)?,
            None => json!({}),
        };
        // Rejects errors of the file before `--set` can hide them.
        Config::resolve(&options)?;
        if self.data.is_none() && config::get(&options, "split.kind").is_none() {
            config::set(&mut options, "split.kind", "given".into());
        }
        for technique in &self.techniques {
            let starts = config::starts(technique);
            ensure!(
                !starts.is_empty(),
                "--with {technique}: unknown technique; use onebp, cbns, skip or towers.user.history"
            );
            for (key, value) in starts {
                if config::get(&options, &key).is_none() {
                    config::set(&mut options, &key, value);
                }
            }
        }
        run::set_all(&mut options, &self.sets)?;
        if let Some(epochs) = self.epochs {
            config::set(&mut options, "epochs", epochs.into());
        }
        Ok(options)
    }
}

fn in_browser(run: &Run, runtime: Runtime, hear: &mut impl FnMut(&str, &Value)) -> Result<Value> {
    pages::build()?;
    let mut browser = Browser::new("train").in_runtime(runtime);
    browser.mount("/package/", pages::folder());
    if runtime == Runtime::Node {
        browser.mount("/package/twotower.js", pages::folder().join("node.js"));
    }
    let mut request = json!({});
    let (Start::Fresh { tables, .. } | Start::Saved { tables, .. }) = &run.start;
    if !tables.is_empty() {
        let mut source = Map::new();
        for table in tables {
            let address = format!("/tables/{}/{}", table.key(), table.name());
            browser.mount(&address, std::path::absolute(&table.file)?);
            source.insert(table.key().into(), address.into());
        }
        request["source"] = source.into();
    }
    match &run.start {
        Start::Fresh { options, .. } => request["options"] = options.clone(),
        Start::Saved { file, epochs, .. } => {
            browser.mount("/saved", std::path::absolute(file)?);
            request["saved"] = "/saved".into();
            request["epochs"] = json!(epochs);
        }
    }
    request["backend"] = run.backend.name().into();
    if let Some(folder) = &run.export {
        browser.receive(std::path::absolute(folder)?);
        request["exports"] = EXPORTS.map(Export::name).to_vec().into();
        request["model"] = MODEL.into();
    }
    if let Some(file) = &run.save {
        let file = std::path::absolute(file)?;
        let (folder, name) = (file.parent(), file.file_name());
        let (folder, name) = folder.zip(name).context("--save: expected the name of a file")?;
        browser.receive(folder.into());
        request["exports"] = json!([]);
        request["model"] = name.to_string_lossy().into();
    }
    browser.request(request);
    browser.run_one(hear)
}

/// Fails early if a file cannot be read.
fn readable(file: &Path) -> Result<()> {
    std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cli, Command};
    use clap::Parser as _;

    fn parse(line: &str) -> Train {
        let words = "xtask train ".split_whitespace().chain(line.split_whitespace());
        match Cli::try_parse_from(words).expect(line).command {
            Command::Train(train) => *train,
            _ => unreachable!("`train` was asked for"),
        }
    }

    #[test]
    fn set_is_merged_over_the_config_and_takes_words_without_quotes() {
        let file = std::env::temp_dir().join(format!("twotower-{}.json", std::process::id()));
        std::fs::write(&file, r#"{"dim": 8, "optimizer": {"kind": "sgd", "l2": 0.5}}"#)
            .expect("written");
        let line = format!(
            "--data x --config {} --set optimizer.kind=adagrad --set dim=16 --epochs 3",
            file.display()
        );
        let options = parse(&line).options().expect(&line);
        std::fs::remove_file(file).expect("removed");
        let wanted =
            json!({ "dim": 16, "optimizer": { "kind": "adagrad", "l2": 0.5 }, "epochs": 3 });
        assert_eq!(options, wanted);
    }

    #[test]
    fn a_technique_brings_its_values_under_those_that_are_given() {
        let options = |line: &str| parse(line).options().expect(line);
        let skip = json!({ "policy": "cap", "start": 1, "until": 0.75 });
        assert_eq!(options("--data x --with skip"), json!({ "skip": skip }));
        let more = options("--data x --with skip --set skip.start=3");
        assert_eq!(more.pointer("/skip/start"), Some(&json!(3)));
        let error = parse("--data x --with magic").options().expect_err("unknown").to_string();
        assert!(error.starts_with("--with magic: "), "{error}");
    }

    #[test]
    fn files_that_were_split_before_are_taken_as_given() {
        let given = |line: &str| parse(line).options().expect(line).pointer("/split/kind").cloned();
        assert_eq!(given("--train a --test b"), Some("given".into()));
        assert_eq!(given("--dataset goodbooks"), Some("given".into()));
        assert_eq!(given("--data a"), None);
    }

    #[test]
    fn the_command_that_the_page_copies_is_understood() {
        let copied = "--dataset goodbooks --set dim=32 --set onebp.beta=0.99 --set cbns.capacity=64 --backend cpu";
        let train = parse(copied);
        let parts: Vec<Part> =
            train.tables().expect("shipped").iter().map(|table| table.part).collect();
        assert_eq!(parts, [Part::Train, Part::Test, Part::Items]);
        let config = Config::resolve(&train.options().expect(copied)).expect(copied);
        assert_eq!((config.dim, train.backend), (32, Backend::Cpu));
        assert!(config.onebp.is_some() && config.cbns.is_some());
        parse("--train a --validation c --test b --users d");
    }

    #[test]
    fn a_run_has_one_source() {
        for line in [
            "",
            "--train a",
            "--test b",
            "--data a --dataset b",
            "--dataset a --items b",
            "--data a --train b --test c",
            "--dataset a --resume b",
            "--resume a --set dim=8",
        ] {
            let words = "xtask train ".split_whitespace().chain(line.split_whitespace());
            assert!(Cli::try_parse_from(words).is_err(), "`train {line}` was taken");
        }
    }

    #[test]
    fn new_data_joins_a_resumed_run() {
        let train = parse("--resume a --data b --items c --epochs 9 --save d");
        assert!(train.data.is_some() && train.items.is_some() && train.save.is_some());
        parse("--resume a --train b --test c --users d");
        let file = xtask::root().join("README.md");
        let told = parse(&format!("--resume {0} --items {0}", file.display())).run();
        let told = told.expect_err("no interactions").to_string();
        assert!(told.starts_with("--items and --users with --resume: "), "{told}");
    }
}
