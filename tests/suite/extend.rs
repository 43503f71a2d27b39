//! New data in a run: old rows stay to the bit, new rows start as fresh ones, and everything else follows the data.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{BACKENDS, camps, options, train, trainer};
use proptest::prelude::*;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use twotower::data::{Dataset, Extension, Loader, Part};
use twotower::executor::BackendRequest;
use twotower::trainer::{Choice, Query, Trainer};
use twotower::{Config, Error, negatives};

/// Pairs of old and new users and items; the first one is not new.
const LINES: &str =
    "user,item\nu0,i0\nu0,i0\nu1,n0\nn0,i2\nn0,i4\nn0,n1\nn1,i3\nn1,n0\nn1,i5\nn2,n1\n";

/// Features of the new items, and other ones of an old item.
const ITEMS: &str =
    "item,title,parity,tags,year\nn0,New 0,1,t9|t3,2030\nn1,New 1,0,t2,1990\ni3,Other,1,t9,1983\n";
const USERS: &str = "user,town,age\nn0,town 9,30\nn1,town 1,22\nn2,town 2,90\n";

/// Returns a loader that has read the new data.
fn read(mut loader: Loader) -> Loader {
    for (part, name, text) in [
        (Part::All, "new.csv", LINES),
        (Part::Items, "items.csv", ITEMS),
        (Part::Users, "users.csv", USERS),
    ] {
        loader.begin(part, name, None).expect("begins");
        loader.push(text.as_bytes()).expect("good lines");
    }
    loader
}

fn extend(trainer: &mut Trainer) -> Extension {
    let new = read(trainer.new_data().expect("takes new data"));
    pollster::block_on(trainer.extend(new)).expect("extends")
}

fn save(trainer: &mut Trainer) -> Vec<u8> {
    pollster::block_on(trainer.save()).expect("saves")
}

fn load(file: &[u8], choice: BackendRequest) -> Trainer {
    pollster::block_on(Trainer::load(file, choice)).expect("loads")
}

/// Trains for a number of epochs.
fn epochs(trainer: &mut Trainer, mut epochs: usize) {
    while epochs > 0 {
        let progress = pollster::block_on(trainer.advance(Duration::from_secs(1))).expect("trains");
        epochs -= usize::from(progress.epoch_report.is_some());
    }
}

/// Runs with all that an extension carries over.
fn runs() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "dim": 5, "batchSize": 4, "optimizer.kind": "adagrad", "negatives.kind": "popularity" }),
        json!({ "batchSize": 4, "negatives.logQ": "streaming", "optimizer.kind": "sgd" }),
        json!({ "dim": 11, "onebp.beta": 0.9, "negatives.kind": "uniform", "split.validation": 0.2 }),
        json!({ "cbns.capacity": 320, "negatives.kind": "mixed", "init": "xavier" }),
        json!({ "cbns.capacity": 24, "cbns.warmup": 3, "onebp.beta": 0.9, "dim": 3 }),
        json!({ "skip.rows": "item", "skip.start": 1, "skip.keep": 0.2 }),
        json!({ "skip.policy": "cap", "skip.until": 0.7, "skip.start": 1 }),
        json!({
            "towers.user.id": false, "towers.user.history.cap": 8, "towers.user.layers": [7],
            "towers.item.layers": [5], "split.validation": 0.2,
        }),
        json!({
            "towers.user.features": ["town", "age:number"], "towers.item.features": ["tags:list"],
            "split.validation": 0.2, "batchSize": 16,
        }),
        json!({
            "split.test": 0.7, "towers.item.id": false, "towers.item.layers": [5],
            "towers.item.features": ["parity", "year:number", "tags:list|", "title:words"],
            "towers.user.features": ["age:number"], "towers.user.history.table": "separate",
            "negatives.logQ": "streaming",
        }),
    ]
}

