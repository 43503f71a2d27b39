//! Tuned runs: results, rejected options, and interruption during a trial.

use std::time::Duration;

use crate::support::{BACKENDS, camps, options, train, trainer};
use serde_json::{Value, json};
use twotower::Error;
use twotower::executor::BackendRequest;
use twotower::trainer::{Progress, Trainer};

fn tuned() -> Value {
    json!({ "tune": { "temperature": [0.001, 0.2, 0.5], "validation": 0.2 }, "epochs": 8, "patience": 3 })
}

fn report(trainer: &Trainer) -> Value {
    serde_json::to_value(trainer.report()).expect("serialises")
}

/// Trains to the end of a trial or of the run, and returns the last slice.
fn to_the_end_of_a_trial(trainer: &mut Trainer) -> Progress {
    let trials = |trainer: &Trainer| report(trainer)["trials"].as_array().map(Vec::len);
    let before = trials(trainer);
    loop {
        let progress =
            pollster::block_on(trainer.advance(Duration::from_millis(20))).expect("trains");
        if progress.done || trials(trainer) != before {
            return progress;
        }
    }
}

#[test]
fn the_best_temperature_trains_on_all_pairs() {
    for choice in BACKENDS {
        let mut tuned = trainer(&tuned(), choice);
        for trial in 1..=3 {
            let progress = to_the_end_of_a_trial(&mut tuned);
            let told = progress.trial.expect("a trial is at work");
            assert_eq!((told.trial, told.trials, progress.done), (trial, 3, false));
            assert!(progress.epoch_report.is_none() && told.epoch_report.is_some());
        }
        let (losses, epochs) = train(&mut tuned).expect("trains");
        let report = report(&tuned);
        let trials = report["trials"].as_array().expect("a list");
        let tried: Vec<f64> =
            trials.iter().map(|trial| trial["temperature"].as_f64().expect("told")).collect();
        assert_eq!(tried.len(), 3);
        let score = |trial: &&Value| trial["ndcg@20"].as_f64().expect("measured");
        let best = trials.iter().max_by(|a, b| score(a).total_cmp(&score(b))).expect("some");
        assert_eq!(report["config"]["temperature"], best["temperature"]);
        assert_ne!(best["temperature"], 0.001, "so sharp a softmax learns by heart");
        assert_eq!(epochs.len() as u64, best["epoch"].as_u64().expect("told"));

        // The same as a run with these options.
        let asked = json!({ "epochs": epochs.len(), "temperature": best["temperature"] });
        let mut asked = trainer(&asked, choice);
        let expected = train(&mut asked).expect("trains");
        assert_eq!(losses, expected.0, "{choice:?}");
        assert_eq!(
            epochs.last().map(|epoch| epoch.metrics),
            expected.1.last().map(|epoch| epoch.metrics)
        );
    }
}

#[test]
fn the_held_out_pairs_are_a_share_that_leaves_everyone_a_pair() {
    let dataset = camps(&options(&json!({})));
    let held_out = dataset.with_held_out(0.25, 7);
    let (all, kept, out) = (dataset.train.len(), held_out.train.len(), held_out.validation.len());
    assert_eq!(kept + out, all);
    assert!((out as f64 / all as f64 - 0.25).abs() < 0.05, "{out} of {all}");
    // With such a large share, items would lose all pairs if only users kept one.
    for left in [&held_out, &dataset.with_held_out(0.9, 7)] {
        assert!(left.item_counts().iter().chain(&left.user_counts()).all(|&count| count > 0));
    }
    let mut together: Vec<_> = held_out.train.iter().chain(held_out.validation.iter()).collect();
    together.sort_unstable();
    assert!(together.into_iter().eq(dataset.train.iter()));
    assert!(held_out.train.as_slice().is_sorted() && held_out.validation.as_slice().is_sorted());
    let out_of = |seed| dataset.with_held_out(0.25, seed).validation;
    assert_eq!(out_of(7), held_out.validation);
    assert_ne!(out_of(8), held_out.validation);
    assert!(dataset.with_held_out(0.01, 7).validation.is_empty());
}

