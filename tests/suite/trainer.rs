//! Whole runs on both backends: repeats, early stopping, rejected options, recommendations.

use std::time::Duration;

use crate::support::{BACKENDS, camps, options, train, trainer};
use serde_json::{Value, json};
use twotower::data::{Dataset, Loader, Part};
use twotower::exchange::Export;
use twotower::executor::BackendRequest;
use twotower::trainer::{Choice, Note, Query, Recommendation, Trainer};
use twotower::{Config, Error};

#[test]
fn the_same_seed_gives_the_same_bits() {
    for choice in BACKENDS {
        let run = |seed: u32| {
            let mut trainer = trainer(&json!({ "seed": seed }), choice);
            let (losses, epochs) = train(&mut trainer).expect("trains");
            let bits: Vec<u32> = losses.into_iter().map(f32::to_bits).collect();
            (bits, epochs.into_iter().map(|epoch| epoch.metrics).collect::<Vec<_>>())
        };
        assert_eq!(run(5), run(5), "{choice:?}");
        assert_ne!(run(5).0, run(6).0, "{choice:?}");
    }
}

#[test]
fn the_backends_agree() {
    for more in [
        json!({}),
        json!({ "negatives.kind": "uniform" }),
        json!({ "negatives.kind": "popularity", "split.validation": 0.2 }),
        json!({ "negatives.kind": "mixed" }),
        json!({ "negatives.logQ": "streaming" }),
        json!({ "negatives.kind": "uniform", "onebp": {}, "split.validation": 0.2 }),
        json!({ "towers.user.id": false, "towers.user.history": {}, "split.validation": 0.2 }),
        json!({ "towers.item.layers": [12], "negatives.kind": "mixed", "cbns": { "capacity": 40 } }),
    ] {
        let [cpu, gpu] = BACKENDS.map(|choice| train(&mut trainer(&more, choice)).expect("trains"));
        assert_eq!(cpu.0.len(), gpu.0.len());
        for (step, (cpu, gpu)) in cpu.0.iter().zip(&gpu.0).enumerate() {
            assert!(
                (cpu - gpu).abs() < 1e-3,
                "step {step} of {more}: {cpu} on the CPU, {gpu} on the GPU"
            );
        }
    }
}

#[test]
fn a_visitor_is_what_they_picked_where_a_user_is_a_history() {
    for choice in BACKENDS {
        for history in [json!({}), json!({ "table": "separate", "cap": 4 })] {
            let more = json!({
                "epochs": 20, "towers.user.id": false, "towers.user.history": history,
                "towers.user.layers": [12], "towers.item.layers": [12], "split.validation": 0.2,
            });
            let mut trainer = trainer(&more, choice);
            train(&mut trainer).expect("trains");
            let picked = |ids: [&str; 3]| Query::Items(ids.map(String::from).to_vec());
            let recommend = |trainer: &mut Trainer, query: &Query| {
                pollster::block_on(trainer.recommend(query, 5, &Choice::default()))
                    .expect("recommends")
            };
            let odd = recommend(&mut trainer, &picked(["i1", "i3", "i5"]));
            let even = recommend(&mut trainer, &picked(["i2", "i4", "i6"]));
            for (found, parity) in [(odd, 1), (even, 0)] {
                for found in found {
                    let number: u32 = found.item[1..].parse().expect("a number");
                    assert_eq!(number % 2, parity, "{history}: {}", found.item);
                }
            }
        }
    }
}