/// All runs on the CPU, and some on a GPU.
fn cases() -> impl Iterator<Item = (BackendRequest, Value)> {
    let [cpu, gpu] = BACKENDS;
    let on_gpu = runs().into_iter().skip(2).step_by(3).map(move |more| (gpu, more));
    runs().into_iter().map(move |more| (cpu, more)).chain(on_gpu)
}

/// Rows of a tensor that are the same before and after: those of ids with a training pair, of known feature values,
/// of layers and of the bank. None if it starts over.
fn kept_rows(name: &str, trained: [usize; 2], rows: usize, is_streaming: bool) -> Option<usize> {
    let [users, items] = trained;
    if name.contains("_features")
        || name.contains("_weights_")
        || name.contains("_bias_")
        || name.starts_with("bank_")
    {
        return Some(rows);
    }
    if name.starts_with("item_table") || name.contains("_history") {
        return Some(items);
    }
    match name {
        "gaps" | "last_seen" => Some(items),
        "log_q" => is_streaming.then_some(items),
        _ => name.starts_with("user_table").then_some(users),
    }
}

/// Number of users and of items with a training pair.
fn trained(dataset: &Dataset) -> [usize; 2] {
    [0, 1]
        .map(|side| dataset.train.iter().map(|pair| pair[side] as usize + 1).max().expect("pairs"))
}

#[test]
fn old_rows_stay_and_new_rows_are_those_of_a_fresh_run() {
    for (choice, more) in cases() {
        let config = options(&more);
        let old = camps(&config);
        let (all, counts) = read(Loader::joining(&old, &config)).extend(&old).expect("extends");
        let mut run = trainer(&more, choice);
        epochs(&mut run, 3);
        let before = save(&mut run);
        let extension = extend(&mut run);
        assert_eq!(extension, Extension { epochs: 3, ..counts });
        let after = save(&mut run);
        let fresh = Trainer::new(all.clone(), config.clone(), choice);
        let fresh = save(&mut pollster::block_on(fresh).expect("a fresh run"));
        let [before, after, fresh] =
            [&before, &after, &fresh].map(|file| SafeTensors::deserialize(file).expect("a file"));
        let (mut moved, mut new) = (0, 0);
        for (name, tensor) in after.iter() {
            let first = before.tensor(name);
            let rows = first.as_ref().map_or(0, |tensor| tensor.shape()[0]);
            let is_streaming = before.tensor("gaps").is_ok();
            let Some(kept) = kept_rows(name, trained(&old), rows, is_streaming) else {
                continue;
            };
            let row = tensor.data().len() / tensor.shape()[0].max(1);
            let (first, fresh) = (first.expect(name), fresh.tensor(name).expect(name));
            assert!(
                tensor.data()[..kept * row] == first.data()[..kept * row],
                "old rows of {name}: {more}"
            );
            moved += usize::from(first.data()[..kept * row] != fresh.data()[..kept * row]);
            let is_user_of_onebp = config.onebp.is_some() && name == "user_table";
            if name != "last_seen" && !is_user_of_onebp {
                assert!(
                    tensor.data()[kept * row..] == fresh.data()[kept * row..],
                    "new rows of {name}: {more}"
                );
                new += usize::from(tensor.data().len() > kept * row);
            }
        }
        assert!(moved > 0 && new > 0, "{moved} tables moved, {new} have new rows: {more}");
        if before.tensor("gaps").is_err() {
            let counts: Vec<u32> =
                all.item_counts().into_iter().map(|count| count.max(1)).collect();
            let log_q = negatives::log_q(&config, &counts);
            assert_eq!(
                after.tensor("log_q").expect("log q").data(),
                bytemuck::cast_slice::<f32, u8>(&log_q)
            );
        }
        let words = |name: &str| after.tensor(name).expect(name).data().to_vec();
        assert_eq!(words("pairs.train"), bytemuck::cast_slice::<u32, u8>(all.train.as_words()));
        assert_eq!(words("pairs.test"), bytemuck::cast_slice::<u32, u8>(all.test.as_words()));
    }
}

