//! Answers of a trained model on both backends: lists equal naive rankings for any excluded items,
//! for one user and for many, and shares of scores are correct.

use crate::support::{BACKENDS, extent, options, train, trainer};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use twotower::Error;
use twotower::data::{Csr, Loader, Pairs, Part as FilePart};
use twotower::executor::BackendRequest;
use twotower::model::{Filter, Model, Ranked, Source, Sum};
use twotower::plan::{BagExtent, Bags, Extent, Part, Tower};
use twotower::random;
use twotower::trainer::{Choice, Query, Recommendation, Trainer, Unseen};

/// More items than any catalogue in these tests.
const ALL: usize = 10_000;

fn recommend(
    trainer: &mut Trainer,
    query: &Query,
    k: usize,
    choice: &Choice,
) -> Vec<Recommendation> {
    pollster::block_on(trainer.recommend(query, k, choice)).expect("recommends").found
}

fn ids(numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(|n| format!("i{n}")).collect()
}

/// Returns the best items first by sorting the whole catalogue; ties go to the first item in the
/// catalogue.
fn naive(
    all: &[Recommendation],
    catalogue: &[String],
    k: usize,
    is_left: impl Fn(&str) -> bool,
) -> Vec<Recommendation> {
    let place = |id: &str| catalogue.iter().position(|item| item == id).expect("it is there");
    let mut left: Vec<Recommendation> =
        all.iter().filter(|found| is_left(&found.item)).cloned().collect();
    left.sort_by(|a, b| b.score.total_cmp(&a.score).then(place(&a.item).cmp(&place(&b.item))));
    left.truncate(k);
    left
}

#[test]
fn lists_equal_a_naive_ranking_for_any_excluded_items() {
    for choice in BACKENDS {
        for more in [json!({}), json!({ "towers.user.id": false, "towers.user.history": {} })] {
            let mut trainer = trainer(&more, choice);
            train(&mut trainer).expect("trains");
            let catalogue: Vec<String> =
                trainer.items("", ALL).into_iter().map(|item| item.item).collect();
            let asked = (
                prop_oneof![
                    (0..40usize).prop_map(|user| Query::User(format!("u{user}"))),
                    prop::collection::vec(0..40usize, 1..9).prop_map(|n| Query::Items(ids(&n))),
                ],
                prop::option::of(prop::collection::vec(0..40usize, 0..40)),
                prop::collection::vec(0..40usize, 0..40),
                any::<bool>(),
                1..45usize,
            );
            let mut runner = TestRunner::new(Cases { cases: 24, ..Cases::default() });
            let trainer = std::cell::RefCell::new(trainer);
            runner
                .run(&asked, |(query, among, without, seen, k)| {
                    let trainer = &mut *trainer.borrow_mut();
                    let everything = Choice { seen: true, ..Choice::default() };
                    let all = recommend(trainer, &query, ALL, &everything);
                    prop_assert_eq!(all.len(), catalogue.len());
                    let had = match &query {
                        Query::User(user) => {
                            let had = trainer.history(user).expect("a user of the data");
                            had.into_iter().map(|item| item.item).collect()
                        }
                        Query::Items(picked) => picked.clone(),
                    };
                    let choice =
                        Choice { among: among.as_deref().map(ids), without: ids(&without), seen };
                    let is_left = |id: &str| {
                        let has = |list: &[String]| list.iter().any(|item| item == id);
                        choice.among.as_deref().is_none_or(has)
                            && !has(&choice.without)
                            && (seen || !has(&had))
                    };
                    let found = recommend(trainer, &query, k, &choice);
                    prop_assert_eq!(found, naive(&all, &catalogue, k, is_left));
                    Ok(())
                })
                .expect("the same lists");
        }
    }
}