/// Items without a training pair are found by features that they share with other items.
#[test]
fn items_without_a_training_pair_are_found_by_their_features() {
    for choice in BACKENDS {
        let config = options(&json!({
            "epochs": 20, "split.kind": "given", "towers.item.id": false,
            "towers.item.features": ["parity", "tags:list"],
        }));
        let (mut train_lines, mut test_lines) =
            (String::from("user,item\n"), String::from("user,item\n"));
        let mut items = String::from("item,title,parity,tags\n");
        for user in 0..30 {
            for n in 0..10 {
                let item = (2 * (user * 7 + n * 3) + user % 2) % 40;
                let lines = if item < 36 { &mut train_lines } else { &mut test_lines };
                *lines += &format!("u{user},i{item}\n");
            }
        }
        for item in 0..40 {
            items += &format!("i{item},Item {item},p{},a|only{item}\n", item % 2);
        }
        let mut loader = Loader::new(&config);
        for (part, text) in
            [(Part::Train, &train_lines), (Part::Test, &test_lines), (Part::Items, &items)]
        {
            loader.begin(part, "part.csv", None).expect("begins");
            loader.push(text.as_bytes()).expect("good lines");
        }
        let dataset = loader.finish().expect("a data set");
        let report = &dataset.report;
        assert_eq!((dataset.n_items, report.test_only_items, report.unknown_features), (40, 4, 4));
        let mut trainer =
            pollster::block_on(Trainer::new(dataset, config, choice)).expect("a trainer");
        train(&mut trainer).expect("trains");
        let top = pollster::block_on(trainer.recommend(
            &Query::User("u4".into()),
            10,
            &Choice::default(),
        ));
        let top = top.expect("recommends");
        let number = |found: &Recommendation| found.item[1..].parse::<u32>().expect("a number");
        assert!(top.iter().any(|found| number(found) >= 36), "a new item is among them");
        assert!(top.iter().all(|found| number(found).is_multiple_of(2)));
    }
}

#[test]
fn training_learns_what_the_camps_like() {
    for choice in BACKENDS {
        let mut trainer = trainer(&json!({ "epochs": 30 }), choice);
        let (losses, epochs) = train(&mut trainer).expect("trains");
        assert!(losses.last() < losses.first());
        let ndcg = |n: usize| epochs[n].metrics.expect("there is a test part").ndcg_20;
        assert!(ndcg(29) > ndcg(0), "{} after {}", ndcg(29), ndcg(0));

        let top =
            pollster::block_on(trainer.recommend(&Query::User("u4".into()), 5, &Choice::default()));
        let top = top.expect("recommends");
        let had = trainer.history("u4").expect("a history");
        assert_eq!(top.len(), 5);
        assert!(top.is_sorted_by(|a, b| a.score >= b.score));
        for found in top.iter() {
            let number: u32 = found.item[1..].parse().expect("a number");
            assert_eq!(number % 2, 0, "an even user was offered {}", found.item);
            assert_eq!(found.title, Some(format!("Item number {number}")));
            assert!(had.iter().all(|item| item.item != found.item));
        }

        let picked = ["i1", "i3", "i5"].map(String::from).to_vec();
        let visitor =
            pollster::block_on(trainer.recommend(&Query::Items(picked), 3, &Choice::default()));
        for found in visitor.expect("recommends") {
            assert!(!["i1", "i3", "i5"].contains(&found.item.as_str()));
            assert_eq!(found.item[1..].parse::<u32>().expect("a number") % 2, 1);
        }
        let similar =
            pollster::block_on(trainer.similar("i7", 40, &Choice::default())).expect("finds");
        assert_eq!(similar.len(), 39, "the catalogue without the item itself");
    }
}

#[test]
fn a_validation_part_chooses_the_epoch_and_stops_early() {
    validated("ndcg@20", BackendRequest::CPU);
    validated("mrr@10", BackendRequest::WEBGPU);
}