/// All tensors of a run, and its report without times.
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
    report["progress"] = report["progress"]["pairs"].take();
    (tensors, report)
}

#[test]
fn extended_saved_and_loaded_is_extended_to_the_last_bit() {
    for (choice, more) in cases() {
        let mut whole = trainer(&more, choice);
        epochs(&mut whole, 2);
        let mut broken = load(&save(&mut whole), choice);
        assert_eq!(extend(&mut whole), extend(&mut broken));
        let mut broken = load(&save(&mut broken), choice);
        let mut losses = Vec::new();
        while losses.len() < 3 {
            let slice = pollster::block_on(broken.advance(Duration::from_micros(20)));
            losses.extend(slice.expect("trains").losses);
        }
        let mut broken = load(&save(&mut broken), choice);
        losses.extend(train(&mut broken).expect("trains").0);
        let expected = train(&mut whole).expect("trains").0;
        assert!(
            losses.iter().map(|loss| loss.to_bits()).eq(expected.iter().map(|loss| loss.to_bits())),
            "{more} on {choice:?}"
        );
        assert!(essence(&mut broken) == essence(&mut whole), "{more} on {choice:?}");
        let report = serde_json::to_value(whole.report()).expect("serialises");
        assert_eq!(report["final"]["epoch"].as_u64().map(|epoch| epoch > 2), Some(true));
        assert_eq!(report["extensions"][0]["epochs"], 2);
        let found =
            pollster::block_on(whole.recommend(&Query::User("n0".into()), 5, &Choice::default()));
        assert_eq!(found.expect("a new user is served").found.len(), 5);
    }
}

#[test]
fn a_run_that_has_ended_trains_for_a_fifth_more_and_may_be_extended_again() {
    for more in [
        json!({}),
        json!({ "split.validation": 0.2, "patience": 2 }),
        json!({ "batchSize": 4, "skip": {} }),
    ] {
        let mut run = trainer(&more, BackendRequest::CPU);
        let ended = train(&mut run).expect("trains").1.len();
        extend(&mut run);
        let (_, more_epochs) = train(&mut run).expect("trains");
        assert!((1..=ended.div_ceil(5)).contains(&more_epochs.len()), "{more}");
        let best =
            serde_json::to_value(run.report()).expect("serialises")["best"]["epoch"].as_u64();
        assert!(best > Some(ended as u64), "the best of those on the data of now: {more}");
        let mut loader = run.new_data().expect("takes new data");
        loader.begin(Part::All, "more.csv", None).expect("begins");
        loader.push(b"user,item\nn5,i1\nn5,n0\n").expect("good lines");
        let second = pollster::block_on(run.extend(loader)).expect("extends");
        assert_eq!((second.users, second.items, second.train), (1, 0, 2));
        // Nothing more is trained: the run is measured on the data of now.
        run.set_epochs(second.epochs).expect("as many as it had");
        assert!(train(&mut run).expect("ends").1.is_empty());
        let mut again = load(&save(&mut run), BackendRequest::CPU);
        assert!(essence(&mut again) == essence(&mut run), "{more}");
        pollster::block_on(run.reset(options(&more), BackendRequest::CPU)).expect("starts over");
        assert_eq!(
            serde_json::to_value(run.report()).expect("serialises")["extensions"],
            json!([])
        );
        train(&mut run).expect("trains");
    }
}

