//! Steps allocate no memory after the first epoch, which allocates the shared buffers.

use allocation_counter::measure;
use serde_json::{Value, json};
use twotower::data::Pairs;
use twotower::executor::BackendRequest;
use twotower::model::Model;
use twotower::plan::{BagExtent, Bags, Extent};
use twotower::{Config, negatives, random};

const USERS: usize = 60;
const ITEMS: usize = 90;
const PAIRS: usize = 1500;

/// Returns a model at the start of its second epoch.
fn warm(options: &Value) -> Model {
    let config = Config::resolve(options).expect("valid options");
    let extent = Extent {
        users: USERS,
        items: ITEMS,
        pairs: PAIRS,
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: true,
        bags: Bags {
            history: BagExtent { rows: ITEMS, members: PAIRS, most: 60 },
            ..Bags::default()
        },
    };
    let (mut model, _) = pollster::block_on(Model::new(&config, &extent, BackendRequest::CPU))
        .expect("the CPU is always there");
    let draw = |n: usize, below: usize| random::hash(1, 2, n as u32) % below as u32;
    let train: Pairs = (0..PAIRS).map(|n| [draw(2 * n, USERS), draw(2 * n + 1, ITEMS)]).collect();
    let counts = vec![1; ITEMS];
    model.load(train.as_words(), &negatives::log_q(&config, &counts));
    model.load_pool(&config, &train, &counts);
    if config.towers.user.history.is_some() {
        model.load_history(train.rows(USERS));
    }
    model.start_fresh(&config);
    for _ in 0..model.steps_in_epoch() {
        model.step();
    }
    model
}

#[test]
fn no_step_allocates() {
    for techniques in [
        json!({}),
        json!({ "onebp": {} }),
        json!({ "negatives": { "kind": "uniform" }, "optimizer": { "kind": "adagrad" } }),
        json!({ "negatives": { "kind": "popularity" }, "optimizer": { "kind": "sgd" } }),
        json!({ "negatives": { "kind": "in-batch", "logQ": "streaming" } }),
        json!({ "negatives": { "kind": "mixed" }, "cbns": { "capacity": 50, "warmup": 9 }, "skip": {} }),
        json!({ "onebp": {}, "cbns": { "capacity": 50, "warmup": 0 } }),
        json!({ "towers": { "user": { "id": false, "history": {}, "layers": [12] } } }),
        json!({ "towers": { "item": { "layers": [12] } }, "optimizer": { "kind": "adagrad" } }),
    ] {
        let mut options = techniques.clone();
        (options["dim"], options["batchSize"]) = (json!(8), json!(16));
        let mut model = None;
        let making = measure(|| model = Some(warm(&options)));
        assert!(making.count_total > 0, "what is counted would show");
        let mut model = model.expect("just made");
        let steps = model.steps_in_epoch();
        let allocations = measure(|| (0..steps).for_each(|_| model.step()));
        assert_eq!(allocations.count_total, 0, "{techniques}: {allocations:?}");
        assert!(steps > 64, "windows have an edge");
    }
}
