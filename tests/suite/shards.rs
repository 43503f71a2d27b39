//! Tables larger than the binding limit: trained and ranked in shards, with the same bits as in one
//! piece.

use crate::support::extent;
use serde_json::{Value, json};
use twotower::data::Pairs;
use twotower::executor::Executor;
use twotower::executor::gpu::{self, Gpu};
use twotower::model::{Model, Tower};
use twotower::plan::{BagExtent, Bags, Extent, Plan, Variant};
use twotower::{Config, Error, random};

const USERS: usize = 600;
const ITEMS: usize = 700;
const PAIRS: usize = 4500;

/// Shard size in bytes: three shards of a table of 600 or 700 rows × 16, three of the pairs, two of
/// the users' items.
const SHARD: u64 = 256 * 16 * 4;

/// Results of a run, as bits.
#[derive(PartialEq)]
struct Trace {
    losses: Vec<u32>,
    drift: Option<u64>,
    kept: Vec<[u32; 2]>,
    lists: Vec<u32>,
    outputs: Vec<u32>,
    /// Words of each tensor, by its name.
    state: Vec<(String, Vec<u32>)>,
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn pairs() -> Pairs {
    let draw = |n: usize, below: usize| random::hash(11, 5, n as u32) % below as u32;
    (0..PAIRS).map(|n| [draw(2 * n, USERS), draw(2 * n + 1, ITEMS)]).collect()
}

/// Trains for two epochs and five steps, and ranks for all users.
async fn run(options: &Value, shard: Option<u64>) -> Result<Trace, Error> {
    let config = Config::resolve(options)?;
    let train = pairs();
    let seen = train.rows(USERS);
    let history = config.towers.user.history.as_ref();
    let history = history.map(|options| seen.capped(options.cap, |_, item| item));
    let bag = history.as_ref().map(|lists| BagExtent::of(lists, ITEMS));
    let extent = Extent {
        hidden: PAIRS,
        evaluated: USERS,
        keeps_best: true,
        bags: Bags { history: bag.unwrap_or_default(), ..Bags::default() },
        ..extent(USERS, ITEMS, PAIRS)
    };
    let plan = Plan::new(&config, &extent);
    let adapter = Gpu::adapter().await?;
    let executor = match shard {
        Some(most) => {
            gpu::Executor::with_shards(&adapter, &plan, Some(Variant::Wide), most).await?
        }
        None => gpu::Executor::new(&adapter, &plan, Some(Variant::Wide)).await?,
    };
    assert_eq!(executor.bindings().shards > 1, shard.is_some());
    let mut model = Model::with_executor(Executor::Gpu(Box::new(executor)), plan, &config);
    model.load(train.as_words(), &[-6.0; ITEMS]);
    model.load_pool(&config, &train, &[1; ITEMS]);
    if let Some(history) = &history {
        model.load_history(history.clone());
    }
    model.hide(&seen.offsets, &seen.items);
    model.start_fresh(&config);
    let skips = config.skip.is_some();
    if skips {
        model.set_hot(Tower::User, &(0..600).step_by(2).collect::<Vec<_>>());
        model.set_hot(Tower::Item, &(0..700).step_by(2).collect::<Vec<_>>());
    }
    let (mut losses, mut kept) = (Vec::new(), Vec::new());
    let mut drift = None;
    for epoch in 0..3 {
        if skips {
            model.take_snapshot();
        }
        if skips && epoch > 0 {
            let mut activity = model.measure_activity().await?;
            activity.sort_by(f32::total_cmp);
            model.leave_out(activity[activity.len() / 2]).await?;
            kept = model.kept_pairs().await?;
        }
        let steps = if epoch == 2 { 5 } else { model.steps_in_epoch() };
        for _ in 0..steps {
            model.step();
        }
        losses.extend(bits(&model.losses_later().finish().await?));
        if epoch == 1 {
            drift = model.drift().await?.map(f64::to_bits);
            model.keep_best();
        }
    }
    let everybody: Vec<u32> = (0..USERS as u32).collect();
    let lists = model.top_items(&everybody).await?;
    let outputs = bits(&model.outputs(Tower::User).await?);
    let mut state: Vec<(String, Vec<u32>)> =
        model.plan().tensors.iter().map(|one| (one.name.clone(), Vec::new())).collect();
    for (number, (_, all)) in state.iter_mut().enumerate() {
        let mut take = |_: &_, words: &[u32]| {
            all.extend_from_slice(words);
            Ok(())
        };
        model.read_tensor(number, &mut take).await?;
    }
    Ok(Trace { losses, drift, kept, lists, outputs, state })
}

/// Compares the same run in shards and in one piece.
fn check(more: &Value) {
    let mut options = json!({ "dim": 16, "batchSize": 128, "seed": 3 });
    for (key, value) in more.as_object().expect("an object") {
        options[key] = value.clone();
    }
    let [whole, cut] = [None, Some(SHARD)]
        .map(|shard| pollster::block_on(run(&options, shard)).expect("the run trains"));
    assert!(whole.losses == cut.losses, "losses differ, {options}");
    for ((name, whole), (_, cut)) in whole.state.iter().zip(&cut.state) {
        assert!(whole == cut, "{name} differs, {options}");
    }
    assert!(whole == cut, "rankings, drift or kept pairs differ, {options}");
    assert!(whole.losses.iter().any(|&loss| loss != 0), "it trained");
}

#[test]
fn every_optimiser_and_kind_of_negatives_gives_the_same_bits() {
    check(&json!({ "optimizer": { "kind": "sgd" }, "negatives": { "kind": "popularity" } }));
    check(&json!({ "optimizer": { "kind": "adagrad" }, "negatives": { "kind": "uniform" } }));
    check(&json!({
        "optimizer": { "kind": "adam", "l2": 0.001 }, "negatives": { "logQ": "streaming" },
    }));
}

#[test]
fn every_technique_gives_the_same_bits() {
    // Half of the rows are hot, so that snapshots have shards, too.
    check(&json!({ "cbns": { "capacity": 512, "warmup": 3 }, "skip": { "hotShare": 0.5 } }));
    check(&json!({
        "onebp": {}, "negatives": { "kind": "mixed" }, "skip": { "hotShare": 0.5 },
        "cbns": { "capacity": 512, "warmup": 3, "sides": "items" },
    }));
}

#[test]
fn towers_with_lists_and_layers_give_the_same_bits() {
    for table in ["shared", "separate"] {
        check(&json!({
            "towers": { "user": { "history": { "table": table }, "layers": [16] }, "item": { "layers": [16] } },
        }));
    }
}

#[test]
fn runs_too_large_for_one_piece_are_rejected_with_the_numbers() {
    let adapter = pollster::block_on(Gpu::adapter()).expect("the tests need a WebGPU adapter");
    let available = adapter.limits().max_storage_buffer_binding_size;
    let config = Config::resolve(&json!({ "dim": 1 })).expect("valid options");
    // Scores of eight queries cannot be split.
    let items = available as usize / 32 + 8;
    let extent = Extent { hidden: 1, evaluated: 1, ..extent(1, items, 1) };
    let plan = Plan::new(&config, &extent);
    let refused = pollster::block_on(gpu::Executor::new(&adapter, &plan, None)).err();
    let Some(Error::Limit { limit, wanted, available: told }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((limit, told), ("maxStorageBufferBindingSize", available));
    assert_eq!(wanted, 32 * (items as u64).next_multiple_of(8));
}