fn validated(metric: &str, choice: BackendRequest) {
    let more = json!({ "epochs": 200, "patience": 3, "split.validation": 0.2, "metric": metric });
    let mut trainer = trainer(&more, choice);
    let (_, epochs) = train(&mut trainer).expect("trains");
    let score = |epoch: &usize| {
        let measured = serde_json::to_value(epochs[*epoch].metrics).expect("serialises");
        measured[metric].as_f64().expect("validation")
    };
    let best =
        (0..epochs.len()).rev().max_by(|a, b| score(a).total_cmp(&score(b))).expect("epochs");
    let report = serde_json::to_value(trainer.report()).expect("serialises");
    assert_eq!(epochs.len(), best + 1 + 3, "three epochs without a better one");
    assert_eq!(report["best"]["epoch"], best + 1);
    assert_eq!(report["final"]["epoch"], best + 1);
    for metrics in [&report["final"], &report["final"]["popularity"], &report["popularity"]] {
        assert!(metrics["ndcg@20"].as_f64().expect("a number") > 0.0, "{metrics}");
    }
    assert_eq!(trainer.set_epochs(300).expect_err("it went back").code(), "config");

    // The tables are from the best epoch: a run that ends at this epoch gives the same
    // recommendations.
    let fewer = json!({ "epochs": best + 1, "split.validation": 0.2, "metric": metric });
    let mut stopped = self::trainer(&fewer, choice);
    train(&mut stopped).expect("trains");
    let top = |trainer: &mut Trainer| {
        pollster::block_on(trainer.recommend(&Query::User("u4".into()), 9, &Choice::default()))
            .expect("recommends")
    };
    assert_eq!(top(&mut trainer), top(&mut stopped));
}

#[test]
fn popularity_is_what_counting_gives() {
    let trainer = trainer(&json!({}), BackendRequest::CPU);
    let report = serde_json::to_value(trainer.report()).expect("serialises");
    let config = options(&json!({}));
    let dataset = camps(&config);
    let counts = dataset.item_counts();
    let train = dataset.train.rows(dataset.n_users);
    let test = dataset.test.rows(dataset.users.len());
    let recalls =
        (0..dataset.n_users as u32).filter(|&user| !test.row(user).is_empty()).map(|user| {
            let mut unseen: Vec<u32> = (0..dataset.n_items as u32)
                .filter(|item| !train.row(user).contains(item))
                .collect();
            unseen.sort_by_key(|&item| (std::cmp::Reverse(counts[item as usize]), item));
            let hits = unseen.iter().take(10).filter(|item| test.row(user).contains(item)).count();
            hits as f64 / test.row(user).len() as f64
        });
    let recalls: Vec<f64> = recalls.collect();
    let mean = recalls.iter().sum::<f64>() / recalls.len() as f64;
    let ours = report["popularity"]["recall@10"].as_f64().expect("a number");
    assert!((ours - mean).abs() < 1e-12, "{ours} for {mean}");
}

#[test]
fn users_who_are_only_in_the_test_count_as_zero() {
    for choice in BACKENDS {
        let config = options(&json!({ "split.kind": "given", "epochs": 1 }));
        let mut loader = Loader::new(&config);
        for (part, lines) in [(Part::Train, "a,x\na,y\nb,x\nb,z\n"), (Part::Test, "c,x\nd,w\n")] {
            loader.begin(part, "lines.csv", None).expect("begins");
            loader.push(b"user,item\n").expect("a header");
            loader.push(lines.as_bytes()).expect("good lines");
        }
        let dataset = loader.finish().expect("a data set");
        let trainer = pollster::block_on(Trainer::new(dataset, config, choice));
        let (_, epochs) = train(&mut trainer.expect("a trainer")).expect("trains");
        assert_eq!(epochs[0].metrics.expect("there is a test part").recall_20, 0.0);
    }
}

/// Returns a data set with more users than one block of a ranking.
fn crowd(config: &Config) -> Dataset {
    let mut lines = String::from("user,item\n");
    for user in 0..1300u32 {
        for n in 0..6 {
            lines += &format!("u{user},i{}\n", (user * 7 + n * 5 + user / 90) % 60);
        }
    }
    let mut loader = Loader::new(config);
    loader.begin(Part::All, "crowd.csv", None).expect("begins");
    loader.push(lines.as_bytes()).expect("good lines");
    loader.finish().expect("a data set")
}

