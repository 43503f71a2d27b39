//! Saved runs: they resume to the same bits, and files that no run can have saved are rejected by
//! name.

use std::sync::OnceLock;
use std::time::Duration;

use crate::support::{BACKENDS, options, train, trainer};
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use twotower::Error;
use twotower::checkpoint::VERSION;
use twotower::executor::BackendRequest;
use twotower::plan::Variant;
use twotower::trainer::{Choice, EpochReport, Query, Trainer};

/// Returns options of runs that together use everything that a saved run contains. An epoch in
/// batches of four takes more than one window.
fn runs() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "dim": 5, "batchSize": 4, "optimizer.kind": "adagrad", "negatives.kind": "popularity" }),
        json!({ "batchSize": 4, "negatives.logQ": "streaming" }),
        json!({ "dim": 11, "onebp": {}, "negatives.kind": "uniform", "split.validation": 0.2 }),
        json!({
            "cbns.capacity": 320, "optimizer.kind": "adagrad", "optimizer.learningRate": 0.2,
            "negatives.kind": "mixed", "epochs": 12,
        }),
        json!({ "cbns.capacity": 24, "cbns.warmup": 3, "onebp.beta": 0.9, "dim": 3 }),
        json!({ "cbns.capacity": 40, "cbns.sides": "items", "batchSize": 4, "cbns.warmup": 90 }),
        json!({ "skip.rows": "item", "skip.start": 1, "skip.keep": 0.2, "negatives.logQ": true }),
        json!({ "skip.policy": "cap", "skip.until": 0.7 }),
        json!({
            "towers.user.id": false, "towers.user.history.cap": 8, "towers.user.layers": [7],
            "towers.item.layers": [5], "split.validation": 0.2, "skip.start": 1,
        }),
        json!({
            "towers.user.features": ["town", "age:number"], "towers.item.features": ["tags:list"],
            "cbns.capacity": 24, "cbns.warmup": 3, "split.validation": 0.2,
        }),
        features_alone(),
        json!({ "patience": 1, "split.validation": 0.2, "skip.policy": "random", "skip.start": 1 }),
        json!({ "batchSize": 4, "optimizer.schedule": "cosine", "optimizer.warmup": 2.5 }),
    ]
}

/// Returns options of a run in which items have only features. Most of its items have no training
/// pair.
fn features_alone() -> Value {
    json!({
        "batchSize": 4, "split.test": 0.9, "towers.item.id": false, "towers.item.layers": [5],
        "towers.item.features": ["parity", "year:number", "tags:list|", "title:words"],
        "towers.user.features": ["age:number"], "towers.user.history.table": "separate",
    })
}

fn load(bytes: &[u8], choice: BackendRequest) -> Result<Trainer, Error> {
    pollster::block_on(Trainer::load(bytes, choice))
}

fn save(trainer: &mut Trainer) -> Vec<u8> {
    pollster::block_on(trainer.save()).expect("saves")
}

/// Returns the tensors and the report of a run, without times.
fn essence(trainer: &mut Trainer) -> (Vec<(String, Vec<u8>)>, Value) {
    let file = save(trainer);
    let file = SafeTensors::deserialize(&file).expect("a safetensors file");
    let mut tensors: Vec<_> =
        file.iter().map(|(name, tensor)| (name.to_owned(), tensor.data().to_vec())).collect();
    tensors.sort();
    let mut report = serde_json::to_value(trainer.report()).expect("serialises");
    let epochs = report["epochs"].as_array_mut().expect("a list").iter_mut();
    epochs.for_each(|epoch| epoch["seconds"] = 0.into());
    report["best"]["seconds"] = 0.into();
    for time in ["seconds", "evaluationSeconds", "secondsLeft"] {
        report["progress"][time] = 0.into();
    }
    (tensors, report)
}

/// Trains for at least `steps` steps, or to the end, and returns the losses.
fn train_steps(trainer: &mut Trainer, steps: usize) -> Vec<f32> {
    let mut losses = Vec::new();
    loop {
        let slice = pollster::block_on(trainer.advance(Duration::from_micros(20))).expect("trains");
        losses.extend(slice.losses);
        if slice.done || losses.len() >= steps {
            return losses;
        }
    }
}

