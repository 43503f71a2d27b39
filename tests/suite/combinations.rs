//! Any combination of options is rejected by name, or trains: with the same results for the same
//! seed, with finite losses, and with the work of its plan.

use crate::support::{BACKENDS, camps, extent, options, train, trainer};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use twotower::executor::BackendRequest;
use twotower::plan::{BagExtent, Bags, Extent, Plan, Program, Work};
use twotower::trainer::EpochReport;
use twotower::{Config, Error, config};

const EPOCHS: usize = 4;

/// Returns options of a run, in which each technique is on or off independently.
fn any_options() -> impl Strategy<Value = Value> {
    let rule = (select(vec!["sgd", "adagrad", "adam"]), any::<bool>(), 1..20usize, 2..60usize);
    let kinds = select(vec!["in-batch", "uniform", "popularity", "mixed"]);
    let negatives = (kinds, 1..9usize, select(vec![json!(true), json!(false), json!("streaming")]));
    let warmup = select(vec![json!("auto"), json!(0), json!(7)]);
    let bank = (1..90usize, warmup, select(vec!["both", "items"]));
    let policy = select(vec!["stale", "popularity", "cap", "random"]);
    let skip = (
        policy,
        0.1..0.6f64,
        select(vec!["both", "item"]),
        1..3usize,
        0..3usize,
        0.0..0.5f64,
        0.3..1.0f64,
    );
    let onebp = prop::option::of(0.0..1.0f64);
    let history = (select(vec!["shared", "separate"]), 0.0..1.0f64, 1..20usize);
    let layers = || prop::collection::vec(1..20usize, 0..3);
    let towers = (any::<bool>(), prop::option::of(history), layers(), layers(), 1..20usize);
    let techniques = (onebp, prop::option::of(bank), prop::option::of(skip));
    (rule, negatives, techniques, prop::option::of(towers), any::<u32>()).prop_map(
        |((optimizer, normalize, dim, batch), (kind, count, log_q), techniques, towers, seed)| {
            let (onebp, bank, skip) = techniques;
            // Scores have no bound if outputs are not scaled to length 1: with large steps,
            // training diverges as expected.
            let rate = if normalize { 0.01 } else { 0.001 };
            let mut all = json!({
                "epochs": EPOCHS, "dim": dim, "batchSize": batch, "normalize": normalize,
                "seed": seed, "optimizer.kind": optimizer, "optimizer.learningRate": rate,
                "negatives.kind": kind, "negatives.count": count, "negatives.logQ": log_q,
            });
            if let Some(beta) = onebp {
                all["onebp.beta"] = beta.into();
            }
            if let Some((capacity, warmup, sides)) = bank {
                all["cbns.capacity"] = capacity.into();
                all["cbns.warmup"] = warmup;
                all["cbns.sides"] = sides.into();
            }
            if let Some((policy, share, rows, start, recheck, keep, until)) = skip {
                all["skip.policy"] = policy.into();
                all["skip.share"] = share.into();
                all["skip.rows"] = rows.into();
                all["skip.start"] = start.into();
                all["skip.recheck"] = recheck.into();
                all["skip.keep"] = keep.into();
                all["skip.until"] = until.into();
            }
            if let Some((id, history, user, item, out)) = towers {
                all["towers.user.id"] = id.into();
                if let Some((table, power, cap)) = history {
                    all["towers.user.history.table"] = table.into();
                    all["towers.user.history.power"] = power.into();
                    all["towers.user.history.cap"] = cap.into();
                }
                all["towers.user.layers"] = user.into();
                all["towers.item.layers"] = item.into();
                all["towers.item.out"] = out.into();
                // With OneBP, a separate output width for users is not allowed.
                if onebp.is_none() {
                    all["towers.user.out"] = out.into();
                }
            }
            all
        },
    )
}

/// Resolves options, or returns the error of a combination that is not allowed.
fn resolve(options: &Value) -> Result<Config, Error> {
    let mut nested = json!({});
    for (key, value) in options.as_object().expect("an object") {
        config::set(&mut nested, key, value.clone());
    }
    Config::resolve(&nested)
}

/// Returns the minimum and the maximum work of an epoch: with an empty bank and no decision about
/// skipping, and with a full bank and a decision.
fn bounds(plan: &Plan, epoch: &EpochReport) -> [Work; 2] {
    let batch = plan.dims.batch;
    let windows = epoch.steps.div_ceil(plan.dims.window);
    let at_edges = [Program::OpenWindow, Program::SumLosses, Program::CloseWindow];
    let decision = [Program::SkipSnapshot, Program::SkipCompare, Program::SkipCompact];
    [(0, false), (plan.dims.bank, true)].map(|(live, decides)| {
        let rows = |step: usize| batch.min(epoch.pairs - step * batch);
        let steps = (0..epoch.steps).map(|step| plan.step_work(rows(step), live));
        let edges = (0..windows).flat_map(|_| at_edges).map(|program| plan.work(program));
        let decided = decision.map(|program| plan.work(program)).into_iter();
        // A decision that keeps no pairs is undone by another one.
        let again = std::iter::once(plan.work(Program::SkipCompact));
        let extra: Work = if decides { decided.chain(again).sum() } else { Work::default() };
        steps.sum::<Work>() + edges.sum() + extra
    })
}

