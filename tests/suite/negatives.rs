//! Negatives as the CPU executor draws them; `kernels.rs` compares the GPU's bits with them.

use std::collections::BTreeSet;

use crate::support::extent;
use serde_json::{Value, json};
use twotower::Config;
use twotower::executor::cpu::Executor;
use twotower::plan::{Counters, NO_ID, Plan, Pool, Program};
use twotower::{negatives, random};

const USERS: usize = 6;
const ITEMS: usize = 40;

/// Returns the items that a user has: from none to all.
fn had(user: usize) -> Vec<u32> {
    (0..ITEMS as u32)
        .filter(|&item| match user {
            0 => false,
            1 => true,
            _ => random::hash(1, user as u32, item) % 5 < user as u32 - 1,
        })
        .collect()
}

fn count(item: usize) -> u32 {
    1 + (item * item) as u32
}

/// A row of a step.
#[derive(Debug, PartialEq)]
struct Row {
    user: u32,
    positive: u32,
    negatives: Vec<u32>,
}

/// Returns the rows of a window of batches that begins after `steps` steps.
fn draw(options: &Value, steps: u32) -> Vec<Row> {
    let config = Config::resolve(options).expect("valid options");
    let pairs: Vec<[u32; 2]> =
        (0..5000).map(|n| [n % USERS as u32, random::hash(2, 3, n) % ITEMS as u32]).collect();
    let extent = extent(USERS, ITEMS, pairs.len());
    let plan = Plan::new(&config, &extent);
    let mut executor = Executor::new(&plan).expect("there is memory");
    executor.write(plan.handles.pairs, 0, &pairs);
    let clock = Counters { steps, pairs: pairs.len() as u32, ..Counters::default() };
    executor.write(plan.handles.counters, 0, &[clock]);
    match plan.handles.pool {
        Some(Pool::Uniform { offsets, items }) => {
            let mut end = 0;
            for user in 0..USERS {
                executor.write(items, end, &had(user));
                end += had(user).len();
                executor.write(offsets, user + 1, &[end as u32]);
            }
        }
        Some(Pool::Popularity { cumulative }) => {
            let counts: Vec<u32> = (0..ITEMS).map(count).collect();
            let table = negatives::cumulative(&counts, config.negatives.alpha);
            executor.write(cumulative, 0, &table);
        }
        Some(Pool::Mixed) | None => {}
    }
    executor.run(&plan, Program::OpenWindow, 0);
    let (dims, pool) = (plan.dims, plan.handles.pool);
    let ids: Vec<u32> = executor.read(plan.handles.item_ids, 0..dims.window * dims.candidates);
    let per_row = dims.per_row();
    let steps = ids.chunks_exact(dims.candidates).enumerate();
    let rows = steps.flat_map(|(slot, ids)| {
        let (positives, negatives) = ids.split_at(dims.batch);
        let of_row = move |row: usize| match pool {
            Some(Pool::Mixed) => negatives.to_vec(),
            _ => negatives[row * per_row..][..per_row].to_vec(),
        };
        positives.iter().enumerate().map(move |(row, &positive)| (slot, row, positive, of_row(row)))
    });
    // Users are not read back: their order follows from the positives' pairs.
    let key = random::hash(config.seed, random::stream::ORDER, 0);
    rows.map(|(slot, row, positive, negatives)| {
        let n = slot * dims.batch + row;
        let user = match positive {
            NO_ID => NO_ID,
            _ => pairs[random::permute(n as u32, pairs.len() as u32, key) as usize][0],
        };
        Row { user, positive, negatives }
    })
    .collect()
}

fn options(kind: &str, count: usize) -> Value {
    json!({ "batchSize": 64, "negatives": { "kind": kind, "count": count, "alpha": 0.6 } })
}

/// Returns χ² of counts against expected counts, per degree of freedom; 1 is expected for random
/// draws.
fn chi_square(drawn: &[f64], expected: &[f64]) -> f64 {
    let terms = drawn.iter().zip(expected).filter(|(_, e)| **e > 0.0);
    let terms: Vec<f64> = terms.map(|(d, e)| (d - e) * (d - e) / e).collect();
    terms.iter().sum::<f64>() / (terms.len() - 1) as f64
}

