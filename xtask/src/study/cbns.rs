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
        D 64, unit vectors, τ .2, logQ, Adam, 4 epochs; with the learning rate that suits an Adam which moves \
        all rows at every step, 8e-4, and with one for the Adam here, which moves those of the batch, 4e-3. \
        Every arm trains all pairs in every epoch, so that equal epochs are equal pairs; what the bank costs \
        is in the last columns.",
    lengths,
    arms,
    conclude,
};

/// Arms with the same learning rate.
struct Group {
    rate: f64,
    in_batch: &'static str,
    both: &'static str,
    items: &'static str,
}

const GROUPS: [Group; 2] = [
    Group {
        rate: 8e-4,
        in_batch: "in-batch, 8e-4",
        both: "bank, both sides, 8e-4",
        items: "bank, items only, 8e-4",
    },
    Group {
        rate: 4e-3,
        in_batch: "in-batch, 4e-3",
        both: "bank, both sides, 4e-3",
        items: "bank, items only, 4e-3",
    },
];

/// A model that loses this share of its NDCG has collapsed.
const COLLAPSE: f64 = 0.25;

fn lengths(_: &str) -> Vec<usize> {
    vec![4]
}

fn arms(_: &str) -> Vec<Arm> {
    let bank = |sides| json!({ "capacity": 256, "warmup": 500, "sides": sides });
    let arms = |group: &Group| {
        [(group.in_batch, Value::Null), (group.both, bank("both")), (group.items, bank("items"))]
            .map(|(name, cbns)| Arm {
                name,
                options: json!({
                    "dim": 64, "batchSize": 16, "normalize": true, "temperature": 0.2,
                    "negatives": { "kind": "in-batch", "logQ": true },
                    "optimizer": { "kind": "adam", "learningRate": group.rate },
                    "cbns": cbns,
                }),
            })
    };
    GROUPS.iter().flat_map(arms).collect()
}

/// The arm without a bank that an arm is held against.
fn in_batch(arm: &str) -> &'static str {
    let group =
        GROUPS.iter().find(|group| [group.in_batch, group.both, group.items].contains(&arm));
    group.expect("an arm's name").in_batch
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
            measured.beside(arm, in_batch(arm), |run, other| Some(value(run) / value(other)))
        }
    };
    Table::new("The last epoch, and what an epoch costs.", measured.names())
        .column("NDCG@20", Format::Score, |arm| measured.figure(arm, |run| Some(ndcg(run))))
        .column("against in-batch", Format::Percent, |arm| {
            (arm != in_batch(arm)).then(|| measured.compare(arm, in_batch(arm), ndcg).relative)
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
    let caption = "Drift of the item outputs over the steps that the bank reaches back, as a share \
        of their length.";
    let banked = GROUPS.iter().flat_map(|group| [group.both, group.items]);
    let mut table = Table::new(caption, banked);
    for epoch in 0..measured.epochs() {
        table = table.column(format!("epoch {}", epoch + 1), Format::Score, |arm| {
            measured.figure(arm, |run| run.epochs[epoch].drift)
        });
    }
    table
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let goals = |group: &Group| {
        let both = measured.compare(group.both, group.in_batch, ndcg);
        let items = measured.compare(group.items, group.in_batch, ndcg);
        [
            Goal {
                text: format!(
                    "{} is not behind in-batch: {:+.4} NDCG@20",
                    group.both, both.difference.mean
                ),
                met: both.difference.mean >= 0.0,
            },
            Goal {
                text: format!(
                    "{}, as published, collapses by {:.0} % at least: {:+.1} %",
                    group.items,
                    COLLAPSE * 100.0,
                    items.relative.mean * 100.0
                ),
                met: items.relative.mean <= -COLLAPSE,
            },
        ]
    };
    GROUPS.iter().flat_map(goals).collect()
}

fn findings(measured: &Measured) -> Vec<String> {
    let finding = |arm: &str, in_batch: &str| {
        let ratio = |value: fn(&Run) -> f64| {
            let ratio =
                measured.beside(arm, in_batch, |run, other| Some(value(run) / value(other)));
            ratio.map_or(String::new(), |ratio| Format::Ratio.text(ratio))
        };
        format!(
            "{arm}: it {}, for {} of the time and {} of the multiply-adds.",
            standing(&measured.compare(arm, in_batch, ndcg), "in-batch"),
            ratio(Run::epoch_seconds),
            ratio(|run| run.last().multiply_adds),
        )
    };
    let findings =
        |group: &Group| [group.both, group.items].map(|arm| finding(arm, group.in_batch));
    GROUPS.iter().flat_map(findings).collect()
}