/// Saves and loads a run after `steps` steps, and again after `steps` more. The results must equal
/// those of an uninterrupted run.
fn resumed(more: &Value, choice: BackendRequest, steps: usize) {
    let mut whole = trainer(more, choice);
    let mut expected = train_steps(&mut whole, usize::MAX);

    let mut first = trainer(more, choice);
    let mut losses = train_steps(&mut first, steps);
    let mut second = load(&save(&mut first), choice).expect("loads");
    losses.extend(train_steps(&mut second, steps));
    let mut third = load(&save(&mut second), choice).expect("loads");
    losses.extend(train_steps(&mut third, usize::MAX));

    let bits = |losses: &mut [f32]| losses.iter().map(|loss| loss.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&mut losses), bits(&mut expected), "{more} on {choice:?} after {steps} steps");
    let (broken, unbroken) = (essence(&mut third), essence(&mut whole));
    assert_eq!(broken.1, unbroken.1, "{more} on {choice:?} after {steps} steps");
    for (ours, theirs) in broken.0.iter().zip(&unbroken.0) {
        assert!(ours == theirs, "`{}`: {more} on {choice:?} after {steps} steps", ours.0);
    }
    assert_eq!(broken.0.len(), unbroken.0.len());
}

#[test]
fn five_epochs_and_five_more_are_ten_to_the_last_bit() {
    for choice in BACKENDS {
        for more in runs() {
            let with = |epochs: usize| {
                let mut more = more.clone();
                more["epochs"] = epochs.into();
                more.as_object_mut().expect("an object").remove("patience");
                trainer(&more, choice)
            };
            let mut whole = with(10);
            let mut expected = train(&mut whole).expect("trains").0;
            let mut half = with(10);
            let mut losses = Vec::new();
            for _ in 0..5 {
                losses.extend(one_epoch(&mut half));
            }
            let mut rest = load(&save(&mut half), choice).expect("loads");
            losses.extend(train(&mut rest).expect("trains").0);
            let bits =
                |losses: &mut Vec<f32>| losses.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&mut losses), bits(&mut expected), "{more} on {choice:?}");
            assert!(essence(&mut rest) == essence(&mut whole), "{more} on {choice:?}");
            // A saved run resumes as if it had not stopped.
            losses.truncate(0);
            assert!(essence(&mut half).0 != essence(&mut whole).0);
            train(&mut half).expect("trains");
            assert!(essence(&mut half) == essence(&mut whole), "{more} on {choice:?}");
        }
    }
}

fn one_epoch(trainer: &mut Trainer) -> Vec<f32> {
    let mut losses = Vec::new();
    loop {
        let slice = pollster::block_on(trainer.advance(Duration::from_secs(1))).expect("trains");
        losses.extend(slice.losses);
        if slice.epoch_report.is_some() {
            return losses;
        }
    }
}

