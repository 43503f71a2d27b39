//! A bank of earlier batches' items as additional negatives, against in-batch negatives only.

use super::experiment::{Arm, Experiment};
use super::measured::{Measured, Run};
use super::section::{Chapter, Goal, standing};
use super::table::{Format, Table};
use serde_json::{Value, json};

pub const EXPERIMENT: Experiment = Experiment {
    name: "cbns",
    title: "CBNS against in-batch negatives",
    about: "A bank of M 256 earlier entries serves as additional negatives of small batches (B 16) after 500 \
        steps: with gradients on both sides, and as published, where only banked items push the batch's users. \
        D 64, unit vectors, τ .2, logQ, Adam, 4 epochs, at two learning rates: 8e-4 suits an Adam that moves \
        all rows at every step; 4e-3 suits the Adam here, which moves only the rows of the batch. \
        Every arm trains all pairs in every epoch, so equal epochs are equal pairs. The last columns show the \
        cost of the bank.",
    lengths,
    arms,
    train: |set, _, options| set.train(options),
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

/// Returns the arm without a bank that an arm is compared with.
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
    Table::new("The last epoch, and the cost of an epoch.", measured.names())
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
    let caption = "Drift of the item outputs over the steps that the bank covers, as a share of their \
        length.";
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
                    "{} is not worse than in-batch: {:+.4} NDCG@20",
                    group.both, both.difference.mean
                ),
                met: both.difference.mean >= 0.0,
            },
            Goal {
                text: format!(
                    "{}, as published, loses at least {:.0} %: {:+.1} %",
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
            "{arm}: it {}, at {} of the time and {} of the multiply-adds.",
            standing(&measured.compare(arm, in_batch, ndcg), "in-batch"),
            ratio(Run::epoch_seconds),
            ratio(|run| run.last().multiply_adds),
        )
    };
    let findings =
        |group: &Group| [group.both, group.items].map(|arm| finding(arm, group.in_batch));
    GROUPS.iter().flat_map(findings).collect()
}
