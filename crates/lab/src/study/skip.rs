//! Skipping, against the two controls that such a result needs: skipping pairs at random, and
//! stopping early.

use super::experiment::{Arm, Experiment};
use super::measured::{Epoch, Measured, Run, fastest};
use super::section::{Chapter, Goal, standing};
use super::table::{Format, Table};
use crate::report::statistics::{Comparison, Figure, interpolate};
use serde_json::{Value, json};

pub const EXPERIMENT: Experiment = Experiment {
    name: "skip",
    title: "Skipping against random skipping and early stopping",
    about: "The default options, with .30 of the pairs skipped from the third epoch on: *stale* pairs, whose \
        rows hardly moved in the epoch before (both rows, or only the item's); pairs of *rare items*; or, in \
        rotation, pairs above a *cap* on a user's pairs. *Random* skips the same share, redrawn each epoch. \
        Arms with a *whole end* skip pairs from the second epoch on and train on every pair in the \
        last quarter of the epochs; so does their random control. *Early stop* is full training with the arm's seed \
        at the same number of trained pairs, interpolated linearly between epochs. Arms are compared at equal \
        epochs, and with the early stop at equal pairs.",
    lengths,
    arms,
    train: |set, _, options| set.train(options),
    conclude,
};

const FULL: &str = "full";
const RANDOM: &str = "random";
const CAP_WHOLE_END: &str = "cap, whole end";
const RANDOM_WHOLE_END: &str = "random, whole end";

/// Share of the epochs after which the arms with a whole end train on every pair.
const UNTIL: f64 = 0.75;

/// Share of the pairs to skip.
const SHARE: f64 = 0.3;

/// Smallest share of pairs to save (a fifth, less a rounding of the rotation), and largest share of
/// NDCG to lose.
const LEAST_SAVED: f64 = 0.195;
const MOST_LOST: f64 = 0.005;

/// Tolerances: of the kept share, and of an epoch's share of the time above its share of the pairs.
const KEPT_TOLERANCE: f64 = 0.08;
const TIME_TOLERANCE: f64 = 0.05;

fn lengths(_: &str) -> Vec<usize> {
    vec![8, 12]
}

fn arms(_: &str) -> Vec<Arm> {
    let arm = |name, skip: Value| Arm { name, options: json!({ "skip": skip }) };
    let whole_end =
        |policy| json!({ "policy": policy, "share": SHARE, "start": 1, "until": UNTIL });
    vec![
        arm(FULL, Value::Null),
        arm("stale, both rows", json!({ "policy": "stale", "rows": "both", "share": SHARE })),
        arm("stale, item row", json!({ "policy": "stale", "rows": "item", "share": SHARE })),
        arm("rare items", json!({ "policy": "popularity", "share": SHARE })),
        arm("cap", json!({ "policy": "cap", "share": SHARE })),
        arm(RANDOM, json!({ "policy": "random", "share": SHARE })),
        arm(CAP_WHOLE_END, whole_end("cap")),
        arm(RANDOM_WHOLE_END, whole_end("random")),
    ]
}

/// Returns the random control of an arm: the one that skips the same share.
fn control(arm: &str) -> &'static str {
    if [CAP_WHOLE_END, RANDOM_WHOLE_END].contains(&arm) { RANDOM_WHOLE_END } else { RANDOM }
}

fn conclude(measured: &Measured) -> Chapter {
    Chapter {
        title: measured.title(),
        tables: vec![table(measured)],
        plots: vec![measured.plot("skip", "million pairs trained", |epoch| epoch.pairs / 1e6)],
        goals: vec![worth_goal(measured), kept_goal(measured), time_goal(measured)],
        findings: skipping(measured).map(|arm| finding(measured, arm)).collect(),
    }
}

fn ndcg(run: &Run) -> f64 {
    run.last().ndcg
}

fn pairs(run: &Run) -> f64 {
    run.epochs.iter().map(|epoch| epoch.pairs).sum()
}