#[test]
fn an_evaluation_in_slices_comes_to_the_same_whatever_comes_between() {
    let more = json!({ "epochs": 2, "batchSize": 512, "split.validation": 0.2 });
    for choice in BACKENDS {
        let fresh = || {
            let config = options(&more);
            pollster::block_on(Trainer::new(crowd(&config), config, choice)).expect("a trainer")
        };
        let advance = |trainer: &mut Trainer, budget: Duration| {
            pollster::block_on(trainer.advance(budget)).expect("trains")
        };
        let mut whole = fresh();
        while !advance(&mut whole, Duration::from_secs(60)).done {}

        let (mut sliced, mut shares) = (fresh(), Vec::new());
        loop {
            let slice = advance(&mut sliced, Duration::from_micros(20));
            if let Some(measured) = slice.measured {
                shares.push((slice.epoch, measured.best, measured.share));
                assert_eq!(slice.step, slice.steps, "{choice:?}");
                assert!(slice.seconds >= slice.evaluation_seconds);
                let user = Query::User("u4".into());
                pollster::block_on(sliced.recommend(&user, 5, &Choice::default()))
                    .expect("answers");
                let file = pollster::block_on(sliced.save()).expect("saves");
                if measured.share > 0.5 {
                    sliced = pollster::block_on(Trainer::load(&file, choice)).expect("loads");
                    while !advance(&mut sliced, Duration::from_secs(60)).done {}
                    break;
                }
            }
            assert!(!slice.done, "{choice:?}: never more than half of it was done");
        }
        assert!(shares.is_sorted_by(|a, b| a < b), "{shares:?}");
        let outcome = |trainer: &Trainer| {
            let mut report = serde_json::to_value(trainer.report()).expect("serialises");
            for epoch in report["epochs"].as_array_mut().expect("a list") {
                epoch["seconds"].take();
            }
            [report["epochs"].take(), report["final"].take()]
        };
        assert_eq!(outcome(&sliced), outcome(&whole), "{choice:?}");
    }
}

#[test]
fn a_wide_catalogue_with_layers_is_embedded_in_slices() {
    let config = options(&json!({ "epochs": 1, "batchSize": 512, "towers.item.layers": [8] }));
    let pairs = (0..3000u32).map(|n| format!("u{},i{n}\n", n % 50));
    let mut loader = Loader::new(&config);
    loader.begin(Part::All, "wide.csv", None).expect("begins");
    let text = pairs.fold(String::from("user,item\n"), |text, pair| text + &pair);
    loader.push(text.as_bytes()).expect("good lines");
    let dataset = loader.finish().expect("a data set");
    for choice in BACKENDS {
        let outcome = |budget: Duration| {
            let made = Trainer::new(dataset.clone(), config.clone(), choice);
            let mut run = pollster::block_on(made).expect("a trainer");
            let mut slices = 0;
            loop {
                let slice = pollster::block_on(run.advance(budget)).expect("trains");
                slices += usize::from(slice.measured.is_some());
                if slice.done {
                    return (slices, slice.epoch_report.expect("the only epoch").metrics);
                }
            }
        };
        let (slices, metrics) = outcome(Duration::from_micros(20));
        // Three blocks of items: the last one goes with the users.
        assert!(slices >= 3, "{choice:?}: {slices}");
        assert_eq!(metrics, outcome(Duration::from_secs(60)).1, "{choice:?}");
    }
}