#[test]
fn a_run_goes_on_from_any_step() {
    for more in runs() {
        for (choice, steps) in [(BACKENDS[0], 1), (BACKENDS[0], 29), (BACKENDS[1], 21)] {
            resumed(&more, choice, steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_run_goes_on_from_any_step_of_any_epoch(run in 0..runs().len(), steps in 0usize..90) {
        resumed(&runs()[run], BackendRequest::CPU, steps);
    }
}

#[test]
fn a_finished_run_is_loaded_finished_and_answers() {
    for choice in BACKENDS {
        let mut trainer = trainer(&json!({ "split.validation": 0.2 }), choice);
        train(&mut trainer).expect("trains");
        let mut loaded = load(&save(&mut trainer), choice).expect("loads");
        assert_eq!(save(&mut loaded), save(&mut trainer), "a file has one form");
        let answers = |trainer: &mut Trainer| {
            let top = pollster::block_on(trainer.recommend(
                &Query::User("u4".into()),
                9,
                &Choice::default(),
            ));
            (top.expect("recommends"), trainer.history("u4"), trainer.items("number 1", 50))
        };
        assert_eq!(answers(&mut loaded), answers(&mut trainer));
        assert!(train(&mut loaded).expect("is over").0.is_empty());
        assert_eq!(loaded.set_epochs(300).expect_err("it went back").code(), "config");
    }
}

/// Checks that the runs above use an opened bank and skipped pairs.
#[test]
fn the_bank_opens_and_pairs_leave_in_these_runs() {
    let mut opened = 0;
    let mut skipped = 0;
    for more in runs() {
        let (_, epochs) = train(&mut trainer(&more, BackendRequest::CPU)).expect("trains");
        let steady = |epoch: &EpochReport| epoch.drift.is_some_and(|drift| drift <= 0.1);
        let auto = more.get("cbns.capacity").is_some() && more.get("cbns.warmup").is_none();
        opened += usize::from(auto && !steady(&epochs[0]) && epochs.iter().any(steady));
        let leaves = |epoch: &EpochReport| epoch.skip.is_some_and(|skip| skip.skipped > 0);
        skipped += usize::from(epochs.iter().any(leaves));
    }
    assert_eq!((opened, skipped), (1, 4));
}

#[test]
fn a_run_goes_on_to_more_epochs_and_on_the_other_backend() {
    let mut short = trainer(&json!({ "epochs": 2 }), BackendRequest::CPU);
    let mut losses = train(&mut short).expect("trains").0;
    for choice in BACKENDS {
        let mut on = load(&save(&mut short), choice).expect("loads");
        on.set_epochs(4).expect("goes on");
        let more = train(&mut on).expect("trains").0;
        assert_eq!(more.len(), losses.len(), "two epochs more");
    }
    let mut whole = trainer(&json!({ "epochs": 4 }), BackendRequest::CPU);
    let mut on = load(&save(&mut short), BackendRequest::CPU).expect("loads");
    on.set_epochs(4).expect("goes on");
    losses.extend(train(&mut on).expect("trains").0);
    assert_eq!(train(&mut whole).expect("trains").0, losses);
}

#[test]
fn a_run_that_failed_is_not_saved() {
    let more = json!({
        "normalize": false, "temperature": 1e-3, "epochs": 50,
        "optimizer.kind": "sgd", "optimizer.learningRate": 100,
    });
    let mut trainer = trainer(&more, BackendRequest::CPU);
    train(&mut trainer).expect_err("it blows up");
    let error = pollster::block_on(trainer.save()).expect_err("it cannot be resumed");
    assert_eq!(error.code(), "non-finite");
}

/// Returns a run saved within an epoch, with all kinds of content.
fn example() -> Vec<u8> {
    let more = json!({ "cbns.capacity": 24, "skip": {}, "skip.start": 1, "split.validation": 0.2 });
    let mut trainer = trainer(&more, BackendRequest::CPU);
    loop {
        let slice = pollster::block_on(trainer.advance(Duration::from_micros(20))).expect("trains");
        if slice.epoch > 3 && (1..slice.steps).contains(&slice.step) {
            return save(&mut trainer);
        }
    }
}

fn refusal(bytes: &[u8]) -> String {
    match load(bytes, BackendRequest::CPU) {
        Err(Error::Checkpoint { problem }) => problem,
        Err(other) => panic!("{other}"),
        Ok(_) => "taken".into(),
    }
}

type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);
type Tensors = Vec<Tensor>;

/// Returns a saved run with a changed record or changed tensors, as a complete safetensors file.
fn forged(bytes: &[u8], change: impl FnOnce(&mut Value, &mut Tensors)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).expect("a header");
    let text = &header.metadata().as_ref().expect("metadata")["twotower"];
    let mut record: Value = serde_json::from_str(text).expect("a record");
    let file = SafeTensors::deserialize(bytes).expect("a file");
    let mut tensors: Tensors = file
        .iter()
        .map(|(name, t)| (name.to_owned(), t.dtype(), t.shape().to_vec(), t.data().to_vec()))
        .collect();
    change(&mut record, &mut tensors);
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name, TensorView::new(*dtype, shape.clone(), data).expect("its size"))
    });
    let metadata = [("twotower".to_owned(), record.to_string())].into_iter().collect();
    safetensors::serialize(views, Some(metadata)).expect("serialises")
}