/// Returns the NDCG@20 of full training at the number of pairs that a run trained.
fn stopped_early(full: &Run, run: &Run) -> f64 {
    // The first epochs skip nothing, and no epoch has more pairs than in full training. So the
    // number lies between the ends of the curve.
    interpolate(&full.curve(|epoch| epoch.pairs), pairs(run)).expect("within full training")
}

/// Returns the epochs with skipping.
fn decided(run: &Run) -> impl Iterator<Item = &Epoch> {
    let epochs = run.epochs.len();
    let end = run.config.skip.as_ref().map_or(epochs, |skip| skip.ends_after(epochs));
    run.epochs[..end].iter().filter(|epoch| epoch.skip.is_some())
}

/// Returns the share of the pairs that an epoch trained.
fn kept(epoch: &Epoch) -> f64 {
    let skipped = epoch.skip.as_ref().map_or(0.0, |skip| skip.skipped);
    epoch.pairs / (epoch.pairs + skipped)
}

fn mean_kept(run: &Run) -> Option<f64> {
    let kept: Vec<f64> = decided(run).map(kept).collect();
    (!kept.is_empty()).then(|| Figure::of(&kept).mean)
}

/// Returns the time of an epoch with skipping as a share of a full epoch's.
fn time_share(run: &Run, full: &Run) -> Option<f64> {
    Some(fastest(decided(run))? / full.epoch_seconds())
}

fn against_early_stop(measured: &Measured, arm: &str) -> Comparison {
    let stopped: Vec<f64> = measured
        .runs(FULL)
        .iter()
        .zip(measured.runs(arm))
        .map(|(full, run)| stopped_early(full, run))
        .collect();
    let ours: Vec<f64> = measured.runs(arm).iter().map(ndcg).collect();
    Comparison::of(&ours, &stopped)
}

/// Returns the arms that skip by a policy or at random.
fn skipping(measured: &Measured) -> impl Iterator<Item = &'static str> {
    measured.names().filter(|&arm| arm != FULL)
}

fn table(measured: &Measured) -> Table {
    let against = |arm: &str, other: &str| {
        (arm != FULL && arm != other).then(|| measured.compare(arm, other, ndcg).relative)
    };
    Table::new("Means over the seeds, at equal epochs and at equal pairs.", measured.names())
        .column("NDCG@20", Format::Score, |arm| measured.figure(arm, |run| Some(ndcg(run))))
        .column("against full", Format::Percent, |arm| against(arm, FULL))
        .column("against random", Format::Percent, |arm| against(arm, control(arm)))
        .column("against early stop", Format::Percent, |arm| {
            (arm != FULL).then(|| against_early_stop(measured, arm).relative)
        })
        .column("pairs, full = 1", Format::Ratio, |arm| {
            measured.beside(arm, FULL, |run, full| Some(pairs(run) / pairs(full)))
        })
        .column("share kept by epochs with skipping", Format::Ratio, |arm| {
            measured.figure(arm, mean_kept)
        })
        .column("their time, full = 1", Format::Ratio, |arm| measured.beside(arm, FULL, time_share))
}

/// Checks whether the best skipping arm meets its goal.
fn worth_goal(measured: &Measured) -> Goal {
    let saved = |run: &Run, full: &Run| Some(1.0 - pairs(run) / pairs(full));
    let saved = measured.beside(CAP_WHOLE_END, FULL, saved).map_or(0.0, |saved| saved.mean);
    let full = measured.compare(CAP_WHOLE_END, FULL, ndcg).relative.mean;
    let random = measured.compare(CAP_WHOLE_END, RANDOM_WHOLE_END, ndcg).relative.mean;
    let stopped = against_early_stop(measured, CAP_WHOLE_END).relative.mean;
    Goal {
        text: format!(
            "{CAP_WHOLE_END} trains on a fifth fewer pairs, loses at most {:.1} % to full training, \
             and beats both controls: {:.1} % fewer pairs, {:+.1} % against full, {:+.1} % \
             against random, {:+.1} % against an early stop",
            MOST_LOST * 100.0,
            saved * 100.0,
            full * 100.0,
            random * 100.0,
            stopped * 100.0
        ),
        met: saved >= LEAST_SAVED && full >= -MOST_LOST && random > 0.0 && stopped > 0.0,
    }
}