#[test]
fn a_run_can_be_extended_and_reset() {
    let mut long = trainer(&json!({ "epochs": 4 }), BackendRequest::CPU);
    let (whole, _) = train(&mut long).expect("trains");
    let mut short = trainer(&json!({ "epochs": 2 }), BackendRequest::CPU);
    let (mut parts, _) = train(&mut short).expect("trains");
    short.set_epochs(4).expect("goes on");
    parts.extend(train(&mut short).expect("trains").0);
    assert_eq!(whole, parts);

    let again =
        pollster::block_on(short.reset(options(&json!({ "epochs": 4 })), BackendRequest::CPU));
    again.expect("resets");
    assert_eq!(train(&mut short).expect("trains").0, whole);

    let other_split = options(&json!({ "split.test": 0.5 }));
    let refused = pollster::block_on(short.reset(other_split, BackendRequest::CPU));
    assert_eq!(refused.expect_err("the split is done").code(), "config");
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_at_its_step() {
    for choice in BACKENDS {
        let more = json!({
            "normalize": false, "temperature": 1e-3, "epochs": 50,
            "optimizer.kind": "sgd", "optimizer.learningRate": 100,
        });
        let mut trainer = trainer(&more, choice);
        let error = train(&mut trainer).expect_err("it blows up");
        let Error::NonFinite { step, epoch, .. } = error else { panic!("{error}") };
        assert!(step > 1 && epoch >= 1, "step {step} of epoch {epoch}");
        let again = pollster::block_on(trainer.advance(Duration::from_millis(1)));
        assert_eq!(again.expect_err("it stays stopped").code(), "non-finite");
        let asked =
            pollster::block_on(trainer.recommend(&Query::User("u1".into()), 3, &Choice::default()));
        assert_eq!(asked.expect_err("its tables are no numbers").code(), "non-finite");
    }
}

#[test]
fn unknown_ids_are_refused_by_name() {
    let mut trainer = trainer(&json!({}), BackendRequest::CPU);
    let nobody =
        pollster::block_on(trainer.recommend(&Query::User("u99".into()), 5, &Choice::default()));
    assert_eq!(nobody, Err(Error::UnknownId { kind: "user", id: "u99".into() }));
    let nothing = pollster::block_on(trainer.similar("i99", 5, &Choice::default()));
    assert_eq!(nothing, Err(Error::UnknownId { kind: "item", id: "i99".into() }));
    let empty =
        pollster::block_on(trainer.recommend(&Query::Items(Vec::new()), 5, &Choice::default()));
    assert_eq!(empty.expect_err("the list is empty").code(), "config");
}

#[test]
fn the_bank_opens_when_outputs_are_steady() {
    let run = |more: Value| {
        let mut trainer = trainer(&more, BackendRequest::CPU);
        let (losses, epochs) = train(&mut trainer).expect("trains");
        (losses, epochs.into_iter().map(|e| e.drift.expect("there is a bank")).collect::<Vec<_>>())
    };
    let bank = |warmup: Value| {
        json!({
            "epochs": 12, "cbns.capacity": 320, "cbns.warmup": warmup,
            "optimizer.kind": "adagrad", "optimizer.learningRate": 0.2,
        })
    };
    let (auto, drift) = run(bank(json!("auto")));
    assert!(drift[0] > 0.1, "the first epoch moves outputs a lot: {drift:?}");
    let opened = drift.iter().position(|&drift| drift <= 0.1).expect("outputs become steady");
    assert!(opened + 1 < drift.len(), "the bank is open for an epoch: {drift:?}");
    let per_epoch = auto.len() / drift.len();
    let (by_steps, _) = run(bank(json!((opened + 1) * per_epoch)));
    assert_eq!(auto, by_steps, "opening at an edge is a warm-up of the steps until then");
    let (never, _) = run(bank(json!(1_000_000)));
    assert_ne!(auto, never);
}

#[test]
fn techniques_go_together_on_both_backends() {
    let onebp = json!({ "onebp.beta": 0.9 });
    let both = json!({ "onebp.beta": 0.9, "cbns.capacity": 24, "cbns.warmup": 3 });
    let skipping = json!({ "skip.policy": "random", "skip.start": 1, "cbns.capacity": 24 });
    let all = json!({
        "onebp.beta": 0.9, "cbns.capacity": 24, "cbns.warmup": 3, "skip.rows": "item",
    });
    for more in [onebp, both, skipping, all] {
        let [cpu, gpu] =
            BACKENDS.map(|choice| train(&mut trainer(&more, choice)).expect("trains").0);
        for (step, (cpu, gpu)) in cpu.iter().zip(&gpu).enumerate() {
            assert!((cpu - gpu).abs() < 1e-3, "{more}, step {step}: {cpu} and {gpu}");
        }
    }
}

/// Returns the number of training pairs of a run.
fn all_pairs(trainer: &Trainer) -> usize {
    let about = serde_json::to_value(trainer.about()).expect("serialises");
    about["data"]["train"].as_u64().expect("a number") as usize
}

#[test]
fn skipping_with_the_same_seed_gives_the_same_bits() {
    for choice in BACKENDS {
        for policy in ["stale", "popularity", "cap", "random"] {
            let run = || {
                let more = json!({ "skip.policy": policy, "skip.keep": 0.2 });
                let (losses, epochs) = train(&mut trainer(&more, choice)).expect("trains");
                let bits: Vec<u32> = losses.into_iter().map(f32::to_bits).collect();
                (bits, epochs.into_iter().map(|epoch| epoch.skip).collect::<Vec<_>>())
            };
            assert_eq!(run(), run(), "{policy} on {choice:?}");
        }
    }
}

#[test]
fn stale_pairs_leave_the_epochs() {
    for choice in BACKENDS {
        let deep = json!({
            "towers.user.id": false, "towers.user.history": {}, "towers.user.out": 6,
            "towers.item.layers": [9], "towers.item.out": 6, "towers.item.features": ["parity"],
        });
        for (rows, towers) in [("both", json!({})), ("item", json!({})), ("both", deep)] {
            let mut more = towers;
            more["skip.rows"] = rows.into();
            more["epochs"] = 8.into();
            let mut trainer = trainer(&more, choice);
            let all = all_pairs(&trainer);
            let (losses, epochs) = train(&mut trainer).expect("trains");
            let steps: usize = epochs.iter().map(|epoch| epoch.pairs.div_ceil(32)).sum();
            assert_eq!(losses.len(), steps, "the epochs are as short as they say");
            for epoch in &epochs[..2] {
                assert_eq!((epoch.pairs, epoch.skip), (all, None), "before the first decision");
            }
            let mut found = 0;
            for epoch in &epochs[2..] {
                let skip = epoch.skip.expect("it was decided");
                assert_eq!(epoch.pairs + skip.skipped, all);
                if skip.note.is_none() {
                    let share = skip.skipped as f64 / all as f64;
                    assert!((share - 0.3).abs() <= 0.08, "{share} left epoch {}", epoch.epoch);
                    assert_eq!(Some(share), skip.stale_pairs);
                    assert!(skip.threshold.expect("there is one") > 0.0);
                    assert!(epoch.work.dispatches < epochs[0].work.dispatches);
                    found += 1;
                } else {
                    assert_eq!((skip.skipped, skip.threshold), (0, None));
                }
            }
            assert!(found > 0, "{rows} on {choice:?}: {epochs:?}");
            let report = serde_json::to_value(epochs[2]).expect("serialises");
            assert!(report["skip"]["staleRows"].is_f64(), "{report}");
        }
    }
}

#[test]
fn rows_wake_up_when_it_is_decided_again() {
    // In an epoch that skips a row's pairs, only the kept pairs move the row.
    let more = json!({ "skip.rows": "item", "skip.keep": 0.3, "epochs": 12 });
    let (_, epochs) = train(&mut trainer(&more, BackendRequest::CPU)).expect("trains");
    let woken: usize = epochs.iter().filter_map(|epoch| epoch.skip).map(|skip| skip.woken).sum();
    assert!(woken > 0, "{epochs:?}");
}

#[test]
fn a_single_decision_stands() {
    let more = json!({ "skip.recheck": 0, "skip.start": 1 });
    let (_, epochs) = train(&mut trainer(&more, BackendRequest::CPU)).expect("trains");
    assert_eq!(epochs[0].skip, None);
    let first = epochs[1].skip.expect("it was decided");
    assert!(first.skipped > 0, "{first:?}");
    assert!(epochs[1..].iter().all(|epoch| epoch.skip == Some(first)));
}

#[test]
fn without_a_threshold_nothing_is_skipped() {
    // Too few rows are hot: not enough pairs have two of them.
    let more = json!({ "skip.hotShare": 0.05 });
    for choice in BACKENDS {
        let mut trainer = trainer(&more, choice);
        let all = all_pairs(&trainer);
        let (_, epochs) = train(&mut trainer).expect("trains");
        for epoch in &epochs[2..] {
            let skip = epoch.skip.expect("it was decided");
            assert_eq!((epoch.pairs, skip.skipped, skip.threshold), (all, 0, None));
            assert_eq!(skip.note, Some(Note::NoThreshold));
        }
    }
}

#[test]
fn the_controls_leave_out_their_share() {
    for choice in BACKENDS {
        let mut random = trainer(&json!({ "skip.policy": "random" }), choice);
        let all = all_pairs(&random);
        let (_, epochs) = train(&mut random).expect("trains");
        let skipped: Vec<usize> =
            epochs[2..].iter().map(|epoch| epoch.skip.expect("decided").skipped).collect();
        // Four deviations of a binomial share of all pairs.
        let noise = 4.0 * (0.3 * 0.7 / all as f64).sqrt();
        for &skipped in &skipped {
            assert!((skipped as f64 / all as f64 - 0.3).abs() < noise, "{skipped} of {all}");
        }
        assert!(skipped.iter().any(|&n| n != skipped[0]), "drawn anew each epoch: {skipped:?}");

        let mut popularity = trainer(&json!({ "skip.policy": "popularity" }), choice);
        let (_, epochs) = train(&mut popularity).expect("trains");
        let skip = epochs[2].skip.expect("decided");
        let share = skip.skipped as f64 / all as f64;
        assert!(share > 0.0 && share <= 0.3, "{share}");
        assert_eq!(epochs[5].pairs + skip.skipped, all);
    }
}

#[test]
fn a_cap_leaves_out_its_share_until_the_last_epochs() {
    for choice in BACKENDS {
        let more =
            json!({ "skip.policy": "cap", "skip.start": 1, "skip.until": 0.75, "epochs": 8 });
        let mut trainer = trainer(&more, choice);
        let all = all_pairs(&trainer);
        let (_, epochs) = train(&mut trainer).expect("trains");
        for (n, epoch) in epochs.iter().enumerate() {
            match n {
                0 => assert_eq!((epoch.pairs, epoch.skip), (all, None)),
                1..6 => {
                    let skip = epoch.skip.expect("decided");
                    // Phases are random: the cap holds on average.
                    let share = skip.skipped as f64 / all as f64;
                    assert!((share - 0.3).abs() < 0.05, "{share} in epoch {}", n + 1);
                    assert!(skip.threshold.is_some_and(|cap| cap < 12.0), "{skip:?}");
                }
                _ => {
                    assert_eq!(epoch.pairs, all, "epoch {}", n + 1);
                    let skip = epoch.skip.expect("decided");
                    assert_eq!((skip.skipped, skip.threshold), (0, None));
                    assert_eq!(skip.note, Some(Note::TakenBack));
                }
            }
        }
    }
}

#[test]
fn a_longer_run_trains_on_every_pair_once_the_last_epochs_have() {
    for policy in ["stale", "popularity", "cap", "random"] {
        let more =
            json!({ "skip.policy": policy, "skip.start": 1, "skip.until": 0.5, "epochs": 4 });
        let mut trainer = trainer(&more, BackendRequest::CPU);
        let all = all_pairs(&trainer);
        let (_, planned) = train(&mut trainer).expect("trains");
        assert!(planned[1].pairs < all, "{policy} skips");
        trainer.set_epochs(10).expect("goes on");
        let (_, further) = train(&mut trainer).expect("trains");
        for epoch in planned[2..].iter().chain(&further) {
            let note = epoch.skip.expect("it says so").note;
            assert_eq!((epoch.pairs, note), (all, Some(Note::TakenBack)), "{policy}");
        }
    }
}

#[test]
fn a_tower_is_exported_as_wide_as_its_outputs() {
    let more = json!({ "onebp": {}, "dim": 16, "towers.item.out": 8, "epochs": 1 });
    let mut trainer = trainer(&more, BackendRequest::CPU);
    train(&mut trainer).expect("trains");
    let file = pollster::block_on(trainer.export(Export::UserTowerOnnx)).expect("a table of users");
    // The table's dimensions in the file: 40 users and 8, each as a tagged varint.
    let dims = [0x0a, 2, 40, 8];
    let untagged = [0x08, 40, 0x08, 8];
    let has = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(&dims) || has(&untagged), "the table is not (40, 8)");
}