#[test]
fn similar_items_can_be_restricted() {
    for choice in BACKENDS {
        let mut trainer = trainer(&json!({}), choice);
        let mut similar = |choice: &Choice| -> Vec<String> {
            let found = pollster::block_on(trainer.similar("i7", ALL, choice)).expect("finds");
            assert!(found.iter().all(|found| found.because.is_empty()));
            found.into_iter().map(|found| found.item).collect()
        };
        let all = similar(&Choice { seen: true, ..Choice::default() });
        assert_eq!((all.len(), all[0].as_str()), (40, "i7"), "nothing is more like it");
        let others = similar(&Choice::default());
        assert_eq!(others, all[1..]);
        let chosen =
            similar(&Choice { among: Some(ids(&[3, 7, 9, 11])), without: ids(&[9]), seen: false });
        let expected: Vec<String> =
            others.iter().filter(|item| ["i3", "i11"].contains(&item.as_str())).cloned().collect();
        assert_eq!(chosen, expected);
    }
}

#[test]
fn unknown_ids_of_a_list_are_skipped_and_reported_while_others_remain() {
    let mut trainer = trainer(&json!({}), BackendRequest::CPU);
    let among = |ids: &[usize]| Choice { among: Some(self::ids(ids)), ..Choice::default() };
    let without = |ids: &[usize]| Choice { without: self::ids(ids), ..Choice::default() };
    let query = Query::User("u1".into());
    for (known, more) in [
        (among(&[2, 4]), among(&[2, 99, 4, 99, 98])),
        (without(&[2, 4]), without(&[2, 99, 4, 98])),
        (Choice::default(), without(&[99, 98])),
    ] {
        let expected = recommend(&mut trainer, &query, 3, &known);
        let answer = pollster::block_on(trainer.recommend(&query, 3, &more)).expect("recommends");
        assert_eq!((answer.found, answer.unknown), (expected, ids(&[99, 98])));
        let like = pollster::block_on(trainer.similar("i1", 3, &more)).expect("finds");
        assert_eq!(like.unknown, ids(&[99, 98]));
    }
    let picked = |ids: &[usize]| Query::Items(self::ids(ids));
    let expected = recommend(&mut trainer, &picked(&[2, 4]), 3, &Choice::default());
    let answer = pollster::block_on(trainer.recommend(&picked(&[2, 99, 4]), 3, &Choice::default()));
    let answer = answer.expect("recommends");
    assert_eq!((answer.found, answer.unknown), (expected, ids(&[99])));

    let users = ["u99", "u1", "u98", "u2"].map(String::from);
    let answer = pollster::block_on(trainer.recommend_all(&users, 3, &Choice::default()));
    let answer = answer.expect("recommends");
    let alone = |trainer: &mut Trainer, user: &str| {
        recommend(trainer, &Query::User(user.into()), 3, &Choice::default())
    };
    assert!(answer[0].is_empty() && answer[2].is_empty());
    assert_eq!(answer[1], alone(&mut trainer, "u1"));
    assert_eq!(answer[3], alone(&mut trainer, "u2"));
    assert_eq!(answer.unknown, ["u99", "u98"]);
}

#[test]
fn a_list_of_unknown_ids_is_refused() {
    let mut trainer = trainer(&json!({}), BackendRequest::CPU);
    let refused = Error::UnknownId { kind: "item", id: "i99".into() };
    let among = Choice { among: Some(ids(&[99])), ..Choice::default() };
    let asked = |trainer: &mut Trainer, query: Query, choice: &Choice| {
        pollster::block_on(trainer.recommend(&query, 3, choice))
    };
    assert_eq!(asked(&mut trainer, Query::User("u1".into()), &among), Err(refused.clone()));
    let picked = Query::Items(ids(&[99, 98]));
    assert_eq!(asked(&mut trainer, picked, &Choice::default()), Err(refused));
    let users = ["u99"].map(String::from);
    let answer = pollster::block_on(trainer.recommend_all(&users, 3, &Choice::default()));
    assert_eq!(answer, Err(Error::UnknownId { kind: "user", id: "u99".into() }));
}

