//! Cost of techniques and of large tables, compared to the reference step, on both backends.

use super::goal::Goal;
use super::race::{self, BATCH, Contestant, Entry, ITEMS, Race, USERS};
use crate::browser::Browser;
use crate::report::timing::Timing;
use crate::run;
use crate::run::Backend;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::{self, Display, Formatter};
use twotower::Config;
use twotower::plan::{Plan, Program};
use twotower::verify::stopwatch;
use xtask::markdown::{Table, number};
use xtask::pages;

/// Measured figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct Techniques {
    backends: Vec<OnBackend>,
    steps: Vec<StepWork>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OnBackend {
    backend: String,
    /// Milliseconds of the reference step.
    reference: Timing,
    /// Time as a multiple of the reference step's.
    onebp: Timing,
    large_tables: Timing,
    /// Milliseconds that the bank adds, milliseconds of its added products alone, and the ratio of
    /// both.
    bank: Timing,
    bank_products: Timing,
    bank_ratio: Timing,
    /// Share of the pairs that epochs with skipping train, and their time as a share of a full
    /// epoch's.
    kept: f64,
    skipping: Timing,
}

/// Work of a step, counted from its plan.
#[derive(Debug, Serialize, Deserialize)]
struct StepWork {
    name: String,
    dispatches: u64,
    multiply_adds: u64,
    bytes: u64,
}

/// Batches in the bank.
const BANKED: usize = 8;

/// Factor by which the large tables have more rows.
const LARGER: usize = 100;

/// Epochs of the comparison with skipping; the third is the first that skips pairs.
const EPOCHS: usize = 5;

fn options(technique: &str) -> Value {
    let mut options = json!({ "batchSize": BATCH });
    match technique {
        ONEBP => options["onebp"] = json!({}),
        BANK | PRODUCTS => {
            options["cbns"] = json!({ "capacity": BANKED * BATCH, "warmup": 0, "sides": "items" });
        }
        _ => {}
    }
    options
}

const REFERENCE: &str = "reference step";
const ONEBP: &str = "OneBP";
const BANK: &str = "bank of 8 batches";
const PRODUCTS: &str = "products of the bank";
const LARGE: &str = "tables 100× larger";

pub fn measure() -> Result<Techniques> {
    // All steps first, then all epochs, which need another build of the crate.
    let mut raced = Vec::new();
    for backend in [Backend::Cpu, Backend::Webgpu] {
        raced.push((backend, race(backend)?));
    }
    let mut backends = Vec::new();
    for (backend, entries) in raced {
        backends.push(OnBackend::of(backend, &entries, skipping(backend)?)?);
    }
    let steps = [REFERENCE, ONEBP, BANK].map(|technique| {
        let config = Config::resolve(&options(technique))?;
        let plan = Plan::new(&config, &stopwatch::extent(&config, USERS, ITEMS));
        let work = plan.step_work(BATCH, plan.dims.bank);
        Ok(StepWork {
            name: technique.into(),
            dispatches: plan.work(Program::Step).dispatches,
            multiply_adds: work.multiply_adds,
            bytes: work.bytes_moved,
        })
    });
    Ok(Techniques { backends, steps: steps.into_iter().collect::<Result<_>>()? })
}

fn race(backend: Backend) -> Result<Vec<Entry>> {
    eprintln!("→ steps of techniques on {}", backend.name());
    let mut contestants: Vec<Contestant> = [REFERENCE, ONEBP, BANK, PRODUCTS, LARGE]
        .map(|name| Contestant::ours(name, backend, options(name)))
        .to_vec();
    contestants[3].bank_products = true;
    contestants[4].users *= LARGER;
    contestants[4].items *= LARGER;
    // The bank is full when it is timed.
    let race = Race { warm_up: BANKED + race::WARM_UP, ..Race::of(contestants) };
    race.run()
}

impl OnBackend {
    fn of(backend: Backend, entries: &[Entry], (kept, skipping): (f64, Timing)) -> Result<Self> {
        let medians = |name: &str| race::find(entries, name)?.medians();
        let (reference, bank, products) = (medians(REFERENCE)?, medians(BANK)?, medians(PRODUCTS)?);
        let extra: Vec<f64> =
            bank.iter().zip(&reference).map(|(bank, reference)| bank - reference).collect();
        let ratios: Vec<f64> =
            extra.iter().zip(&products).map(|(extra, products)| extra / products).collect();
        let of = |values: &[f64]| Timing::of(values).context("a race without a round");
        Ok(Self {
            backend: backend.name().into(),
            reference: race::find(entries, REFERENCE)?.timing().context("no step was timed")?,
            onebp: race::ratio(entries, ONEBP, REFERENCE)?,
            large_tables: race::ratio(entries, LARGE, REFERENCE)?,
            bank: of(&extra)?,
            bank_products: of(&products)?,
            bank_ratio: of(&ratios)?,
            kept,
            skipping,
        })
    }
}