#[test]
fn some_stale_pairs_can_be_kept() {
    let more = json!({ "skip.policy": "popularity", "skip.keep": 0.5 });
    let (_, epochs) = train(&mut trainer(&more, BackendRequest::CPU)).expect("trains");
    let skips: Vec<_> = epochs[2..].iter().map(|epoch| epoch.skip.expect("decided")).collect();
    for skip in &skips {
        let stale = skip.stale_pairs.expect("rare items have them") * epochs[0].pairs as f64;
        assert!(0 < skip.skipped && (skip.skipped as f64) < stale, "{skip:?}");
    }
    assert!(skips.iter().any(|skip| skip.skipped != skips[0].skipped), "drawn anew: {skips:?}");
}

#[test]
fn patience_without_a_validation_part_is_refused_at_the_start_and_at_a_reset() {
    let config = options(&json!({ "patience": 2 }));
    let refused = pollster::block_on(Trainer::new(camps(&config), config, BackendRequest::CPU));
    assert_eq!(refused.expect_err("nothing is validated").code(), "config");
    let mut trainer = trainer(&json!({}), BackendRequest::CPU);
    let reset = trainer.reset(options(&json!({ "patience": 2 })), BackendRequest::CPU);
    assert_eq!(pollster::block_on(reset).expect_err("nothing is validated").code(), "config");
    train(&mut trainer).expect("a refusal leaves the run as it is");
}