/// Returns towers of all kinds, and whether their queries are sums of items.
fn towers() -> [(Value, bool); 5] {
    let history = |more: Value| {
        let mut options = json!({ "towers.user.id": false });
        for (key, value) in more.as_object().expect("an object") {
            options[key] = value.clone();
        }
        options
    };
    [
        (json!({}), false),
        (history(json!({ "towers.user.history": {} })), true),
        (
            history(json!({ "towers.user.history.table": "separate", "towers.item.layers": [12] })),
            true,
        ),
        (history(json!({ "towers.user.history": {}, "towers.user.layers": [12] })), false),
        (json!({ "towers.user.history": {} }), false),
    ]
}

#[test]
fn many_users_at_once_get_what_each_gets_alone() {
    for choice in BACKENDS {
        for (more, _) in towers() {
            let mut trainer = trainer(&more, choice);
            train(&mut trainer).expect("trains");
            // More users than one block: one full block, and a small one.
            let users: Vec<String> = (0..515).map(|n| format!("u{}", n * 7 % 40)).collect();
            let wanted = Choice { without: ids(&[4, 5]), ..Choice::default() };
            for k in [6, 30] {
                let all = pollster::block_on(trainer.recommend_all(&users, k, &wanted));
                let all = all.expect("recommends");
                assert_eq!(all.len(), users.len());
                for user in [0, 1, 39, 511, 512, 514] {
                    let query = Query::User(users[user].clone());
                    let alone = recommend(&mut trainer, &query, k, &wanted);
                    assert_eq!(all[user], alone, "{} of {more} on {choice:?}", users[user]);
                }
            }
        }
        let mut trainer = trainer(&json!({}), choice);
        let none = pollster::block_on(trainer.recommend_all(&[], 5, &Choice::default()));
        assert!(none.expect("recommends").is_empty());
    }
}

#[test]
fn the_backends_give_the_same_lists_and_reasons() {
    for (more, is_sum) in towers() {
        let asked = [
            Query::User("u4".into()),
            Query::User("u39".into()),
            Query::Items(ids(&[1, 2, 3, 5, 8])),
        ];
        for query in asked {
            for k in [10, 30] {
                // Both backends start from the same parameters.
                let [cpu, gpu] = BACKENDS.map(|backend| {
                    recommend(&mut trainer(&more, backend), &query, k, &Choice::default())
                });
                assert_eq!(cpu.len(), gpu.len());
                for (cpu, gpu) in cpu.iter().zip(&gpu) {
                    assert_eq!(cpu.item, gpu.item, "{more}");
                    assert!((cpu.score - gpu.score).abs() < 1e-4);
                    assert_eq!(cpu.because.len(), gpu.because.len());
                    for (cpu, gpu) in cpu.because.iter().zip(&gpu.because) {
                        assert_eq!(cpu.item, gpu.item);
                        assert!((cpu.share - gpu.share).abs() < 1e-4);
                    }
                }
                let folds_in = matches!(query, Query::Items(_)) && more["towers.user.id"].is_null();
                let has_reasons = cpu.iter().any(|found| !found.because.is_empty());
                assert_eq!(has_reasons, is_sum || folds_in, "{query:?} of {more}");
            }
        }
    }
}

#[test]
fn reasons_are_items_that_the_asker_has_the_largest_part_first() {
    for choice in BACKENDS {
        let mut trainer = trainer(&json!({ "epochs": 20 }), choice);
        train(&mut trainer).expect("trains");
        let picked = ids(&[1, 3, 5, 7, 2]);
        for found in recommend(&mut trainer, &Query::Items(picked.clone()), 5, &Choice::default()) {
            let (because, shares) = (&found.because, found.because.iter().map(|one| one.share));
            assert!((1..=3).contains(&because.len()));
            assert!(because.is_sorted_by(|a, b| a.share >= b.share));
            assert!(shares.clone().all(|share| share > 0.0));
            assert!(because.iter().all(|one| picked.contains(&one.item.item)));
            let parity = |id: &str| id[1..].parse::<u32>().expect("a number") % 2;
            let first = &because[0].item;
            assert_eq!(parity(&first.item), parity(&found.item), "of the same camp");
            assert_eq!(first.title, Some(format!("Item number {}", &first.item[1..])));
        }
    }
}

