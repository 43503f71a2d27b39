//! The settings that readers ask about first, each changed alone.

use super::experiment::{Arm, Experiment};
use super::measured::{Measured, Run};
use super::section::{Chapter, standing};
use super::table::{Format, Table};
use serde_json::{Value, json};
use twotower::Config;

pub const EXPERIMENT: Experiment = Experiment {
    name: "settings",
    title: "Settings, one at a time",
    about: "The default options and epochs, and runs in which one setting differs: the logQ correction, the \
        temperature, the width, the batch size, the negatives, the user tower. Epochs are equal.",
    lengths: |_| vec![Config::default().epochs],
    arms: |_| arms(),
    train: |set, _, options| set.train(options),
    conclude,
};

const DEFAULT: &str = "default";

fn arms() -> Vec<Arm> {
    let arm = |name, options: Value| Arm { name, options };
    vec![
        arm(DEFAULT, json!({})),
        arm("without logQ", json!({ "negatives": { "logQ": false } })),
        arm("temperature .05", json!({ "temperature": 0.05 })),
        arm("temperature .1", json!({ "temperature": 0.1 })),
        arm("temperature .5", json!({ "temperature": 0.5 })),
        arm("dim 16", json!({ "dim": 16 })),
        arm("dim 256", json!({ "dim": 256 })),
        arm("batch size 32", json!({ "batchSize": 32 })),
        arm("batch size 1024", json!({ "batchSize": 1024 })),
        arm("five uniform negatives", json!({ "negatives": { "kind": "uniform" } })),
        arm("users as histories", json!({ "towers": { "user": { "id": false, "history": {} } } })),
    ]
}

fn conclude(measured: &Measured) -> Chapter {
    Chapter {
        title: measured.title(),
        tables: vec![table(measured)],
        plots: vec![],
        goals: vec![],
        findings: changed(measured).map(|arm| finding(measured, arm)).collect(),
    }
}

fn ndcg(run: &Run) -> f64 {
    run.last().ndcg
}

/// Returns the arms with a setting that differs from its default.
fn changed(measured: &Measured) -> impl Iterator<Item = &'static str> {
    measured.names().filter(|&arm| arm != DEFAULT)
}

fn table(measured: &Measured) -> Table {
    Table::new("The last epoch.", measured.names())
        .column("NDCG@20", Format::Score, |arm| measured.figure(arm, |run| Some(ndcg(run))))
        .column("against the default", Format::Percent, |arm| {
            (arm != DEFAULT).then(|| measured.compare(arm, DEFAULT, ndcg).relative)
        })
        .column("recall@20", Format::Score, |arm| {
            measured.figure(arm, |run| Some(run.last().recall))
        })
        .column("coverage@20", Format::Score, |arm| {
            measured.figure(arm, |run| Some(run.last().coverage))
        })
}

fn finding(measured: &Measured, arm: &str) -> String {
    format!("{arm}: it {}.", standing(&measured.compare(arm, DEFAULT, ndcg), "the default"))
}