/// Returns a saved run in which one field of the record is changed, by its dotted path.
fn forged_record(bytes: &[u8], path: &str, value: Value) -> Vec<u8> {
    forged(bytes, |record, _| {
        let pointer = format!("/{}", path.replace('.', "/"));
        *record.pointer_mut(&pointer).unwrap_or_else(|| panic!("{path} is there")) = value;
    })
}

/// Returns a saved run in which one word of a tensor is changed.
fn forged_word(bytes: &[u8], name: &str, at: usize, word: [u8; 4]) -> Vec<u8> {
    forged(bytes, |_, tensors| {
        words(tensors, name)[at] = word;
    })
}

fn named<'a>(tensors: &'a mut Tensors, name: &str) -> &'a mut Tensor {
    let found = tensors.iter_mut().find(|tensor| tensor.0 == name);
    found.unwrap_or_else(|| panic!("{name} is there"))
}

fn words<'a>(tensors: &'a mut Tensors, name: &str) -> &'a mut [[u8; 4]] {
    named(tensors, name).3.as_chunks_mut().0
}

/// Changes three lengths: two texts become empty, and the next text gets the characters of all
/// three.
fn two_alike(tensors: &mut Tensors, lengths: &str) {
    let lengths = words(tensors, lengths);
    let all: u32 = lengths[..3].iter().map(|&length| u32::from_le_bytes(length)).sum();
    lengths[..3].copy_from_slice(&[0, 0, all].map(u32::to_le_bytes));
}

#[test]
fn a_run_that_was_given_fewer_epochs_than_it_has_is_saved_and_loaded() {
    let mut shortened = trainer(&json!({ "epochs": 6 }), BackendRequest::CPU);
    for _ in 0..4 {
        one_epoch(&mut shortened);
    }
    shortened.set_epochs(2).expect("it ends here");
    let mut loaded = load(&save(&mut shortened), BackendRequest::CPU).expect("loads");
    assert!(essence(&mut loaded) == essence(&mut shortened));
}

#[test]
fn a_longer_cosine_is_followed_from_the_step_at_hand() {
    for choice in BACKENDS {
        let more = json!({ "batchSize": 4, "epochs": 4, "optimizer.schedule": "cosine" });
        let mut prolonged = trainer(&more, choice);
        train_steps(&mut prolonged, 7);
        prolonged.set_epochs(8).expect("has not ended");
        let mut loaded = load(&save(&mut prolonged), choice).expect("loads");
        assert_eq!(train_steps(&mut prolonged, 30)[..20], train_steps(&mut loaded, 30)[..20]);
    }
}

#[test]
fn a_forgery_of_nothing_is_taken() {
    for bytes in [cached_example(), featured()] {
        assert_eq!(refusal(&forged(bytes, |_, _| ())), "taken");
    }
}

/// A run of two tables without its interactions, as `cluster/` saves one to serve.
fn serving(trained: &[u8]) -> Vec<u8> {
    forged(trained, |record, tensors| {
        for part in ["pairs.train", "pairs.validation", "pairs.test"] {
            let pairs = named(tensors, part);
            (pairs.2, pairs.3) = (vec![0, 2], Vec::new());
        }
        record["record"]["pairsInEpoch"] = 1.into();
        let run = &mut record["record"]["run"];
        run["epochs"] = json!([]);
        run["best"] = Value::Null;
        run["finished"] = Value::Null;
        run["work"] = json!({ "dispatches": 0, "bytesMoved": 0, "multiplyAdds": 0 });
    })
}

