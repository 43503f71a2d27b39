//! Shared by tests: data sets from text, a small one that a model can learn, runs on it, and the
//! extent of plans.

use std::time::Duration;

use serde_json::{Value, json};
use twotower::data::{Dataset, Loader, Part};
use twotower::executor::BackendRequest;
use twotower::plan::{Bags, Extent};
use twotower::trainer::{EpochReport, Trainer};
use twotower::{Config, Error, config, random};

pub const BACKENDS: [BackendRequest; 2] = [BackendRequest::CPU, BackendRequest::WEBGPU];

/// Returns a data set of forty users in two groups: even users take even items, odd users odd ones.
pub fn camps(config: &Config) -> Dataset {
    let mut lines = String::from("user,item\n");
    for user in 0..40u32 {
        for n in 0..12u32 {
            let item = 2 * (random::hash(1, user, n) % 20) + user % 2;
            lines += &format!("u{user},i{item}\n");
        }
    }
    let mut items = String::from("item,title,parity,tags,year\n");
    for item in 0..40 {
        let (parity, tag) = (item % 2, item % 7);
        items +=
            &format!("i{item},Item number {item},{parity},t{tag}|t3|t{parity},{}\n", 1980 + item);
    }
    let mut users = String::from("user,town,age\n");
    for user in 0..40 {
        users += &format!("u{user},town {},{}\n", user % 3, 18 + user / 2);
    }
    let files = [
        (Part::All, "camps.csv", &*lines),
        (Part::Items, "items.csv", &*items),
        (Part::Users, "users.csv", &*users),
    ];
    load_as(config, &files).expect("a data set")
}

/// Loads files, each in one chunk.
pub fn load(options: &Value, files: &[(Part, &str, &str)]) -> Result<Dataset, Error> {
    load_as(&Config::resolve(options)?, files)
}

/// Loads one file of interactions.
pub fn load_all(options: &Value, text: &str) -> Result<Dataset, Error> {
    load(options, &[(Part::All, "all.csv", text)])
}

fn load_as(config: &Config, files: &[(Part, &str, &str)]) -> Result<Dataset, Error> {
    let mut loader = Loader::new(config);
    for (part, name, text) in files {
        loader.begin(*part, name, Some(text.len() as u64))?;
        loader.push(text.as_bytes())?;
    }
    loader.finish()
}

/// Returns the extent of a run without evaluation, features and histories.
pub fn extent(users: usize, items: usize, pairs: usize) -> Extent {
    Extent {
        users,
        items,
        pairs,
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: true,
        bags: Bags::default(),
    }
}

pub fn options(more: &Value) -> Config {
    let mut options = json!({ "dim": 8, "batchSize": 32, "epochs": 6, "seed": 3 });
    for (key, value) in more.as_object().expect("an object") {
        config::set(&mut options, key, value.clone());
    }
    Config::resolve(&options).expect("valid options")
}

pub fn trainer(more: &Value, request: BackendRequest) -> Trainer {
    let config = options(more);
    let dataset = camps(&config);
    pollster::block_on(Trainer::new(dataset, config, request)).expect("a trainer")
}

/// Trains to the end, and returns all losses and the epochs' reports.
pub fn train(trainer: &mut Trainer) -> Result<(Vec<f32>, Vec<EpochReport>), Error> {
    let (mut losses, mut epochs) = (Vec::new(), Vec::new());
    loop {
        let progress = pollster::block_on(trainer.advance(Duration::from_millis(20)))?;
        losses.extend(progress.losses);
        epochs.extend(progress.epoch_report);
        if progress.done {
            return Ok((losses, epochs));
        }
    }
}
