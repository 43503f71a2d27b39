//! Fuzz targets for all readers of untrusted bytes: each takes any bytes and panics on a fault.
//! cargo-fuzz (`fuzz_targets/`) and a loop on a stable toolchain (`tests/suite/fuzz.rs`) run them.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};
use twotower::data::{Dataset, Loader, Part};
use twotower::executor::BackendRequest;
use twotower::trainer::{Choice, Query, Trainer, Unseen};
use twotower::{Config, Error};

const PAIRS: &[u8] = b"user,item\na,x\na,y\nb,x\nb,z\nc,y\nc,z\n";
const ITEMS: &[u8] = b"item,title,tags,year\nx,Ex,s|t,1990\ny,Why,t,2000\nz,Zed,s,1.5\n";

/// Returns the options that files of pairs are loaded with.
fn options_of_pairs() -> [Value; 5] {
    [
        json!({ "split.test": 0.3, "split.validation": 0.2 }),
        json!({ "split.kind": "temporal", "split.validation": 0.3 }),
        json!({ "split.kind": "temporal-global", "data.timeFormat": "day-first" }),
        json!({ "split.kind": "leave-last-out", "data.minRating": 3, "data.core": 2 }),
        json!({
            "data.columns": { "user": 0, "item": 1 }, "data.separator": ",", "data.header": false,
            "data.encoding": "latin-1",
        }),
    ]
}

/// Bytes that the loader collects before it parses: only the chunks after them can matter.
const HEAD: usize = 256 * 1024;

/// Loads a file: its beginning in one chunk, its other bytes in chunks. If it is not a file of
/// pairs, `PAIRS` are loaded first.
fn load(
    options: &Value,
    part: Part,
    [begin, rest]: [&[u8]; 2],
    chunk: usize,
) -> Result<Dataset, Error> {
    let mut loader = Loader::new(&Config::resolve(options).expect("valid options"));
    if part != Part::All {
        loader.begin(Part::All, "pairs.csv", None)?;
        loader.push(PAIRS)?;
    }
    loader.begin(part, "fuzzed", Some((begin.len() + rest.len()) as u64))?;
    loader.push(begin)?;
    for chunk in rest.chunks(chunk) {
        loader.push(chunk)?;
    }
    loader.finish()
}

/// Asserts that two ways to split the same bytes into chunks give the same data set or the same
/// error. In every eighth file, the second line is repeated until chunks matter.
fn same_however_cut(options: &Value, part: Part, bytes: &[u8], chunk: u8) {
    let told = |loaded: Result<Dataset, Error>| match loaded {
        Ok(data) => {
            let kept = data.keep();
            Ok(format!("{kept:?} {:?} {:?}", data.n_users, data.n_items))
        }
        Err(error) => Err(error.to_string()),
    };
    let ends: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'\n').collect();
    let (begin, rest) = match ends[..] {
        [first, second, ..] if chunk.is_multiple_of(8) => {
            let line = &bytes[first + 1..=second];
            let repeated = line.repeat(HEAD / line.len());
            ([&bytes[..=first], &repeated].concat(), &bytes[second + 1..])
        }
        _ => (Vec::new(), bytes),
    };
    let chunk = usize::from(chunk / 8) + 1;
    let whole = told(load(options, part, [&begin, rest], usize::MAX));
    let pieces = told(load(options, part, [&begin, rest], chunk));
    assert_eq!(whole, pieces, "in chunks of {chunk} with {options}");
}

/// Fuzzes a file of pairs; the first two bytes choose the options and the chunks.
pub fn loader(data: &[u8]) {
    let [choice, chunk, bytes @ ..] = data else { return };
    let options = options_of_pairs();
    same_however_cut(&options[usize::from(*choice) % options.len()], Part::All, bytes, *chunk);
}

/// Fuzzes an items file or a users file, with features; the first two bytes choose part, options
/// and chunks.
pub fn items(data: &[u8]) {
    let [choice, chunk, bytes @ ..] = data else { return };
    let (part, options) = match choice % 4 {
        0 => (Part::Items, json!({ "towers.item.features": ["tags:list", "year:number"] })),
        1 => (
            Part::Items,
            json!({ "towers.item.features": ["1:words", "2"], "data.items.header": false }),
        ),
        2 => (Part::Users, json!({ "towers.user.features": ["tags", "year:number"] })),
        _ => (Part::Items, json!({ "data.items.id": 0, "data.items.title": 1 })),
    };
    same_however_cut(&options, part, bytes, *chunk);
}

/// Fuzzes options as JSON. If they are accepted, they must also be accepted once completed with
/// defaults.
pub fn config(data: &[u8]) {
    let Ok(options) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(config) = Config::resolve(&options) else { return };
    let complete = serde_json::to_value(&config).expect("it serialises");
    let again = Config::resolve(&complete).expect("complete options are valid");
    assert_eq!(serde_json::to_value(&again).expect("it serialises"), complete);
}

/// Fuzzes the file of a saved run.
pub fn saved(data: &[u8]) {
    // A loaded run must be usable.
    if let Ok(mut trainer) = pollster::block_on(Trainer::load(data, BackendRequest::CPU)) {
        let query = Query::Items(vec!["x".into()]);
        let _ = pollster::block_on(trainer.recommend(&query, 3, &Choice::default()));
    }
}

/// Fuzzes a query as JSON: `{"query": …, "choice": …}`, or `{"unseen": …}`.
pub fn query(data: &[u8]) {
    thread_local! {
        static TRAINER: RefCell<Trainer> = RefCell::new(trainer());
    }
    let Ok(asked) = serde_json::from_slice::<Value>(data) else { return };
    let choice = serde_json::from_value::<Choice>(asked["choice"].clone()).unwrap_or_default();
    TRAINER.with_borrow_mut(|trainer| {
        if let Ok(query) = serde_json::from_value::<Query>(asked["query"].clone())
            && let Ok(served) = pollster::block_on(trainer.recommend(&query, 5, &choice))
        {
            assert!(served.len() <= 5);
        }
        if let Ok(unseen) = serde_json::from_value::<Unseen>(asked["unseen"].clone()) {
            let _ = pollster::block_on(trainer.recommend_unseen(&unseen, 5, &choice));
            let _ = pollster::block_on(trainer.similar_unseen(&unseen, 5, &choice));
        }
    });
}

/// Returns a small trained run.
fn trainer() -> Trainer {
    let config = Config::resolve(&json!({
        "dim": 4, "batchSize": 4, "epochs": 1, "split.test": 0,
        "towers.item.features": ["tags:list", "year:number"],
    }));
    let config = config.expect("valid options");
    let mut loader = Loader::new(&config);
    for (part, bytes) in [(Part::All, PAIRS), (Part::Items, ITEMS)] {
        loader.begin(part, "file", None).expect("begins");
        loader.push(bytes).expect("good lines");
    }
    let data = loader.finish().expect("a data set");
    let made = pollster::block_on(Trainer::new(data, config, BackendRequest::CPU));
    let mut trainer = made.expect("a trainer");
    pollster::block_on(trainer.advance(Duration::from_secs(1))).expect("trains");
    trainer
}

/// Returns the file of a small run: the seed of [`saved`].
pub fn saved_seed() -> Vec<u8> {
    pollster::block_on(trainer().save()).expect("saves")
}