#[test]
fn a_serving_run_answers_as_the_run_that_it_was_and_does_not_train() {
    for choice in BACKENDS {
        let mut whole = trainer(&json!({ "optimizer.kind": "sgd" }), choice);
        train(&mut whole).expect("trains");
        let mut served = load(&serving(&save(&mut whole)), choice).expect("loads");
        let user = whole.users("", 1).remove(0);
        let all = Choice { seen: true, ..Choice::default() };
        let ask = |trainer: &mut Trainer| {
            let query = Query::User(user.clone());
            pollster::block_on(trainer.recommend(&query, 10, &all)).expect("answers").found
        };
        assert_eq!(ask(&mut served), ask(&mut whole));
        assert!(served.history(&user).expect("a user").is_empty());
        let again = load(&save(&mut served), choice).expect("loads again");
        let about = serde_json::to_value(again.about()).expect("serialises");
        assert_eq!(about["data"]["train"], 0);
        let refused = pollster::block_on(served.advance(Duration::MAX)).expect_err("no pairs");
        assert_eq!(refused.code(), "not-available");
        assert!(refused.to_string().contains("saved without interactions"), "{refused}");
        let refused = served.new_data().err().expect("no pairs to add to");
        assert_eq!(refused.code(), "not-available");
        assert!(refused.to_string().contains("new data for a serving run"), "{refused}");
    }
}

const TOO_MUCH: [u8; 4] = 4_000_000_000u32.to_le_bytes();

fn are_refused<const N: usize>(cases: [(Vec<u8>, &str); N]) {
    for (bytes, expected) in cases {
        let problem = refusal(&bytes);
        assert!(problem.contains(expected), "`{problem}` does not contain `{expected}`");
    }
}

/// The two variants sum over different lanes, so their results differ in bits.
#[test]
fn a_run_goes_on_in_its_variant() {
    for variant in Variant::ALL {
        let request = BackendRequest::WEBGPU.with_variant(Some(variant));
        let mut first = trainer(&json!({}), request);
        train_steps(&mut first, 3);
        let second = load(&save(&mut first), BackendRequest::WEBGPU).expect("loads");
        assert_eq!(second.about().backend.variant, Some(variant));
    }
}

#[test]
fn files_of_no_run_are_rejected_by_name() {
    let of = cached_example();
    let record = |path: &str, value: Value| forged_record(of, path, value);
    let tensor = |name: &str, at: usize, word: [u8; 4]| forged_word(of, name, at, word);
    are_refused([
        (b"PK\x03\x04 not a model at all".to_vec(), "not a whole safetensors file"),
        (Vec::new(), "not a whole safetensors file"),
        (record("version", (VERSION + 1).into()), "version 2"),
        (record("version", "1".into()), "version \"1\""),
        (record("record.config.dim", 9.into()), "_table` is F32 of shape"),
        (record("record.config.dim", 0.into()), "option `dim`"),
        (record("record.config.seed", "x".into()), "option `seed`"),
        (record("record.config.cbns", Value::Null), "it has a tensor `bank_entries`"),
        (record("record.config.optimizer.kind", "sgd".into()), "it has a tensor"),
        (record("record.config.optimizer.kind", "adagrad".into()), "_table_state_1`"),
        (record("record.run.epochs.0.pairs", 3.into()), "its epochs"),
        (record("record.run.epochs.0.epoch", 2.into()), "its epochs"),
        (record("record.run.epochs.0.loss", "low".into()), "its record"),
        (record("record.run.best", 7.into()), "its best epoch does not match"),
        (record("record.run.best", json!(usize::MAX)), "its best epoch does not match"),
        (record("record.run.best", Value::Null), "its best epoch does not match"),
        (record("record.run.work.dispatches", json!(1u64 << 60)), "its work is less"),
        (record("record.run.finished", json!({ "epoch": 1 })), "its best epoch does not match"),
        (record("record.shape", "round".into()), "its record"),
        (record("record.pairsInEpoch", 0.into()), "the number of pairs in its epoch"),
        (record("record.pairsInEpoch", 1_000_000.into()), "the number of pairs in its epoch"),
        (
            forged(of, |record, _| {
                let record = &mut record["record"];
                let all = record["pairsInEpoch"].as_u64().expect("a number")
                    + record["run"]["skipping"]["report"]["skipped"].as_u64().expect("a number");
                record["pairsInEpoch"] = 5.into();
                record["run"]["skipping"]["report"]["skipped"] = (all - 5).into();
            }),
            "the number of steps in its epoch",
        ),
        (tensor("user_table", 3, f32::NAN.to_le_bytes()), "row 0 of `user_table`"),
        (
            tensor("item_table_state_2", 9, f32::INFINITY.to_le_bytes()),
            "row 1 of `item_table_state_2`",
        ),
        (tensor("losses.epoch", 0, f32::NAN.to_le_bytes()), "`losses.epoch`"),
        (tensor("bank_entries", 4, TOO_MUCH), "row 1 of `bank_entries`"),
        (tensor("kept_pairs", 5, TOO_MUCH), "row 2 of `kept_pairs`"),
        (tensor("item_stale", 2, TOO_MUCH), "row 2 of `item_stale`"),
        (tensor("pairs.train", 0, TOO_MUCH), "a pair has an unknown user or item"),
        (tensor("pairs.train", 1, [39, 0, 0, 0]), "not in order"),
        (tensor("users.lengths", 0, TOO_MUCH), "`users` does not match the lengths"),
        (tensor("users", 0, *b"\xff\xff\xff\xff"), "`users` does not match the lengths"),
        (
            forged(of, |_, tensors| two_alike(tensors, "items.lengths")),
            "two of its items have the same id",
        ),
        (
            forged(of, |_, tensors| tensors.retain(|tensor| tensor.0 != "item_table")),
            "no tensor `item_table`",
        ),
        (
            forged(of, |_, tensors| tensors.push(("extra".into(), Dtype::U8, vec![0], Vec::new()))),
            "it has a tensor `extra`",
        ),
    ]);
}