/// Returns a model with made-up histories, at the start of its run.
fn with_histories(more: &Value, choice: BackendRequest) -> (Model, Csr) {
    const USERS: usize = 9;
    const ITEMS: usize = 37;
    let config = options(more);
    let pairs: Pairs = (0..USERS as u32)
        .flat_map(|user| (0..user * 2).map(move |n| [user, (user * 5 + n * 3) % ITEMS as u32]))
        .collect();
    let histories = pairs.rows(USERS);
    let extent = Extent {
        evaluated: USERS,
        bags: Bags { history: BagExtent::of(&histories, ITEMS), ..Bags::default() },
        ..extent(USERS, ITEMS, pairs.len())
    };
    let (mut model, _) = pollster::block_on(Model::new(&config, &extent, choice)).expect("a model");
    if config.towers.user.history.is_some() {
        model.load_history(histories.clone());
    }
    model.start_fresh(&config);
    (model, histories)
}

/// Computes in f64: e·v / (nᵖ |x|) for each of a sum's items, where x = Σ v / nᵖ.
fn parts_by_hand(vectors: &[&[f32]], power: f64, normalize: bool, output: &[f32]) -> Vec<f64> {
    let weight = (vectors.len() as f64).powf(-power);
    let at = |k: usize| vectors.iter().map(|v| f64::from(v[k]) * weight).sum::<f64>();
    let square: f64 = (0..output.len()).map(|k| at(k) * at(k)).sum();
    let norm = if normalize { square.sqrt() } else { 1.0 };
    let product = |v: &[f32]| -> f64 {
        v.iter().zip(output).map(|(&v, &e)| f64::from(v) * f64::from(e)).sum()
    };
    vectors.iter().map(|v| product(v) * weight / norm).collect()
}

#[test]
fn parts_of_a_score_are_those_of_f64_and_add_up_to_it() {
    for choice in BACKENDS {
        for normalize in [true, false] {
            for table in ["shared", "separate"] {
                let more = json!({
                    "normalize": normalize, "dim": 11, "towers.user.id": false,
                    "towers.user.history": { "table": table, "power": 0.7 },
                });
                let (mut model, histories) = with_histories(&more, choice);
                let part = if table == "shared" {
                    (Tower::Item, Part::Id)
                } else {
                    (Tower::User, Part::History)
                };
                let summed = *model.plan().parameter(part.0, part.1).expect("it is there");
                pollster::block_on(async {
                    let table = model.values(&summed).await.expect("reads");
                    let outputs = model.outputs(Tower::Item).await.expect("reads");
                    let row = |values: &'_ [f32], n: u32| values[n as usize * 11..][..11].to_vec();
                    let users: Vec<u32> = (0..9).collect();
                    let all = Filter::new(37, None);
                    let lists = model.rank_users(&users, ALL, &all).await.expect("ranks");
                    let sums = users.iter().map(|&user| model.sum_of(user).expect("a sum"));
                    let parts =
                        model.parts(sums.collect(), (0..37).collect()).await.expect("reads");
                    for (user, list) in (0..).zip(&lists) {
                        let vectors: Vec<Vec<f32>> =
                            histories.row(user).iter().map(|&item| row(&table, item)).collect();
                        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
                        check(
                            &parts
                                .of(user as usize, list[0].0)
                                .map(|(item, _)| item)
                                .collect::<Vec<_>>(),
                            histories.row(user),
                        );
                        for &(item, score) in list {
                            let ours: Vec<f64> =
                                parts.of(user as usize, item).map(|(_, part)| part).collect();
                            let output = row(&outputs, item);
                            let by_hand =
                                parts_by_hand(&vectors, f64::from(0.7f32), normalize, &output);
                            add_up(&ours, &by_hand, score);
                        }
                    }
                    let picked = vec![1, 5, 8, 30];
                    let (list, sum) =
                        model.rank_visitor(picked.clone(), ALL, &all).await.expect("ranks");
                    let sum = sum.expect("visitors are sums here");
                    assert_eq!((sum.of, &sum.items), (Source::Histories, &picked));
                    the_parts_are_the_score(&mut model, sum, &list).await;
                    let mean = Sum { of: Source::Outputs, items: picked.clone() };
                    let list = model.rank_mean(&mean, ALL, &all).await.expect("ranks");
                    let vectors: Vec<Vec<f32>> =
                        picked.iter().map(|&item| row(&outputs, item)).collect();
                    let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
                    let parts = model.parts(vec![mean], (0..37).collect()).await.expect("reads");
                    for (item, score) in list {
                        let ours: Vec<f64> = parts.of(0, item).map(|(_, part)| part).collect();
                        let by_hand = parts_by_hand(&vectors, 1.0, normalize, &row(&outputs, item));
                        add_up(&ours, &by_hand, score);
                    }
                });
            }
        }
    }
}

