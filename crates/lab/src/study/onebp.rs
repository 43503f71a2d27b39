//! OneBP against two backpropagations, with the settings of its authors.

use super::experiment::{Arm, Experiment};
use super::measured::{Epoch, Measured, Run};
use super::section::{Chapter, Goal, standing};
use super::table::{Format, Table};
use crate::report::statistics::interpolate;
use serde_json::json;

pub const EXPERIMENT: Experiment = Experiment {
    name: "onebp",
    title: "OneBP against two backpropagations",
    about: "OneBP (gradients for the item tower only; a user is a moving aggregate of their items, β .99) \
        against plain training with the same settings: five uniform negatives a pair, raw dot products, \
        B 1024, Adam. `ml-100k` uses the settings that OneBP's authors published for it (D 32, learning \
        rate 5e-4, l2 1e-5); all other sets use D 64, 1e-3, 1e-6. Every epoch of both arms trains all pairs, so equal \
        epochs are equal pairs. The best epoch is chosen on the test part, as the authors do, so the figures of \
        both arms are equally optimistic.",
    lengths,
    arms,
    train: |set, _, options| set.train(options),
    conclude,
};

const ONEBP: &str = "OneBP";
const TWO: &str = "two backpropagations";

/// Number of evenly spaced epochs at which both arms are compared.
const MILESTONES: usize = 6;

/// NDCG@20 that OneBP must reach on the set whose settings its authors published.
const PUBLISHED: (&str, f64) = ("ml-100k", 0.425);

fn lengths(set: &str) -> Vec<usize> {
    vec![if set == "ml-100k" { 600 } else { 240 }]
}

fn arms(set: &str) -> Vec<Arm> {
    let (dim, rate, l2) = match set {
        "ml-100k" => (32, 5e-4, 1e-5),
        _ => (64, 1e-3, 1e-6),
    };
    let options = json!({
        "dim": dim, "batchSize": 1024,
        "normalize": false, "temperature": 1, "init": "xavier",
        "negatives": { "kind": "uniform", "count": 5, "logQ": false },
        "optimizer": { "kind": "adam", "learningRate": rate, "l2": l2 },
    });
    let mut onebp = options.clone();
    onebp["onebp"] = json!({ "beta": 0.99 });
    vec![Arm { name: ONEBP, options: onebp }, Arm { name: TWO, options }]
}

fn conclude(measured: &Measured) -> Chapter {
    Chapter {
        title: measured.title(),
        tables: vec![ends(measured), course(measured), costs(measured)],
        plots: vec![
            measured.plot("onebp-epochs", "epochs", |_| 1.0),
            measured.plot("onebp-work", "billion multiply-adds", |epoch| epoch.multiply_adds / 1e9),
        ],
        goals: goals(measured),
        findings: findings(measured),
    }
}

fn best_ndcg(run: &Run) -> f64 {
    run.best().1.ndcg
}

fn ends(measured: &Measured) -> Table {
    let figure =
        |value: fn(&Run) -> f64| move |arm: &str| measured.figure(arm, |run| Some(value(run)));
    Table::new("The best epoch.", measured.names())
        .column("NDCG@20", Format::Score, figure(best_ndcg))
        .column("recall@20", Format::Score, figure(|run| run.best().1.recall))
        .column("epoch", Format::Count, figure(|run| run.best().0 as f64))
        .column("NDCG@20 of the last epoch", Format::Score, figure(|run| run.last().ndcg))
}

fn course(measured: &Measured) -> Table {
    let mut table =
        Table::new("NDCG@20 at equal epochs, and therefore at equal pairs.", measured.names());
    let epochs = measured.epochs();
    for part in 1..=MILESTONES.min(epochs) {
        let epoch = epochs * part / MILESTONES.min(epochs);
        table = table.column(format!("epoch {epoch}"), Format::Score, |arm| {
            measured.figure(arm, |run| Some(run.epochs[epoch - 1].ndcg))
        });
    }
    table
}

fn costs(measured: &Measured) -> Table {
    let a_step = |value: fn(&Epoch) -> f64| {
        move |arm: &str| measured.figure(arm, |run| Some(value(run.last()) / run.last().steps))
    };
    Table::new("Costs.", measured.names())
        .column("seconds an epoch", Format::Fine, |arm| {
            measured.figure(arm, |run| Some(run.epoch_seconds()))
        })
        .column("MB of buffers", Format::Millions, |arm| {
            measured.figure(arm, |run| Some(run.memory_bytes))
        })
        .column(
            "million multiply-adds a step",
            Format::Millions,
            a_step(|epoch| epoch.multiply_adds),
        )
        .column("MB moved a step", Format::Millions, a_step(|epoch| epoch.bytes_moved))
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let [onebp, two] = [ONEBP, TWO].map(|arm| {
        measured.figure(arm, |run| Some(best_ndcg(run))).expect("every run has a best epoch").mean
    });
    let mut goals = vec![Goal {
        text: format!("OneBP's best NDCG@20 is above that of {TWO}: {onebp:.4} to {two:.4}"),
        met: onebp > two,
    }];
    let (set, published) = PUBLISHED;
    if measured.set == set {
        goals.push(Goal {
            text: format!("OneBP's best NDCG@20 is at least {published}: {onebp:.4}"),
            met: onebp >= published,
        });
    }
    goals
}