#[test]
fn a_new_user_of_onebp_is_the_mean_of_their_old_items() {
    let more = json!({ "onebp.beta": 0.9, "dim": 4, "towers.item.layers": [6], "split.test": 0 });
    let mut run = trainer(&more, BackendRequest::CPU);
    epochs(&mut run, 2);
    let items: Value = serde_json::from_slice(
        &pollster::block_on(run.export("items.json".parse().expect("a kind"))).expect("exports"),
    )
    .expect("JSON");
    extend(&mut run);
    let file = save(&mut run);
    let file = SafeTensors::deserialize(&file).expect("a file");
    let table: Vec<f32> =
        bytemuck::pod_collect_to_vec(file.tensor("user_table").expect("users").data());
    let vector = |id: &str| -> Vec<f64> {
        let all = items["items"].as_array().expect("a list");
        let item = all.iter().find(|item| item["item"] == id).expect(id);
        item["vector"]
            .as_array()
            .expect("a vector")
            .iter()
            .map(|x| x.as_f64().expect("a number"))
            .collect()
    };
    for (user, picked) in [(40, ["i2", "i4"]), (41, ["i3", "i5"])] {
        let [a, b] = picked.map(vector);
        for k in 0..4 {
            let (ours, mean) = (f64::from(table[user * 4 + k]), f64::midpoint(a[k], b[k]));
            assert!((ours - mean).abs() < 1e-6, "{ours} for {mean}, user {user}");
        }
    }
    // The third new user has a new item alone.
    assert!(table[42 * 4..].iter().any(|&x| x != 0.0));
}

#[test]
fn titles_and_features_of_old_items_are_replaced_and_counted() {
    let config = options(&json!({
        "towers.item.features": ["tags:list", "year:number"], "towers.user.features": ["town"], "split.test": 0,
    }));
    let old = camps(&config);
    let (all, counts) = read(Loader::joining(&old, &config)).extend(&old).expect("extends");
    assert_eq!((counts.known, counts.users, counts.items, counts.train), (1, 3, 2, 8));
    assert_eq!((counts.titles, counts.features), (1, 1));
    assert_eq!(all.title(all.items.get("i3").expect("known")), Some("Other"));
    assert_eq!(all.title(all.items.get("i4").expect("known")), Some("Item number 4"));
    assert_eq!(all.title(all.items.get("n1").expect("known")), Some("New 1"));
    let (before, after) =
        (old.item_features.as_ref().expect("some"), all.item_features.as_ref().expect("some"));
    let words = |id: &str| -> Vec<&str> {
        let row = all.items.get(id).expect(id);
        after.lists.row(row).iter().map(|&value| after.vocabulary.name(value)).collect()
    };
    assert!(after.vocabulary.iter().zip(before.vocabulary.iter()).all(|(a, b)| a == b));
    assert_eq!(words("i3").len(), 2);
    assert!(words("i3").contains(&"tags=t9"), "{:?}", words("i3"));
    assert_eq!(words("n1").len(), 2, "{:?}", words("n1"));
    let row = |data: &Dataset, id: &str| data.items.get(id).expect(id);
    assert_eq!(before.lists.row(row(&old, "i8")), after.lists.row(row(&all, "i8")));
    assert_eq!(all.report.read.len(), old.report.read.len() + 3);
    assert_eq!(
        (all.report.duplicates, all.report.lines),
        (old.report.duplicates + 1, old.report.lines + 16)
    );
}

