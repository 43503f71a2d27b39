//! Each technique with the values of its switch in the page, against the plain run.

use super::experiment::{Arm, Experiment};
use super::measured::{Measured, Run};
use super::section::{Chapter, Goal, standing};
use super::table::{Format, Table};
use serde_json::json;
use twotower::Config;
use twotower::config::starts;

pub const EXPERIMENT: Experiment = Experiment {
    name: "starts",
    title: "Techniques as the page starts them",
    about: "The default options and epochs, and each technique with the values of its switch in the page and of \
        the page's comparison (`starts` of `Trainer.options()`, `--with` of `cargo xtask train`). \
        Epochs are equal; *pairs* and *multiply-adds* are those of the whole run.",
    lengths: |_| vec![Config::default().epochs],
    arms: |_| ARMS.map(arm).into(),
    train: |set, _, options| set.train(options),
    conclude,
};

const PLAIN: &str = "plain";

/// Arms, with the groups of options that they switch on.
const ARMS: [(&str, Option<&str>); 4] =
    [(PLAIN, None), ("OneBP", Some("onebp")), ("CBNS", Some("cbns")), ("Skipping", Some("skip"))];

/// Largest relative loss of NDCG@20 against the plain run.
const MOST_LOST: f64 = 0.05;

fn arm((name, group): (&'static str, Option<&str>)) -> Arm {
    Arm { name, options: group.map_or_else(|| json!({}), |group| starts(group).into()) }
}

fn conclude(measured: &Measured) -> Chapter {
    Chapter {
        title: measured.title(),
        tables: vec![table(measured)],
        plots: vec![measured.plot("starts", "million pairs trained", |epoch| epoch.pairs / 1e6)],
        goals: switched(measured).map(|arm| goal(measured, arm)).collect(),
        findings: switched(measured).map(|arm| finding(measured, arm)).collect(),
    }
}

fn ndcg(run: &Run) -> f64 {
    run.last().ndcg
}

fn pairs(run: &Run) -> f64 {
    run.epochs.iter().map(|epoch| epoch.pairs).sum()
}

fn multiply_adds(run: &Run) -> f64 {
    run.epochs.iter().map(|epoch| epoch.multiply_adds).sum()
}

/// Returns the arms with a technique.
fn switched(measured: &Measured) -> impl Iterator<Item = &'static str> {
    measured.names().filter(|&arm| arm != PLAIN)
}

fn table(measured: &Measured) -> Table {
    let beside = |value: fn(&Run) -> f64| {
        move |arm: &str| measured.beside(arm, PLAIN, |run, plain| Some(value(run) / value(plain)))
    };
    Table::new("The last epoch, and the cost of the run.", measured.names())
        .column("NDCG@20", Format::Score, |arm| measured.figure(arm, |run| Some(ndcg(run))))
        .column("against plain", Format::Percent, |arm| {
            (arm != PLAIN).then(|| measured.compare(arm, PLAIN, ndcg).relative)
        })
        .column("recall@20", Format::Score, |arm| {
            measured.figure(arm, |run| Some(run.last().recall))
        })
        .column("pairs, plain = 1", Format::Ratio, beside(pairs))
        .column("multiply-adds, plain = 1", Format::Ratio, beside(multiply_adds))
}

fn goal(measured: &Measured, arm: &str) -> Goal {
    let relative = measured.compare(arm, PLAIN, ndcg).relative.mean;
    Goal {
        text: format!(
            "{arm} is at most {:.0} % below the plain run: {:+.1} % NDCG@20",
            MOST_LOST * 100.0,
            relative * 100.0
        ),
        met: relative >= -MOST_LOST,
    }
}

fn finding(measured: &Measured, arm: &str) -> String {
    format!("{arm}: it {}.", standing(&measured.compare(arm, PLAIN, ndcg), "the plain run"))
}
