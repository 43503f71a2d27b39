//! New data in a run, against training from scratch on all of the data.

use super::Set;
use super::experiment::{Arm, Experiment};
use super::measured::{Measured, Run};
use super::section::{Chapter, Goal, standing};
use super::table::{Format, Table};
use crate::native;
use crate::run::Table as Input;
use anyhow::{Context as _, Result};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twotower::Config;
use twotower::Trainer;
use twotower::data::Part;
use twotower::executor::BackendRequest;

pub const EXPERIMENT: Experiment = Experiment {
    name: "extend",
    title: "New data in a run, against training from scratch",
    about: "The default options. One run trains on the first 80 % of the training pairs by time. Then the rest, with \
        new users and items, joins the run (`trainer.extend`), which trains on all pairs for a fifth more epochs. The \
        others train on all pairs from scratch: for as many epochs as the run before its extension, and for a fifth of them. \
        All are measured on the same test part.",
    lengths: |set| if set == TIMED { vec![15] } else { Vec::new() },
    arms: |_| [SCRATCH, SHORT, FIRST, EXTENDED].map(|name| Arm { name, options: json!({}) }).into(),
    train,
    conclude,
};

/// The set whose training pairs have times.
const TIMED: &str = "online-retail";

const SCRATCH: &str = "from scratch";
const SHORT: &str = "from scratch, a fifth";
const FIRST: &str = "first 80 %";
const EXTENDED: &str = "extended";

/// Share of the training pairs before the extension.
const EARLY: f64 = 0.8;

/// Divisor of the number of epochs: the run trains for a fifth of it after the extension.
const A_FIFTH: usize = 5;

/// Largest relative loss of NDCG@20 against all epochs from scratch.
const MOST_LOST: f64 = 0.02;

fn train(set: &Set, arm: &str, mut options: Value) -> Result<Run> {
    let epochs = options["epochs"].as_u64().context("no epochs")? as usize;
    let more = epochs.div_ceil(A_FIFTH);
    match arm {
        SCRATCH => return set.train(options),
        SHORT => {
            options["epochs"] = more.into();
            return set.train(options);
        }
        _ => {}
    }
    let folder = std::env::temp_dir().join(format!("twotower-extend-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let [early, late] = halves(&set.tables[0], &folder)?;
    let tables = [(Part::Train, &early), (Part::Test, &set.tables[1])];
    let tables = tables.map(|(part, file)| Input::new(part, file));
    let late = [Input::new(Part::All, late)];
    let report = pollster::block_on(async {
        let config = Config::resolve(&options)?;
        let dataset = native::read(&tables, &config)?;
        let mut trainer = Trainer::new(dataset, config, BackendRequest::CPU).await?;
        finish(&mut trainer).await?;
        if arm == EXTENDED {
            let added = native::extend(&mut trainer, &late).await?;
            println!("{added:?}");
            trainer.set_epochs(epochs + more)?;
            finish(&mut trainer).await?;
        }
        native::document(trainer.report())
    })?;
    fs::remove_dir_all(&folder)?;
    Ok(serde_json::from_value(report)?)
}

async fn finish(trainer: &mut Trainer) -> Result<()> {
    while !trainer.advance(Duration::from_secs(1)).await?.done {}
    Ok(())
}

/// Writes the earlier and the later lines of a table `user,item,timestamp` to files of a folder.
fn halves(table: &Path, folder: &Path) -> Result<[PathBuf; 2]> {
    let mut text = String::new();
    let file = File::open(table).with_context(|| format!("{} cannot be read", table.display()))?;
    MultiGzDecoder::new(file).read_to_string(&mut text)?;
    let (header, body) = text.split_once('\n').context("no header")?;
    let time =
        |line: &&str| line.rsplit(',').next().and_then(|time| time.trim().parse::<i64>().ok());
    let mut lines: Vec<&str> = body.lines().collect();
    lines.sort_by_key(time);
    let (early, late) = lines.split_at((lines.len() as f64 * EARLY) as usize);
    let written = [("train.csv", early), ("new.csv", late)].map(|(name, lines)| {
        let file = folder.join(name);
        fs::write(&file, format!("{header}\n{}\n", lines.join("\n"))).map(|()| file)
    });
    let [early, late] = written;
    Ok([early?, late?])
}

fn conclude(measured: &Measured) -> Chapter {
    Chapter {
        title: measured.title(),
        tables: vec![table(measured)],
        plots: Vec::new(),
        goals: vec![goal(measured)],
        findings: measured
            .names()
            .filter(|&arm| arm != SCRATCH)
            .map(|arm| finding(measured, arm))
            .collect(),
    }
}

fn ndcg(run: &Run) -> f64 {
    run.last().ndcg
}

/// Returns the number of epochs that train on all pairs.
fn epochs(arm: &str, run: &Run) -> f64 {
    let all = run.epochs.len();
    (match arm {
        FIRST => 0,
        EXTENDED => all / (A_FIFTH + 1),
        _ => all,
    }) as f64
}

fn table(measured: &Measured) -> Table {
    Table::new("The last epoch.", measured.names())
        .column("epochs on all pairs", Format::Count, |arm| {
            measured.figure(arm, |run| Some(epochs(arm, run)))
        })
        .column("NDCG@20", Format::Score, |arm| measured.figure(arm, |run| Some(ndcg(run))))
        .column("against scratch", Format::Percent, |arm| {
            (arm != SCRATCH).then(|| measured.compare(arm, SCRATCH, ndcg).relative)
        })
        .column("recall@20", Format::Score, |arm| {
            measured.figure(arm, |run| Some(run.last().recall))
        })
}

fn goal(measured: &Measured) -> Goal {
    let relative = measured.compare(EXTENDED, SCRATCH, ndcg).relative.mean;
    Goal {
        text: format!(
            "the extended run is at most {:.0} % below training from scratch, in a fifth of its epochs: {:+.1} % NDCG@20",
            MOST_LOST * 100.0,
            relative * 100.0
        ),
        met: relative >= -MOST_LOST,
    }
}

fn finding(measured: &Measured, arm: &str) -> String {
    format!(
        "{arm}: it {}.",
        standing(&measured.compare(arm, SCRATCH, ndcg), "training from scratch")
    )
}