#[test]
fn what_cannot_be_extended_is_refused_by_name() {
    let problem = |error: Error| error.to_string();
    let mut run = trainer(&json!({ "batchSize": 4 }), BackendRequest::CPU);
    let open = run.new_data().expect("takes new data");
    let mut losses = 0;
    while losses == 0 {
        let slice = pollster::block_on(run.advance(Duration::from_micros(20))).expect("trains");
        losses = slice.losses.len();
    }
    let told = problem(run.new_data().err().expect("in the middle"));
    assert!(told.contains("`extend`: the run is in the middle of epoch 1"), "{told}");
    let told = problem(pollster::block_on(run.extend(read(open))).expect_err("in the middle"));
    assert!(told.contains("the end of an epoch"), "{told}");
    let tuned = trainer(&json!({ "tune": {} }), BackendRequest::CPU);
    let told = problem(tuned.new_data().err().expect("tuned"));
    assert!(told.starts_with("option `tune`: the run's trials"), "{told}");

    let mut run = trainer(&json!({ "towers.item.features": ["tags:list"] }), BackendRequest::CPU);
    epochs(&mut run, 1);
    let before = essence(&mut run);
    let mut refused = |part: Part, text: &str| -> String {
        let mut loader = run.new_data().expect("takes new data");
        let read = loader.begin(part, "new.csv", None).and_then(|()| loader.push(text.as_bytes()));
        problem(match read {
            Ok(()) => pollster::block_on(run.extend(loader)).expect_err("refused"),
            Err(error) => error,
        })
    };
    for (part, text, expected) in [
        (Part::All, "user,item\nu0,i0\n", "new.csv: all of its 1 pairs are in the run already"),
        (Part::All, "reader,book\nu0,b0\n", "`user`"),
        (
            Part::All,
            "user,item\nu0,n0\n",
            "option `towers.item.features`: the new data has 1 new items, and no items file",
        ),
        (Part::Items, ITEMS, "interactions: it has no pairs"),
        (Part::Train, "user,item\nu0,n0\n", "`random` splits the data itself"),
        (Part::All, "", "new.csv: "),
    ] {
        let told = refused(part, text);
        assert!(told.contains(expected), "{told}");
    }
    let first = read(run.new_data().expect("takes new data"));
    let second = read(run.new_data().expect("takes new data"));
    assert!(essence(&mut run) == before, "a refusal leaves the run as it is");
    pollster::block_on(run.extend(first)).expect("extends");
    let told = problem(pollster::block_on(run.extend(second)).expect_err("another data set"));
    assert!(told.contains("the data has changed"), "{told}");
}

#[test]
fn new_data_of_given_parts_is_trained_on() {
    let config = options(&json!({ "split.kind": "given" }));
    let mut loader = Loader::new(&config);
    for (part, text) in [
        (Part::Train, "customer,sku\na,x\na,y\nb,x\nb,z\n"),
        (Part::Test, "customer,sku\na,z\nc,x\nc,w\n"),
    ] {
        loader.begin(part, "part.csv", None).expect("begins");
        loader.push(text.as_bytes()).expect("good lines");
    }
    let old = loader.finish().expect("a data set");
    let mut loader = Loader::joining(&old, &config);
    loader.begin(Part::All, "new.csv", None).expect("begins");
    // The new file's columns have the roles of the first file's.
    loader
        .push(b"item,user,sku,customer\n1,2,x,c\n3,4,v,d\n5,6,z,a\n7,8,x,a\n9,1,w,d\n")
        .expect("good lines");
    let (all, counts) = loader.extend(&old).expect("extends");
    let expected = Extension {
        epochs: 0,
        pairs: 4,
        users: 1,
        items: 2,
        train: 2,
        known: 3,
        ..Extension::default()
    };
    assert_eq!(counts, expected);
    assert_eq!((all.users.iter().collect::<Vec<_>>(), all.n_users), (vec!["a", "b", "d", "c"], 3));
    assert_eq!(
        (all.items.iter().collect::<Vec<_>>(), all.n_items),
        (vec!["x", "y", "z", "w", "v"], 5)
    );
    assert_eq!(all.report.test_only_users, 1);
}

/// The ids of the pairs of a part.
fn named(dataset: &Dataset, part: &twotower::data::Pairs) -> BTreeSet<(String, String)> {
    part.iter()
        .map(|[user, item]| {
            (dataset.users.name(user).to_owned(), dataset.items.name(item).to_owned())
        })
        .collect()
}