/// Each of these values is valid alone, but contradicts another one.
#[test]
fn contradictions_are_rejected_by_name() {
    let of = cached_example();
    let record = |path: &str, value: Value| forged_record(of, path, value);
    let tensor = |name: &str, at: usize, word: [u8; 4]| forged_word(of, name, at, word);
    let mut streaming =
        trainer(&json!({ "batchSize": 4, "negatives.logQ": "streaming" }), BackendRequest::CPU);
    train_steps(&mut streaming, 30);
    let streaming = save(&mut streaming);
    let low = (-1.0f32).to_le_bytes();
    are_refused([
        (forged_word(&streaming, "last_seen", 7, 1000u32.to_le_bytes()), "row 7 of `last_seen`"),
        (forged_word(&streaming, "last_seen", 7, u32::MAX.to_le_bytes()), "row 7 of `last_seen`"),
        (forged_word(&streaming, "gaps", 2, low), "row 2 of `gaps`"),
        (tensor("user_table_state_2", 3, low), "row 0 of `user_table_state_2`"),
        (tensor("item_activity", 4, low), "row 4 of `item_activity`"),
        // Two pairs that are the same.
        (
            forged(of, |_, tensors| {
                let pairs = words(tensors, "kept_pairs");
                (pairs[2], pairs[3]) = (pairs[0], pairs[1]);
            }),
            "row 1 of `kept_pairs`",
        ),
        (tensor("kept_pairs", 1, 39u32.to_le_bytes()), "row 0 of `kept_pairs`"),
        (tensor("losses.untold", 0, 9.5f32.to_le_bytes()), "its unreported losses"),
        (record("record.bankIsOpen", false.into()), "its bank is open"),
        (record("record.run.seconds", json!(-1.0)), "its times or its metrics"),
        (record("record.run.epochSeconds", json!(-1e300)), "its times or its metrics"),
        (record("record.run.epochs.0.seconds", json!(-2)), "its epochs"),
        (record("record.run.epochs.0.ndcg@20", json!(1.5)), "its epochs"),
        (record("record.run.epochs.0.drift", json!(-0.5)), "its epochs"),
        (record("record.run.epochs.2.skip.skipped", json!(usize::MAX)), "its epochs"),
        (
            record("record.run.skipping.report.skipped", json!(usize::MAX)),
            "the number of pairs in its epoch",
        ),
        (record("record.run.epochs.0.dispatches", 0.into()), "its work is more"),
        (
            forged(of, |record, _| {
                let record = &mut record["record"];
                let metric = record["config"]["metric"].as_str().expect("a name").to_owned();
                let other = usize::from(record["run"]["best"] == 0);
                record["run"]["epochs"][other][metric] = json!(1.0);
            }),
            "its best epoch does not match",
        ),
    ]);
}