#[test]
fn a_reset_keeps_the_features_that_the_data_was_loaded_with() {
    let more = json!({
        "towers.item.id": false, "towers.item.features": ["parity"], "towers.item.layers": [5],
        "towers.user.features": ["town"], "towers.user.layers": [5],
    });
    let mut trainer = trainer(&more, BackendRequest::CPU);
    let mut again =
        json!({ "dim": 4, "towers": { "item": { "layers": [6] } }, "towers.user.layers": [6] });
    trainer.keep_used(&mut again);
    let again = Config::resolve(&again).expect("valid options");
    assert_eq!((again.dim, again.towers.user.base.features.len()), (4, 1));
    pollster::block_on(trainer.reset(again, BackendRequest::CPU)).expect("the same features");
    let mut other = json!({ "towers.user.features": ["age"] });
    trainer.keep_used(&mut other);
    let other = Config::resolve(&other).expect("valid options");
    let refused = pollster::block_on(trainer.reset(other, BackendRequest::CPU));
    assert!(matches!(refused, Err(Error::Config { key, .. }) if key == "towers"));
}

#[test]
fn without_measurements_the_best_epoch_is_the_latest() {
    let mut trainer = trainer(&json!({ "split.test": 0, "epochs": 3 }), BackendRequest::CPU);
    train(&mut trainer).expect("trains");
    let report = serde_json::to_value(trainer.report()).expect("serialises");
    assert_eq!((&report["best"]["epoch"], &report["final"]["epoch"]), (&json!(3), &json!(3)));
}

/// The last batch of an epoch is smaller, and its mean loss has the weight of its pairs.
#[test]
fn an_epochs_loss_is_the_mean_over_its_pairs() {
    let mut trainer = trainer(&json!({ "epochs": 1, "batchSize": 50 }), BackendRequest::CPU);
    let (losses, epochs) = train(&mut trainer).expect("trains");
    let pairs = epochs[0].pairs;
    assert_ne!(pairs % 50, 0, "the last batch is smaller");
    let weighed =
        losses.iter().enumerate().map(|(n, &loss)| f64::from(loss) * 50.min(pairs - 50 * n) as f64);
    assert!((epochs[0].loss - weighed.sum::<f64>() / pairs as f64).abs() < 1e-9);
    let plain = losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len() as f64;
    assert!((epochs[0].loss - plain).abs() > 1e-6);
}
