//! A bank of earlier batches' items as further negatives, against the batch's own alone.

use super::measured::{Measured, Run};
use super::section::{Chapter, Goal, standing};
use super::table::{Format, Table};
use super::{Arm, Experiment};
use serde_json::{Value, json};

pub const EXPERIMENT: Experiment = Experiment {
    name: "cbns",
    title: "CBNS against in-batch negatives",
    about: "A bank of M 256 earlier entries as further negatives of small batches (B 16), opened after 500 \
        steps: with both sides pushed, and as published, where only banked items push the batch's users. \
        D 64, unit vectors, τ .2, logQ, Adam with learning rate 8e-4, 4 epochs. Every arm trains all pairs in \
        every epoch, so that equal epochs are equal pairs; what the bank costs is in the last columns.",
    lengths,
    arms,
    conclude,
};

const IN_BATCH: &str = "in-batch";
const BOTH: &str = "bank, both sides";
const ITEMS: &str = "bank, items only";

/// A model that loses this share of its NDCG has collapsed.
const COLLAPSE: f64 = 0.25;

fn lengths(_: &str) -> Vec<usize> {
    vec![4]
}

fn arms(_: &str) -> Vec<Arm> {
    let arm = |name, cbns: Value| Arm {
        name,
        options: json!({
            "dim": 64, "batchSize": 16, "normalize": true, "temperature": 0.2,
            "negatives": { "kind": "in-batch", "logQ": true },
            "optimizer": { "kind": "adam", "learningRate": 8e-4 },
            "cbns": cbns,
        }),
    };
    let bank = |sides| json!({ "capacity": 256, "warmup": 500, "sides": sides });
    vec![arm(IN_BATCH, Value::Null), arm(BOTH, bank("both")), arm(ITEMS, bank("items"))]
}

fn conclude(measured: &Measured) -> Chapter {
    Chapter {
        title: measured.title(),
        tables: vec![ends(measured), drift(measured)],
        plots: vec![measured.plot("cbns", "million pairs trained", |epoch| epoch.pairs / 1e6)],
        goals: goals(measured),
        findings: findings(measured),
    }
}

fn ndcg(run: &Run) -> f64 {
    run.last().ndcg
}

fn ends(measured: &Measured) -> Table {
    let beside = |value: fn(&Run) -> f64| {
        move |arm: &str| {
            measured.beside(arm, IN_BATCH, |run, other| Some(value(run) / value(other)))
        }
    };
    Table::new("The last epoch, and what an epoch costs.", measured.names())
        .column("NDCG@20", Format::Score, |arm| measured.figure(arm, |run| Some(ndcg(run))))
        .column("against in-batch", Format::Percent, |arm| {
            let against = |run: &Run, other: &Run| Some(ndcg(run) / ndcg(other) - 1.0);
            (arm != IN_BATCH).then(|| measured.beside(arm, IN_BATCH, against))?
        })
        .column("recall@20", Format::Score, |arm| {
            measured.figure(arm, |run| Some(run.last().recall))
        })
        .column("seconds an epoch", Format::Fine, |arm| {
            measured.figure(arm, |run| Some(run.epoch_seconds()))
        })
        .column("time, in-batch = 1", Format::Ratio, beside(Run::epoch_seconds))
        .column(
            "multiply-adds, in-batch = 1",
            Format::Ratio,
            beside(|run| run.last().multiply_adds),
        )
}

fn drift(measured: &Measured) -> Table {
    let caption = "Drift of the item outputs over the steps that the bank reaches back, as a share of their \
        length.";
    let mut table = Table::new(caption, [BOTH, ITEMS]);
    for epoch in 0..measured.epochs() {
        table = table.column(format!("epoch {}", epoch + 1), Format::Fine, |arm| {
            measured.figure(arm, |run| run.epochs[epoch].drift)
        });
    }
    table
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let both = measured.compare(BOTH, IN_BATCH, ndcg);
    let items = measured.compare(ITEMS, IN_BATCH, ndcg);
    vec![
        Goal {
            text: format!(
                "The bank that pushes both sides is not behind in-batch: {:+.4} NDCG@20",
                both.difference.mean
            ),
            met: both.difference.mean >= 0.0,
        },
        Goal {
            text: format!(
                "The bank as published collapses, by {:.0} % at least: {:+.1} %",
                COLLAPSE * 100.0,
                items.relative * 100.0
            ),
            met: items.relative <= -COLLAPSE,
        },
    ]
}

fn findings(measured: &Measured) -> Vec<String> {
    let against = |arm| {
        let comparison = measured.compare(arm, IN_BATCH, ndcg);
        let time = measured
            .beside(arm, IN_BATCH, |run, other| Some(run.epoch_seconds() / other.epoch_seconds()));
        let time = time.map_or(String::new(), |time| Format::Ratio.text(time));
        format!("{arm}: {}, for {time} of the time.", standing(&comparison, IN_BATCH))
    };
    vec![against(BOTH), against(ITEMS)]
}