fn tally<'a>(negatives: impl IntoIterator<Item = &'a u32>) -> Vec<f64> {
    let mut drawn = vec![0.0; ITEMS];
    for &item in negatives {
        drawn[item as usize] += 1.0;
    }
    drawn
}

#[test]
fn uniform_negatives_are_all_alike_outside_what_the_user_has() {
    let rows = draw(&options("uniform", 20), 0);
    for user in 0..USERS as u32 {
        let had: BTreeSet<u32> = had(user as usize).into_iter().collect();
        let of_user = rows.iter().filter(|row| row.user == user);
        let drawn = tally(of_user.flat_map(|row| &row.negatives));
        let is_possible = |item: usize| had.len() == ITEMS || !had.contains(&(item as u32));
        let possible = (0..ITEMS).filter(|&item| is_possible(item)).count();
        let total: f64 = drawn.iter().sum();
        let expected: Vec<f64> = (0..ITEMS)
            .map(|item| if is_possible(item) { total / possible as f64 } else { 0.0 })
            .collect();
        for item in (0..ITEMS).filter(|&item| !is_possible(item)) {
            assert_eq!(drawn[item], 0.0, "user {user} has item {item}");
        }
        let chi_square = chi_square(&drawn, &expected);
        assert!((0.4..1.9).contains(&chi_square), "user {user}: {chi_square} of {total} draws");
    }
}

#[test]
fn popular_negatives_follow_the_power_of_their_counts_and_are_never_the_positive() {
    let rows = draw(&options("popularity", 20), 0);
    let weights: Vec<f64> = (0..ITEMS).map(|item| f64::from(count(item)).powf(0.6)).collect();
    let total: f64 = weights.iter().sum();
    let mut expected = vec![0.0; ITEMS];
    let present: Vec<&Row> = rows.iter().filter(|row| row.positive != NO_ID).collect();
    for row in &present {
        assert!(!row.negatives.contains(&row.positive));
        let positive = row.positive as usize;
        for item in (0..ITEMS).filter(|&item| item != positive) {
            let share = weights[item] / (total - weights[positive]);
            expected[item] += row.negatives.len() as f64 * share;
        }
    }
    let drawn = tally(present.into_iter().flat_map(|row| &row.negatives));
    let chi_square = chi_square(&drawn, &expected);
    assert!((0.4..1.9).contains(&chi_square), "{chi_square}");
}

#[test]
fn shared_negatives_are_all_alike() {
    let rows = draw(&options("mixed", 200), 0);
    // All rows of a batch have the same negatives, so one row is enough.
    let shared: Vec<&Row> = rows.iter().step_by(64).filter(|row| row.positive != NO_ID).collect();
    let drawn = tally(shared.iter().flat_map(|row| &row.negatives));
    let total: f64 = drawn.iter().sum();
    let chi_square = chi_square(&drawn, &[total / ITEMS as f64; ITEMS]);
    assert!((0.4..1.9).contains(&chi_square), "{chi_square} of {total} draws");
}

#[test]
fn a_row_that_the_last_batch_lacks_has_no_negatives() {
    for kind in ["uniform", "popularity"] {
        let rows = draw(&json!({ "batchSize": 2048, "negatives": { "kind": kind } }), 0);
        assert_eq!(rows.iter().filter(|row| row.positive != NO_ID).count(), 5000);
        for row in rows {
            let is_absent = row.positive == NO_ID;
            assert!(row.negatives.iter().all(|&item| (item == NO_ID) == is_absent), "{row:?}");
        }
    }
}

#[test]
fn draws_belong_to_the_step_and_the_seed() {
    let seeded = |seed: u32| json!({ "batchSize": 64, "seed": seed, "negatives": { "kind": "mixed", "count": 64 } });
    let step = |rows: &[Row], slot: usize| rows[slot * 64].negatives.clone();
    let rows = draw(&seeded(1), 0);
    let distinct: BTreeSet<Vec<u32>> = (0..64).map(|slot| step(&rows, slot)).collect();
    assert_eq!(distinct.len(), 64, "every step draws anew");
    let later = draw(&seeded(1), 5);
    assert_eq!(step(&rows, 7), step(&later, 2), "the same step, wherever its window begins");
    assert_ne!(step(&rows, 7), step(&draw(&seeded(2), 0), 7));
}