/// A file of a few kilobytes with options for the largest batch and the widest rows.
#[test]
fn a_small_file_cannot_ask_for_all_memory() {
    let mut little =
        trainer(&json!({ "towers.item.out": 8, "towers.user.out": 8 }), BackendRequest::CPU);
    let file = save(&mut little);
    let greedy = forged(&file, |record, _| {
        let config = &mut record["record"]["config"];
        config["batchSize"] = 16384.into();
        config["negatives"] = json!({ "kind": "uniform", "count": 7, "logQ": true });
        config["towers"]["item"]["layers"] = json!([1024, 1024]);
    });
    assert!(refusal(&greedy).contains("far more memory"), "{}", refusal(&greedy));
    let many = format!("{{\"a\":[0{}]}}", ",0".repeat(3 << 20));
    let header = [&(many.len() as u64).to_le_bytes()[..], many.as_bytes()].concat();
    assert!(refusal(&header).contains("not a whole safetensors file"));
}

#[test]
fn features_of_no_run_are_rejected_by_name() {
    let of = featured();
    let record = |path: &str, value: Value| forged_record(of, path, value);
    let tensor = |name: &str, at: usize, word: [u8; 4]| forged_word(of, name, at, word);
    let high = |number: f64| ((number.to_bits() >> 32) as u32).to_le_bytes();
    are_refused([
        (tensor("features.item.members", 0, TOO_MUCH), "a row has an unknown feature"),
        (tensor("features.item.members", 0, 4u32.to_le_bytes()), "row are not in order"),
        (
            tensor("features.item.offsets", 0, 1u32.to_le_bytes()),
            "one list of features for each row",
        ),
        (tensor("features.item.offsets", 1, TOO_MUCH), "one list of features for each row"),
        (tensor("features.item.offsets", 40, TOO_MUCH), "one list of features for each row"),
        (
            forged(of, |_, tensors| {
                let (_, _, shape, data) = named(tensors, "features.user.offsets");
                shape[0] -= 1;
                data.truncate(4 * shape[0]);
            }),
            "one list of features for each row",
        ),
        // With ids, only items with a training pair have rows.
        (record("record.config.towers.item.id", true.into()), "one list of features for each row"),
        (tensor("features.item.bounds", 1, high(f64::NAN)), "`features.item.bounds`"),
        (tensor("features.item.bounds", 5, high(f64::INFINITY)), "`features.item.bounds`"),
        (tensor("features.item.bounds", 1, high(1e300)), "bounds of a column are not in order"),
        (
            record("record.config.towers.user.features", json!(["age"])),
            "its number of bounds does not match its columns",
        ),
        (
            record("record.config.towers.user.features", json!(["age:number", "year:number"])),
            "its number of bounds does not match its columns",
        ),
        (record("record.config.towers.user.features", json!([])), "it has a tensor `features.user"),
        (tensor("features.item.lengths", 0, TOO_MUCH), "`features.item` does not match"),
        (
            forged(of, |_, tensors| two_alike(tensors, "features.item.lengths")),
            "two of its features are equal",
        ),
        (
            forged(of, |_, tensors| tensors.retain(|tensor| tensor.0 != "features.item.bounds")),
            "no tensor `features.item.bounds`",
        ),
        (
            forged(of, |_, tensors| {
                named(tensors, "features.item.bounds").1 = Dtype::I64;
            }),
            "`features.item.bounds` is I64",
        ),
        (
            // The number of features in the lists, and no more in the table.
            forged(of, |_, tensors| {
                let (_, _, shape, data) = named(tensors, "features.item.lengths");
                shape[0] += 1;
                data.extend([0; 4]);
            }),
            "`item_features` is F32 of shape",
        ),
    ]);
}