fn check(ours: &[u32], theirs: &[u32]) {
    assert_eq!(ours, theirs, "a part for each item of the history");
}

fn add_up(ours: &[f64], by_hand: &[f64], score: f32) {
    assert_eq!(ours.len(), by_hand.len());
    for (ours, by_hand) in ours.iter().zip(by_hand) {
        assert!((ours - by_hand).abs() < 1e-6, "{ours} for {by_hand}");
    }
    let sum: f64 = ours.iter().sum();
    assert!((sum - f64::from(score)).abs() < 1e-5, "{sum} for {score}");
}

async fn the_parts_are_the_score(model: &mut Model, sum: Sum, list: &Ranked) {
    let parts = model.parts(vec![sum], (0..37).collect()).await.expect("reads");
    for &(item, score) in list {
        let sum: f64 = parts.of(0, item).map(|(_, part)| part).sum();
        assert!((sum - f64::from(score)).abs() < 1e-5, "{sum} for {score}");
    }
}

/// Equal rows have equal scores, within a segment of the catalogue and across them.
#[test]
fn ties_go_to_the_lower_index() {
    const ITEMS: usize = 3001;
    const KINDS: usize = 7;
    for choice in BACKENDS {
        let config = options(&json!({ "dim": 5 }));
        let extent = Extent { evaluated: 3, ..extent(3, ITEMS, 3) };
        let new = Model::new(&config, &extent, choice);
        let (mut model, _) = pollster::block_on(new).expect("a model");
        let normals = |rows: usize, stream: u32| -> Vec<f32> {
            (0..rows * 5).map(|n| random::normal(1, stream, n as u32)).collect()
        };
        let kinds = normals(KINDS, 1);
        let kind = |item: usize| random::hash(2, 3, item as u32) as usize % KINDS;
        let items: Vec<f32> =
            (0..ITEMS).flat_map(|item| kinds[kind(item) * 5..][..5].to_vec()).collect();
        model.start(&normals(3, 2), &items);
        let (even, all): (Vec<u32>, Vec<u32>) =
            ((0..ITEMS as u32).step_by(2).collect(), (0..ITEMS as u32).collect());
        let of_odd = || {
            let mut filter = Filter::new(ITEMS, None);
            filter.bar(&even);
            filter
        };
        for (filter, left) in [
            (Filter::new(ITEMS, None), all),
            (Filter::new(ITEMS, Some(&even)), even.clone()),
            (of_odd(), (1..ITEMS as u32).step_by(2).collect()),
        ] {
            let ranked = |model: &mut Model, k: usize| {
                pollster::block_on(model.rank_users(&[0, 1, 2], k, &filter)).expect("ranks")
            };
            let whole = ranked(&mut model, ALL);
            let lists: [Vec<Ranked>; 3] = [10, 20, 21].map(|k| ranked(&mut model, k));
            for (user, whole) in whole.iter().enumerate() {
                assert_eq!(whole.len(), left.len());
                let mut naive: Ranked = left
                    .iter()
                    .map(|&item| *whole.iter().find(|(other, _)| *other == item).expect("ranked"))
                    .collect();
                naive.sort_by(|a, b| b.1.total_cmp(&a.1));
                assert_eq!(*whole, naive, "a stable sort of the catalogue");
                for (k, list) in [10, 20, 21].into_iter().zip(&lists) {
                    assert_eq!(list[user], naive[..k]);
                }
            }
        }
    }
}

