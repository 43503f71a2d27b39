//! Peak memory in relation to the model: files are streamed, and only one model exists at a time.

use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use pollster::block_on;
use serde_json::{Value, json};
use twotower::data::{Loader, Part};
use twotower::exchange::EXPORTS;
use twotower::executor::BackendRequest;
use twotower::formats::pieces::{Length, Sink};
use twotower::trainer::{Choice, Query, Trainer};
use twotower::{Config, Error};

/// Memory for pieces of files and for lists of ids.
const PIECES: f64 = 0.2;

fn options(more: &Value) -> Config {
    let mut options = json!({ "dim": 64, "batchSize": 64, "split.test": 0 });
    for (key, value) in more.as_object().expect("an object") {
        options[key] = value.clone();
    }
    Config::resolve(&options).expect("valid options")
}

/// Returns a run with enough users and items that its tables take nearly all of its memory.
fn trainer(more: &Value) -> Trainer {
    trainer_of(40_000, more)
}

fn trainer_of(ids: u32, more: &Value) -> Trainer {
    let mut text = String::from("user,item\n");
    for user in 0..ids {
        for n in 0..2 {
            text += &format!("u{user},i{}\n", (user / 2 * (n + 1) + n) % ids);
        }
    }
    let config = options(more);
    let mut loader = Loader::new(&config);
    loader.begin(Part::All, "many.csv", None).expect("begins");
    loader.push(text.as_bytes()).expect("good lines");
    let dataset = loader.finish().expect("a data set");
    drop(text);
    block_on(Trainer::new(dataset, config, BackendRequest::CPU)).expect("a trainer")
}

fn model(trainer: &Trainer) -> f64 {
    trainer.about().memory_bytes as f64
}

/// Returns the peak of memory allocated during a call, divided by the size of a model.
fn peak(model: f64, call: impl FnOnce()) -> f64 {
    let AllocationInfo { bytes_max, .. } = measure(call);
    bytes_max as f64 / model
}

#[test]
fn files_are_written_and_read_in_pieces() {
    let mut run = trainer(&json!({}));
    let model = model(&run);
    assert!(model > 40e6, "pieces are small beside it: {model}");

    let mut length = Length::default();
    let share = peak(model, || block_on(run.save_to(&mut length)).expect("saves"));
    assert!(share < PIECES, "save: {share}");
    let mut file = Vec::new();
    let share = peak(model, || file = block_on(run.save()).expect("saves"));
    assert!(
        share < file.len() as f64 / model + PIECES && share <= 1.2,
        "save into memory: {share}"
    );
    assert_eq!(length.0, file.len() as u64);

    let mut loaded = None;
    let load =
        || loaded = Some(block_on(Trainer::load(&file, BackendRequest::CPU)).expect("loads"));
    let share = peak(model, load);
    assert!(share < 1.0 + PIECES, "load, the model included: {share}");
    drop(loaded);

    for export in EXPORTS {
        let mut length = Length::default();
        let share = peak(model, || block_on(run.export_to(export, &mut length)).expect("exports"));
        assert!(share < PIECES, "{}: {share}", export.name());
        let mut file = Vec::new();
        block_on(run.export_to(export, &mut file)).expect("exports");
        assert_eq!(length.0, file.len() as u64, "{}", export.name());
        assert_eq!(file.capacity(), file.len(), "{} begins with its length", export.name());
    }
}

#[test]
fn a_reset_gives_the_old_model_up_first() {
    let mut run = trainer(&json!({}));
    let reset = || block_on(run.reset(options(&json!({})), BackendRequest::CPU)).expect("resets");
    let share = peak(model(&trainer(&json!({}))), reset);
    assert!(share < PIECES, "{share}");
}

#[test]
fn tuning_holds_one_model() {
    // Few ids with wide rows: the evaluation is short.
    let options = |more: Value| {
        let mut options = json!({ "epochs": 1, "dim": 1024, "optimizer.kind": "sgd" });
        for (key, value) in more.as_object().expect("an object") {
            options[key] = value.clone();
        }
        trainer_of(2000, &options)
    };
    let mut run = options(json!({ "tune.temperature": [0.1, 0.2], "tune.validation": 0.5 }));
    // A trial stores its best epoch and evaluates.
    let trial = options(json!({ "split.validation": 0.5 }));
    let (own, trials) = (model(&run), model(&trial));
    drop(trial);
    let train = || while !block_on(run.advance(Duration::from_secs(1))).expect("trains").done {};
    let share = peak(1.0, train);
    // Besides the models, the trial has its own pairs and lists.
    assert!(share < trials - own + 0.5 * own, "{share} of {own} and {trials}");
}

/// Rejects all files.
struct Full;

impl Sink for Full {
    fn begin(&mut self, bytes: u64) -> Result<(), Error> {
        Err(twotower::formats::pieces::no_room(bytes))
    }

    fn push(&mut self, _: &[u8]) -> Result<(), Error> {
        unreachable!("there was no room")
    }
}

#[test]
fn a_file_that_there_is_no_room_for_leaves_the_run_alive() {
    let mut run = trainer(&json!({ "epochs": 1, "batchSize": 4096, "dim": 8 }));
    let error = block_on(run.save_to(&mut Full)).expect_err("there is no room");
    assert_eq!(error.code(), "out-of-memory");
    assert!(error.to_string().contains("MiB") && !error.to_string().contains("dim"), "{error}");
    let export = EXPORTS[0];
    let error = block_on(run.export_to(export, &mut Full)).expect_err("there is no room");
    assert_eq!(error.code(), "out-of-memory");
    block_on(run.advance(Duration::from_millis(1))).expect("trains");
    block_on(run.save()).expect("saves");
}

/// A plan beyond the address space is rejected before the current run is freed.
#[test]
fn a_reset_to_a_model_that_no_memory_has_room_for_leaves_the_run_as_it_is() {
    let mut run = trainer(&json!({ "dim": 8, "cbns.capacity": 16 }));
    let query = Query::User("u1".into());
    let choice = Choice::default();
    let top = |run: &mut Trainer| block_on(run.recommend(&query, 3, &choice)).expect("answers");
    let before = top(&mut run);
    let refused = options(&json!({ "patience": 2 }));
    block_on(run.reset(refused, BackendRequest::CPU)).expect_err("nothing is validated");
    assert_eq!(top(&mut run), before);
}