fn kept_goal(measured: &Measured) -> Goal {
    let off = |arm| {
        let epochs = measured.runs(arm).iter().flat_map(decided);
        let worst = epochs.map(|epoch| (kept(epoch) - (1.0 - SHARE)).abs()).fold(0.0, f64::max);
        (arm, worst)
    };
    let worst = skipping(measured).map(off).max_by(|a, b| a.1.total_cmp(&b.1));
    let (arm, worst) = worst.expect("an arm skips");
    Goal {
        text: format!(
            "Every epoch with skipping keeps the requested share, ± {KEPT_TOLERANCE}: \
             at most {worst:.3} off ({arm})"
        ),
        met: worst <= KEPT_TOLERANCE,
    }
}

fn time_goal(measured: &Measured) -> Goal {
    let over = |arm| {
        let over = |run: &Run, full: &Run| Some(time_share(run, full)? - mean_kept(run)?);
        Some((arm, measured.beside(arm, FULL, over)?.mean))
    };
    let worst = skipping(measured).filter_map(over).max_by(|a, b| a.1.total_cmp(&b.1));
    let (text, met) = match worst {
        Some((arm, over)) => (format!("at most {over:+.3} ({arm})"), over <= TIME_TOLERANCE),
        None => ("no epoch skipped pairs".into(), false),
    };
    Goal {
        text: format!(
            "An epoch's share of a full epoch's time exceeds its share of the pairs by at most \
             {TIME_TOLERANCE}: {text}"
        ),
        met,
    }
}

fn finding(measured: &Measured, arm: &str) -> String {
    let full = standing(&measured.compare(arm, FULL, ndcg), "full training");
    let control = control(arm);
    let random = standing(&measured.compare(arm, control, ndcg), "random skipping");
    let random = if arm == control { String::new() } else { format!(", {random}") };
    let stopped = standing(&against_early_stop(measured, arm), "an early stop");
    format!("{arm}: it {full}{random}; at equal pairs it {stopped}.")
}

#[cfg(test)]
mod tests {
    use super::super::measured::run;
    use super::*;

    #[test]
    fn an_arm_is_held_against_full_training_at_as_many_pairs() {
        let full = run(&[(100.0, 0.0, 0.1), (100.0, 0.0, 0.3), (100.0, 0.0, 0.4)]);
        let random = run(&[(100.0, 0.0, 0.1), (100.0, 0.0, 0.3), (70.0, 30.0, 0.4)]);
        assert!((stopped_early(&full, &random) - 0.37).abs() < 1e-12);
        assert_eq!((mean_kept(&full), mean_kept(&random)), (None, Some(0.7)));
        assert_eq!(time_share(&random, &full), Some(0.7));

        let whole_end = run(&[(100.0, 0.0, 0.1), (70.0, 30.0, 0.2), (70.0, 30.0, 0.4)]);
        let measured = Measured {
            set: "small".into(),
            arms: vec![
                (FULL, vec![full]),
                (RANDOM, vec![random]),
                (CAP_WHOLE_END, vec![whole_end.clone()]),
                (RANDOM_WHOLE_END, vec![whole_end]),
            ],
        };
        let chapter = conclude(&measured);
        assert_eq!(chapter.title, "small, 3 epochs");
        let met: Vec<bool> = chapter.goals.iter().map(|goal| goal.met).collect();
        assert_eq!(met, [false, true, true], "{:?}", chapter.goals);
        let table = chapter.tables[0].to_string();
        assert!(
            table.contains("| random | 0.4000 | +0.0 % |  | +8.1 % | 0.90 | 0.70 | 0.70 |"),
            "{table}"
        );
        assert_eq!(
            chapter.findings[0],
            "random: it is level with full training (+0.0000, +0.0 %); at equal pairs it wins \
             against an early stop (+0.0300, +8.1 %)."
        );
    }
}