/// Returns the camps data set with features that give the camp of each user and item.
fn with_features(more: &Value, choice: BackendRequest) -> Trainer {
    let mut all = json!({ "epochs": 20, "towers.user.features": ["camp", "age:number"] });
    all["towers.item.features"] = json!(["camp", "tags:list"]);
    for (key, value) in more.as_object().expect("an object") {
        all[key] = value.clone();
    }
    let config = options(&all);
    let mut files = ["user,item\n", "item,title,camp,tags\n", "user,camp,age\n"].map(String::from);
    for n in 0..40u32 {
        let camp = ["even", "odd"][n as usize % 2];
        for m in 0..12 {
            files[0] += &format!("u{n},i{}\n", 2 * (random::hash(1, n, m) % 20) + n % 2);
        }
        files[1] += &format!("i{n},Item {n},{camp},all|tag{}\n", n % 4);
        files[2] += &format!("u{n},{camp},{}\n", 20 + n);
    }
    let mut loader = Loader::new(&config);
    for (part, text) in [FilePart::All, FilePart::Items, FilePart::Users].into_iter().zip(&files) {
        loader.begin(part, "part.csv", None).expect("begins");
        loader.push(text.as_bytes()).expect("good lines");
    }
    let dataset = loader.finish().expect("a data set");
    pollster::block_on(Trainer::new(dataset, config, choice)).expect("a trainer")
}

fn unseen(features: Value) -> Unseen {
    serde_json::from_value(json!({ "features": features })).expect("cells")
}

/// Returns towers with features, alone and in addition to ids.
fn towers_of_features() -> [Value; 2] {
    [json!({ "towers.user.id": false, "towers.item.id": false }), json!({})]
}

#[test]
fn unknown_users_are_served_by_features_alone() {
    for choice in BACKENDS {
        for more in towers_of_features() {
            let mut trainer = with_features(&more, choice);
            train(&mut trainer).expect("trains");
            for (camp, parity) in [("even", 0), ("odd", 1)] {
                let user = unseen(json!({ "camp": camp, "age": 33, "colour": "red" }));
                let all = Choice::default();
                let users = pollster::block_on(trainer.recommend_unseen(&user, 5, &all));
                let item = unseen(json!({ "camp": camp, "tags": "all;strange;odd ones" }));
                let items = pollster::block_on(trainer.similar_unseen(&item, 5, &all));
                for (answer, unknown) in [(users, 1), (items, 2)] {
                    let answer = answer.expect("recommends");
                    assert_eq!((answer.items.len(), answer.unknown), (5, unknown));
                    for found in &answer.items {
                        let number: u32 = found.item[1..].parse().expect("a number");
                        assert_eq!(number % 2, parity, "{more}: {} for {camp}", found.item);
                        assert!(found.because.is_empty());
                    }
                }
            }
        }
    }
}

/// If features are a tower's only input, a query with a user's features gives that user's results.
#[test]
fn the_features_of_a_user_or_an_item_are_served_as_they_are() {
    for choice in BACKENDS {
        let mut trainer = with_features(&towers_of_features()[0], choice);
        let everything = Choice { seen: true, ..Choice::default() };
        let known = recommend(&mut trainer, &Query::User("u4".into()), 40, &everything);
        let user = unseen(json!({ "camp": "even", "age": "24" }));
        let cold = pollster::block_on(trainer.recommend_unseen(&user, 40, &everything));
        assert_eq!(cold.expect("recommends").items, known);
        let item = unseen(json!({ "camp": "odd", "tags": "all|tag3" }));
        let cold = pollster::block_on(trainer.similar_unseen(&item, 40, &everything));
        let known = pollster::block_on(trainer.similar("i7", 40, &everything)).expect("finds");
        for (cold, known) in cold.expect("finds").items.iter().zip(known) {
            assert!((cold.score - known.score).abs() < 1e-6);
        }
    }
}