fn check(options: &Value, choice: BackendRequest) -> Result<(), TestCaseError> {
    let resolved = match resolve(options) {
        Ok(resolved) => resolved,
        Err(Error::Config { key, problem, allowed }) => {
            prop_assert!(
                !key.is_empty() && !problem.is_empty() && !allowed.is_empty(),
                "a refusal names the option, what is wrong and what is allowed"
            );
            return Ok(());
        }
        Err(other) => return Err(TestCaseError::fail(format!("refused as {other}"))),
    };
    let run = || train(&mut trainer(options, choice));
    let (losses, epochs) = run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(losses.iter().all(|loss| loss.is_finite()), "{losses:?}");

    let (again, _) = run().expect("it trained before");
    let bits = |losses: &[f32]| losses.iter().map(|loss| loss.to_bits()).collect::<Vec<_>>();
    prop_assert_eq!(bits(&losses), bits(&again), "the same seed gives the same bits");

    let dataset = camps(&resolved);
    let pairs = dataset.train.len();
    // Each user's pairs up to the cap.
    let history = resolved.towers.user.history.as_ref().map(|history| {
        let rows = dataset.train.rows(dataset.n_users).capped(history.cap, |_, _| 0);
        BagExtent::of(&rows, dataset.n_items)
    });
    let plan = Plan::new(
        &resolved,
        &Extent {
            hidden: pairs,
            evaluated: dataset.n_users,
            bags: Bags { history: history.unwrap_or_default(), ..Bags::default() },
            ..extent(dataset.n_users, dataset.n_items, pairs)
        },
    );
    prop_assert_eq!(epochs.len(), EPOCHS);
    prop_assert_eq!(losses.len(), epochs.iter().map(|epoch| epoch.steps).sum::<usize>());
    for epoch in &epochs {
        prop_assert_eq!(epoch.steps, epoch.pairs.div_ceil(resolved.batch_size));
        prop_assert_eq!(epoch.pairs + epoch.skip.map_or(0, |skip| skip.skipped), pairs);
        let [least, most] = bounds(&plan, epoch);
        let within = |of: fn(&Work) -> u64| (of(&least)..=of(&most)).contains(&of(&epoch.work));
        prop_assert!(
            within(|work| work.dispatches)
                && within(|work| work.bytes_moved)
                && within(|work| work.multiply_adds),
            "{:?} is not within {least:?} and {most:?}",
            epoch.work
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_combination_is_refused_by_name_or_trains_on_the_cpu(options in any_options()) {
        check(&options, BackendRequest::CPU)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_combination_is_refused_by_name_or_trains_on_webgpu(options in any_options()) {
        check(&options, BackendRequest::WEBGPU)?;
    }
}

/// The step in `docs/performance.md` has 0.40 GFLOP of products: three products of 1024 × 1024 ×
/// 64.
#[test]
fn work_is_what_the_products_come_to() {
    let plan = |more: &Value| {
        let mut all = json!({ "batchSize": 1024, "dim": 64 });
        for (key, value) in more.as_object().expect("an object") {
            all[key] = value.clone();
        }
        let extent = extent(6040, 3706, 800_193);
        Plan::new(&resolve(&all).expect("valid"), &extent)
    };
    let product = 1024 * 1024 * 64;
    let step = |plan: &Plan, bank| plan.step_work(1024, bank).multiply_adds / (product / 100);
    assert_eq!(step(&plan(&json!({})), 0), 301, "scores and both gradients, in hundredths");
    assert_eq!(step(&plan(&json!({ "onebp.beta": 0.9 })), 0), 200, "no user gradient");
    let bank = |sides: &str| plan(&json!({ "cbns.capacity": 2048, "cbns.sides": sides }));
    assert_eq!(step(&bank("items"), 0), 301, "an empty bank costs no product");
    assert_eq!(step(&bank("items"), 2048), 701, "banked items: scores and the users' gradient");
    assert_eq!(step(&bank("both"), 2048), 1101, "banked users: weights and the items' gradient");
    let half = plan(&json!({})).step_work(512, 0);
    assert_eq!(half.multiply_adds * 2, plan(&json!({})).step_work(1024, 0).multiply_adds);
}

/// Both backends report the same work, computed from the options.
#[test]
fn both_backends_count_the_same_work() {
    let more = json!({
        "negatives.kind": "mixed", "cbns.capacity": 24, "cbns.warmup": 3, "skip.policy": "random",
    });
    let [cpu, gpu] = BACKENDS.map(|choice| {
        let (_, epochs) = train(&mut trainer(&more, choice)).expect("trains");
        epochs.into_iter().map(|epoch| epoch.work).collect::<Vec<_>>()
    });
    assert_eq!(cpu, gpu);
    assert_eq!(options(&more).epochs, cpu.len());
}