#[test]
fn a_run_that_is_broken_off_while_it_is_tuned_comes_to_the_same() {
    let essence = |trainer: &mut Trainer| {
        train(trainer).expect("trains");
        let mut report = report(trainer);
        for list in ["trials", "epochs"] {
            let entries = report[list].as_array_mut().expect("a list").iter_mut();
            entries.for_each(|entry| entry["seconds"] = 0.into());
        }
        report["best"]["seconds"] = 0.into();
        for time in ["seconds", "evaluationSeconds", "secondsLeft"] {
            report["progress"][time] = 0.into();
        }
        report
    };
    let mut unbroken = trainer(&tuned(), BackendRequest::CPU);
    let mut broken = trainer(&tuned(), BackendRequest::CPU);
    let reload = |trainer: &mut Trainer| {
        let file = pollster::block_on(trainer.save()).expect("saves");
        pollster::block_on(Trainer::load(&file, BackendRequest::CPU)).expect("loads")
    };
    // In the first trial, after two trials, in the third.
    pollster::block_on(broken.advance(Duration::from_micros(20))).expect("trains");
    let mut broken = reload(&mut broken);
    to_the_end_of_a_trial(&mut broken);
    to_the_end_of_a_trial(&mut broken);
    let mut broken = reload(&mut broken);
    pollster::block_on(broken.advance(Duration::from_micros(20))).expect("trains");
    let mut broken = reload(&mut broken);
    to_the_end_of_a_trial(&mut broken);
    let mut broken = reload(&mut broken);
    assert_eq!(essence(&mut broken), essence(&mut unbroken));
}

#[test]
fn a_temperature_that_is_lost_is_passed_over_and_all_of_them_are_an_error() {
    // The scores of raw outputs overflow when divided by such a small number.
    let with = |temperatures: Value| {
        json!({
            "tune.temperature": temperatures, "tune.validation": 0.2, "normalize": false,
            "optimizer.kind": "sgd", "optimizer.learningRate": 1.0, "epochs": 3, "init": 60,
        })
    };
    let mut some = trainer(&with(json!([0.0001, 100])), BackendRequest::CPU);
    train(&mut some).expect("the second one is fine");
    let report = report(&some);
    assert_eq!(report["trials"][0]["epoch"], 0);
    assert_eq!(report["config"]["temperature"], 100.0);
    let mut none = trainer(&with(json!([0.0001, 0.0002])), BackendRequest::CPU);
    assert_eq!(train(&mut none).expect_err("none is left").code(), "non-finite");
}

#[test]
fn trials_that_no_run_has_had_are_refused() {
    let mut tried = trainer(&tuned(), BackendRequest::CPU);
    to_the_end_of_a_trial(&mut tried);
    let file = pollster::block_on(tried.save()).expect("saves");
    let load = |file: &[u8]| pollster::block_on(Trainer::load(file, BackendRequest::CPU));
    load(&file).expect("as it was");
    // The header is text: replaces a number with another one of the same length.
    let was = r#"trials\":[{\"temperature\":0.001"#;
    let at = file.windows(was.len()).position(|bytes| bytes == was.as_bytes()).expect("a trial");
    let mut forged = file.clone();
    forged[at + was.len() - 1] = b'2';
    match load(&forged) {
        Err(Error::Checkpoint { problem }) => assert!(problem.contains("trials"), "{problem}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn options_that_exclude_tuning_are_rejected_by_name() {
    let refusal = |result: Result<Trainer, Error>| match result {
        Err(Error::Config { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    let with = |more: &Value| {
        let mut all = tuned();
        for (key, value) in more.as_object().expect("an object") {
            twotower::config::set(&mut all, key, value.clone());
        }
        all
    };
    let create = |more: &Value| {
        let config = options(&with(more));
        let dataset = camps(&config);
        pollster::block_on(Trainer::new(dataset, config, BackendRequest::CPU))
    };
    assert_eq!(refusal(create(&json!({ "split.validation": 0.2 }))), "tune");

    assert_eq!(refusal(create(&json!({ "tune.validation": 0.01 }))), "tune.validation");

    let mut begun = create(&json!({})).expect("a trainer");
    begun.set_epochs(9).expect("nothing is tried yet");
    assert!(
        matches!(pollster::block_on(begun.start_items(&&b"{}"[..])), Err(Error::Config { key, .. }) if key == "tune")
    );
    to_the_end_of_a_trial(&mut begun);
    assert!(matches!(begun.set_epochs(10), Err(Error::Config { key, .. }) if key == "epochs"));
    begun.set_epochs(9).expect("the same number as before");
}