/// Computes in f64: the mean of the features' rows, without the id's row, scaled, times the items'
/// outputs.
#[test]
fn a_cold_score_is_that_of_its_features() {
    for choice in BACKENDS {
        let config =
            options(&json!({ "towers.user.features": ["a"], "towers.item.features": ["b"] }));
        let features = |rows: usize| Csr {
            offsets: (0..=rows as u32).map(|row| 2 * row).collect(),
            items: (0..2 * rows as u32).map(|n| n % 6).collect(),
        };
        let (users, items) = (features(9), features(37));
        let extent = Extent {
            evaluated: 9,
            bags: Bags {
                user_features: BagExtent::of(&users, 6),
                item_features: BagExtent::of(&items, 6),
                ..Bags::default()
            },
            ..extent(9, 37, 9)
        };
        pollster::block_on(async {
            let (mut model, _) = Model::new(&config, &extent, choice).await.expect("a model");
            model.load_features(Tower::User, &users);
            model.load_features(Tower::Item, &items);
            model.start_fresh(&config);
            let outputs = model.outputs(Tower::Item).await.expect("reads");
            for tower in [Tower::User, Tower::Item] {
                let table = *model.plan().parameter(tower, Part::Features).expect("it is there");
                let table = model.values(&table).await.expect("reads");
                // More features than any row has.
                let cold = [0, 2, 3, 3, 5];
                let rows: Vec<&[f32]> = cold.iter().map(|&n| &table[n * 8..][..8]).collect();
                let all = Filter::new(37, None);
                let ids = cold.map(|n| n as u32);
                let list = model.rank_cold(tower, &ids, ALL, &all).await.expect("ranks");
                assert_eq!(list.len(), 37);
                for (item, score) in list {
                    let output = &outputs[item as usize * 8..][..8];
                    let by_hand: f64 = parts_by_hand(&rows, 1.0, true, output).iter().sum();
                    assert!((by_hand - f64::from(score)).abs() < 1e-5, "{by_hand}: {score}");
                }
            }
        });
    }
}

/// The items of an earlier visitor, who uses the same history list, do not affect a query by
/// features.
#[test]
fn a_query_by_features_has_no_history_and_is_the_same_on_both_backends() {
    let mut lists = Vec::new();
    for choice in BACKENDS {
        let more = json!({
            "towers.user.history": {}, "towers.user.layers": [12], "towers.item.layers": [12],
        });
        let mut trainer = with_features(&more, choice);
        recommend(&mut trainer, &Query::Items(ids(&[1, 2])), 3, &Choice::default());
        let user = unseen(json!({ "camp": "even", "age": 33 }));
        let cold = |trainer: &mut Trainer| {
            let everything = Choice::default();
            let answer = pollster::block_on(trainer.recommend_unseen(&user, 40, &everything));
            answer.expect("recommends").items
        };
        let first = cold(&mut trainer);
        assert_eq!(first.len(), 40, "an unknown user has no items yet");
        assert_eq!(first, cold(&mut trainer));
        lists.push(first);
    }
    for (cpu, gpu) in lists[0].iter().zip(&lists[1]) {
        assert_eq!(cpu.item, gpu.item);
        assert!((cpu.score - gpu.score).abs() < 1e-4);
    }
}

#[test]
fn features_of_which_nothing_is_known_are_refused() {
    let mut with = with_features(&json!({}), BackendRequest::CPU);
    for features in [json!({}), json!({ "camp": "neither" }), json!({ "colour": "red" })] {
        let user = unseen(features);
        let answer = pollster::block_on(with.recommend_unseen(&user, 5, &Choice::default()));
        let Err(Error::Config { key, allowed, .. }) = answer else { panic!("{answer:?}") };
        assert!(key == "features" && allowed.ends_with("camp, age"), "{allowed}");
    }
    let user = unseen(json!({ "camp": "even" }));
    let mut without = trainer(&json!({}), BackendRequest::CPU);
    let answer = pollster::block_on(without.recommend_unseen(&user, 5, &Choice::default()));
    assert_eq!(answer.expect_err("there are no features").code(), "config");
}
