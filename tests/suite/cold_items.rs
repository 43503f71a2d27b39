//! Items without training pairs are ranked by their features: on Goodbooks, with a tenth of its
//! books held out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::json;
use twotower::data::{Loader, Part};
use twotower::executor::BackendRequest;
use twotower::trainer::{Choice, Recommendation, Trainer};
use twotower::{Config, random};

const K: usize = 20;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/data/goodbooks").join(name);
    let mut bytes = Vec::new();
    let file = File::open(&path).expect(name);
    if name.ends_with(".gz") {
        GzDecoder::new(file).read_to_end(&mut bytes).expect(name);
    } else {
        { file }.read_to_end(&mut bytes).expect(name);
    }
    bytes
}

#[test]
fn books_without_a_reader_are_ranked_far_better_than_by_chance() {
    let config = Config::resolve(&json!({
        "epochs": 8,
        "split": { "kind": "given" },
        "towers": { "item": {
            "id": false,
            "features": ["title:words", "authors:list", "language", "year:number"],
        } },
    }))
    .expect("valid");

    // The pairs of both parts, split again by book.
    let [mut train, mut test] = [(); 2].map(|()| String::from("user,item\n"));
    let (mut held_out, mut readers) = (BTreeSet::new(), BTreeMap::new());
    for part in ["train.csv.gz", "test.csv.gz"] {
        let text = String::from_utf8(file(part)).expect("text");
        for line in text.lines().skip(1) {
            let (user, item) = line.split_once(',').expect("a pair");
            let number = item.parse().expect("a number");
            let is_held_out = random::hash(0, 1, number).is_multiple_of(10);
            let part = if is_held_out { &mut test } else { &mut train };
            *part += &format!("{user},{item}\n");
            if is_held_out {
                held_out.insert(item.to_owned());
                readers
                    .entry(user.to_owned())
                    .or_insert_with(BTreeSet::new)
                    .insert(item.to_owned());
            }
        }
    }
    let mut loader = Loader::new(&config);
    let parts = [
        (Part::Train, train.into_bytes()),
        (Part::Test, test.into_bytes()),
        (Part::Items, file("items.csv")),
    ];
    for (part, bytes) in parts {
        loader.begin(part, "goodbooks", None).expect("begins");
        loader.push(&bytes).expect("good lines");
    }
    let dataset = loader.finish().expect("a data set");
    let items = dataset.items.len();
    let trained: BTreeSet<&str> =
        dataset.train.iter().map(|[user, _]| dataset.users.name(user)).collect();
    readers.retain(|user, _| trained.contains(user.as_str()));

    pollster::block_on(async {
        let mut trainer =
            Trainer::new(dataset, config, BackendRequest::CPU).await.expect("a trainer");
        while !trainer.advance(Duration::from_secs(1)).await.expect("trains").done {}
        let users: Vec<String> = readers.keys().cloned().collect();
        let among = Choice { among: Some(held_out.iter().cloned().collect()), ..Choice::default() };
        let lists = trainer.recommend_all(&users, K, &among).await.expect("recommends");
        let recall = |(list, has): (&Vec<Recommendation>, &BTreeSet<String>)| {
            let hits = list.iter().filter(|found| has.contains(&found.item)).count();
            hits as f64 / has.len() as f64
        };
        let sum: f64 = lists.iter().zip(readers.values()).map(recall).sum();
        let (ours, chance) = (sum / users.len() as f64, K as f64 / held_out.len() as f64);
        println!(
            "recall@{K} {ours:.3}, by chance {chance:.3}: {} of {} books held out, {} readers",
            held_out.len(),
            items,
            users.len()
        );
        assert!(ours >= 2.0 * chance, "recall@{K} {ours:.3}, by chance {chance:.3}");
    });
}