fn loaded(mut loader: Loader, rows: &[(u32, u32)]) -> Loader {
    let mut text = String::from("user,item,time\n");
    for (user, item) in rows {
        text += &format!("u{user},i{item},2020-01-{:02}\n", 1 + (user * 7 + item * 3) % 28);
    }
    loader.begin(Part::All, "rows.csv", None).expect("begins");
    loader.push(text.as_bytes()).expect("good lines");
    loader
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_part_and_the_rest_are_the_whole(
        rows in prop::collection::vec((0u32..12, 0u32..15), 12..80),
        cut in 0.2f64..0.9,
        kind in prop::sample::select(vec!["random", "temporal", "temporal-global", "leave-last-out"]),
        validation in prop::sample::select(vec![0.0, 0.3]),
    ) {
        let config = json!({ "split.kind": kind, "split.validation": validation, "seed": 5 });
        let config = options(&config);
        let cut = (rows.len() as f64 * cut) as usize;
        let Ok(whole) = loaded(Loader::new(&config), &rows).finish() else { return Ok(()) };
        let Ok(old) = loaded(Loader::new(&config), &rows[..cut]).finish() else { return Ok(()) };
        let parts = |data: &Dataset| [&data.train, &data.validation, &data.test].map(|part| named(data, part));
        let before = parts(&old);
        let known = |rows: &[(u32, u32)]| rows.iter().map(|(user, item)| (format!("u{user}"), format!("i{item}"))).collect::<BTreeSet<_>>();
        let (rest, old_pairs) = (known(&rows[cut..]), known(&rows[..cut]));
        let extended = loaded(Loader::joining(&old, &config), &rows[cut..]).extend(&old);
        if rest.is_subset(&old_pairs) {
            prop_assert!(extended.is_err());
            return Ok(());
        }
        let (all, counts) = extended.expect("extends");
        let after = parts(&all);
        let union = |parts: &[BTreeSet<(String, String)>; 3]| parts.iter().flatten().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(union(&after), union(&parts(&whole)));
        prop_assert_eq!(after.iter().map(BTreeSet::len).sum::<usize>(), union(&after).len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(before.is_subset(after), "an old pair left its part");
        }
        for ids in [(&old.users, &all.users, old.n_users), (&old.items, &all.items, old.n_items)] {
            prop_assert!(ids.0.iter().take(ids.2).eq(ids.1.iter().take(ids.2)), "old ids keep their index");
        }
        prop_assert_eq!(all.users.iter().collect::<BTreeSet<_>>(), whole.users.iter().collect::<BTreeSet<_>>());
        prop_assert_eq!(all.items.iter().collect::<BTreeSet<_>>(), whole.items.iter().collect::<BTreeSet<_>>());
        prop_assert_eq!(counts.known, rest.intersection(&old_pairs).count());
        prop_assert_eq!([counts.users, counts.items], [all.n_users - old.n_users, all.n_items - old.n_items]);
        prop_assert_eq!(counts.pairs + counts.train, all.train.len());
        prop_assert!(trained(&all) == [all.n_users, all.n_items]);
        // Users have the shares of their parts that the split gives them among all their pairs, or more where their
        // old pairs had more.
        let again = loaded(Loader::joining(&old, &config), &rows[cut..]).extend(&old).expect("extends").0;
        prop_assert_eq!(parts(&again), after);
    }
}

#[test]
fn rare_ids_of_new_data_are_dropped_as_before() {
    let config =
        Config::resolve(&json!({ "data": { "core": 2 }, "split": { "test": 0 } })).expect("valid");
    let load = |mut loader: Loader, text: &str| {
        loader.begin(Part::All, "a.csv", None).expect("begins");
        loader.push(text.as_bytes()).expect("good lines");
        loader
    };
    let old =
        load(Loader::new(&config), "user,item\na,x\na,y\nb,x\nb,y\n").finish().expect("a data set");
    let new = "user,item\nc,x\nc,y\na,z\nd,x\nd,w\n";
    let (all, counts) = load(Loader::joining(&old, &config), new).extend(&old).expect("extends");
    assert_eq!((counts.users, counts.items, counts.train), (1, 0, 2));
    assert_eq!((all.users.len(), all.items.len(), all.report.dropped_by_core), (3, 2, 3));
}