/// An epoch of a run, as the package reports it.
#[derive(Deserialize)]
struct Epoch {
    seconds: f64,
    pairs: f64,
}

/// Returns the share of pairs that an epoch with skipping trains, and its time as a share of a full
/// epoch's.
fn skipping(backend: Backend) -> Result<(f64, Timing)> {
    eprintln!("→ epochs with skipping on {}", backend.name());
    pages::build()?;
    let folder = run::dataset("goodbooks")?;
    let mut browser = Browser::new("epochs");
    browser.mount("/package/", pages::folder());
    browser.mount("/tables/", folder);
    let options = json!({ "batchSize": BATCH, "epochs": EPOCHS, "split": { "kind": "given" } });
    let mut skip = options.clone();
    skip["skip"] = json!({ "share": 0.3 });
    browser.request(json!({
        "source": { "train": "/tables/train.csv.gz", "test": "/tables/test.csv.gz" },
        "arms": [options, skip],
        "backend": backend.name(),
    }));
    let told = browser.run_one(|_, _| {})?;
    let [full, skipping]: [Vec<Epoch>; 2] = serde_json::from_value(told)?;
    let pairs = full.iter().zip(&skipping);
    let thinner: Vec<_> = pairs.filter(|(full, skipping)| skipping.pairs < full.pairs).collect();
    let median = |of: fn(&Epoch) -> f64| {
        let ratios: Vec<f64> = thinner.iter().map(|(full, skip)| of(skip) / of(full)).collect();
        Timing::of(&ratios).context("no epoch skipped a pair")
    };
    Ok((median(|epoch| epoch.pairs)?.median, median(|epoch| epoch.seconds)?))
}

impl Techniques {
    pub fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        for on in &self.backends {
            let what = |what: &str| format!("{what}, `{}`", on.backend);
            goals.extend([
                Goal::at_most(
                    what("OneBP against two backpropagations"),
                    0.7,
                    Some(on.onebp.median),
                ),
                Goal::at_most(
                    what("bank of 8 batches, extra time over its products' time"),
                    1.2,
                    Some(on.bank_ratio.median),
                ),
                Goal::at_most(
                    what("epoch with skipping, share of time less share of pairs"),
                    0.05,
                    Some(on.skipping.median - on.kept),
                ),
                Goal::at_most(
                    what("tables 100× larger, same batch"),
                    1.15,
                    Some(on.large_tables.median),
                ),
            ]);
        }
        let dispatches = self.steps.first().map(|step| step.dispatches as f64);
        goals.push(Goal::at_most("dispatches a step", 8.0, dispatches));
        goals
    }
}

impl Display for Techniques {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let head = [
            "",
            "ms a step",
            "OneBP",
            "tables 100× larger",
            "extra time of the bank, ms",
            "its products, ms",
            "skipping: time",
            "pairs",
        ];
        let rows = self.backends.iter().map(|on| {
            vec![
                format!("`{}`", on.backend),
                on.reference.to_string(),
                on.onebp.to_string(),
                on.large_tables.to_string(),
                on.bank.to_string(),
                on.bank_products.to_string(),
                on.skipping.to_string(),
                number(on.kept),
            ]
        });
        writeln!(out, "{}", Table::new(&head, rows))?;
        let head = [
            "work, from the plan",
            "dispatches a step",
            "million multiply-adds",
            "MB read and written",
        ];
        let rows = self.steps.iter().map(|step| {
            let millions = |count: u64| number(count as f64 / 1e6);
            let work = [millions(step.multiply_adds), millions(step.bytes)];
            [vec![step.name.clone(), step.dispatches.to_string()], work.to_vec()].concat()
        });
        writeln!(out, "{}", Table::new(&head, rows))?;
        writeln!(
            out,
            "A step moves no data between GPU and CPU: it creates and writes no buffer. The ring of losses (16 KB) \
             is requested once a submit and awaited after the next submit. `www/tests/traffic.test.js` asserts \
             this by counting the calls."
        )
    }
}