fn findings(measured: &Measured) -> Vec<String> {
    let mean = |arm, value: fn(&Run) -> f64| {
        measured.figure(arm, |run| Some(value(run))).map_or(f64::NAN, |figure| figure.mean)
    };
    let [onebp_epoch, two_epoch] = [ONEBP, TWO].map(|arm| mean(arm, |run| run.best().0 as f64));
    let [onebp_fall, two_fall] =
        [ONEBP, TWO].map(|arm| mean(arm, |run| best_ndcg(run) - run.last().ndcg));
    let mut findings = vec![
        format!(
            "Best epoch against best epoch, OneBP {}. The best epoch of OneBP is epoch {onebp_epoch:.0}, \
             of {TWO} epoch {two_epoch:.0}.",
            standing(&measured.compare(ONEBP, TWO, best_ndcg), TWO)
        ),
        format!(
            "From their best epoch to the last, OneBP falls by {onebp_fall:.4} and {TWO} by \
             {two_fall:.4}."
        ),
        crossing(measured),
    ];
    let ratio = |what: &str, value: fn(&Run) -> f64| {
        let ratio = measured.beside(ONEBP, TWO, |run, other| Some(value(run) / value(other)));
        ratio.map(|ratio| format!("{} of the {what}", Format::Ratio.text(ratio)))
    };
    let ratios = [
        ratio("time", Run::epoch_seconds),
        ratio("multiply-adds", |run| run.last().multiply_adds),
        ratio("bytes moved", |run| run.last().bytes_moved),
        ratio("buffers' bytes", |run| run.memory_bytes),
    ];
    let ratios: Vec<String> = ratios.into_iter().flatten().collect();
    findings.push(format!("An epoch of OneBP takes {}.", ratios.join(", ")));
    findings.extend(at_equal_work(measured));
    findings
}

/// Reports the epoch after which OneBP stays ahead at equal pairs.
fn crossing(measured: &Measured) -> String {
    let [onebp, two] = [ONEBP, TWO].map(|arm| measured.curve(arm, |_| 1.0));
    let ahead = onebp.iter().zip(&two).rev().take_while(|(ours, theirs)| ours[1] > theirs[1]);
    match onebp.len() - ahead.count() {
        0 => "At equal pairs, OneBP is ahead from the first epoch on.".into(),
        behind if behind == onebp.len() => {
            "At equal pairs, OneBP is not ahead when training ends.".into()
        }
        behind => format!("At equal pairs, OneBP stays ahead after epoch {behind}."),
    }
}

/// Reports OneBP's NDCG@20 at the work that the other arm needs for its best epoch.
fn at_equal_work(measured: &Measured) -> Option<String> {
    let reached = measured.beside(ONEBP, TWO, |run, other| {
        let needed = other.epochs[..other.best().0].iter().map(|epoch| epoch.multiply_adds).sum();
        interpolate(&run.curve(|epoch| epoch.multiply_adds), needed)
    })?;
    Some(format!(
        "With the multiply-adds that {TWO} take to their best epoch, OneBP reaches {}.",
        Format::Score.text(reached)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::measured::run;
    use super::*;

    fn measured(onebp: &[f64], two: &[f64]) -> Measured {
        let run = |curve: &[f64], pairs| {
            run(&curve.iter().map(|&ndcg| (pairs, 0.0, ndcg)).collect::<Vec<_>>())
        };
        Measured {
            set: "ml-100k".into(),
            arms: vec![(ONEBP, vec![run(onebp, 5.0)]), (TWO, vec![run(two, 10.0)])],
        }
    }

    #[test]
    fn curves_cross_where_onebp_is_ahead_for_good() {
        let slower = measured(&[0.1, 0.3, 0.35, 0.43], &[0.2, 0.25, 0.4, 0.4]);
        assert_eq!(crossing(&slower), "At equal pairs, OneBP stays ahead after epoch 3.");
        let worse = measured(&[0.3, 0.1], &[0.2, 0.2]);
        assert_eq!(crossing(&worse), "At equal pairs, OneBP is not ahead when training ends.");
    }

    #[test]
    fn goals_are_checked_by_the_best_epochs() {
        let met = |onebp: &[f64], two: &[f64]| {
            goals(&measured(onebp, two)).iter().map(|goal| goal.met).collect::<Vec<_>>()
        };
        assert_eq!(met(&[0.43, 0.2], &[0.3, 0.42]), [true, true]);
        assert_eq!(met(&[0.41, 0.2], &[0.3, 0.42]), [false, false]);
    }

    #[test]
    fn at_equal_work_a_cheaper_epoch_has_had_more_of_them() {
        let cheaper = measured(&[0.1, 0.2, 0.3, 0.4], &[0.2, 0.1, 0.1, 0.1]);
        let text = at_equal_work(&cheaper).expect("within the run");
        assert!(text.ends_with("OneBP reaches 0.2000."), "{text}");
    }
}