#[test]
fn a_header_that_lies_is_refused() {
    let bytes = cached_example();
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).expect("text");
    let lying = |from: &str, to: &str| {
        assert!(header.contains(from), "{from} in {header}");
        let header = header.replacen(from, to, 1);
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.extend(&bytes[8 + length..]);
        refusal(&file)
    };
    for (from, to) in [
        ("\"shape\":[40,8]", "\"shape\":[40,9]"),
        ("\"shape\":[40,8]", "\"shape\":[18446744073709551615,8]"),
        ("\"shape\":[40,8]", "\"shape\":[320]"),
        ("\"dtype\":\"F32\"", "\"dtype\":\"F64\""),
        ("\"data_offsets\":[0,", "\"data_offsets\":[4,"),
        ("\"data_offsets\":[0,", "\"data_offsets\":[0,9"),
        ("\"twotower\":", "\"format\":"),
    ] {
        assert_ne!(lying(from, to), "taken", "{from} made {to}");
    }
    let mut endless = bytes.to_vec();
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_ne!(refusal(&endless), "taken");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused(at in 0.0f64..1.0) {
        let bytes = cached_example();
        let cut = &bytes[..(at * bytes.len() as f64) as usize];
        prop_assert!(refusal(cut).contains("not a whole safetensors file"));
    }

    #[test]
    fn a_file_with_a_wrong_byte_is_refused_or_trains(
        at in 0.0f64..1.0, byte in any::<u8>(), in_header in any::<bool>(), has_features in any::<bool>(),
    ) {
        let mut bytes = if has_features { featured() } else { cached_example() }.to_vec();
        let end = if in_header { 4000 } else { bytes.len() };
        bytes[(at * end as f64) as usize] = byte;
        match load(&bytes, BackendRequest::CPU) {
            Err(error) => prop_assert_eq!(error.code(), "checkpoint"),
            Ok(mut trainer) => {
                let outcome = pollster::block_on(trainer.advance(Duration::from_micros(20)));
                prop_assert!(outcome.is_ok() || outcome.is_err_and(|e| e.code() == "non-finite"));
            }
        }
    }
}

/// Returns the file of [`example`], computed once for all cases.
fn cached_example() -> &'static [u8] {
    static EXAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    EXAMPLE.get_or_init(example)
}

/// Returns the file of a run with features on both sides, after its first steps.
fn featured() -> &'static [u8] {
    static EXAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let mut trainer = trainer(&features_alone(), BackendRequest::CPU);
        train_steps(&mut trainer, 3);
        save(&mut trainer)
    })
}

#[test]
fn the_options_of_a_run_come_back_within_their_bounds() {
    let more =
        json!({ "temperature": 1e-4, "optimizer.learningRate": 0.1, "init": 0.3, "epochs": 1 });
    let mut first = trainer(&more, BackendRequest::CPU);
    let loaded = load(&save(&mut first), BackendRequest::CPU).expect("loads");
    assert_eq!(loaded.about().config, &options(&more));
}

#[test]
fn a_serving_run_of_the_cluster_answers_with_titles() {
    let bytes = include_bytes!("../../cluster/tests/fixtures/serving.safetensors");
    let mut served = load(bytes, BackendRequest::CPU).expect("loads");
    let query = Query::Items(vec![served.items("Title 1", 1).remove(0).item]);
    let found = pollster::block_on(served.recommend(&query, 10, &Choice::default()));
    let found = found.expect("answers").found;
    assert_eq!(found.len(), 10);
    assert!(
        found
            .iter()
            .all(|item| item.title.as_ref().is_some_and(|title| title.starts_with("Title")))
    );
}
