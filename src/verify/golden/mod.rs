//! Golden cases: inputs and expected numbers, computed in float64 by automatic differentiation,
//! independently of this crate. Every number must be within the tolerance.

mod staleness;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{Config, OptimizerKind};
use crate::data::Csr;
use crate::error::{Error, Result};
use crate::executor::{BackendRequest, Executor};
use crate::metrics;
use crate::model::Model;
use crate::plan::{
    BagExtent, Bags, Counters, Extent, Parameter, Part, Plan, Program, TOP_K, Tower,
};

/// Tolerance: `|x − ref| ≤ 1e-5 + 2e-4·|ref|`.
const ABSOLUTE: f64 = 1e-5;
const RELATIVE: f64 = 2e-4;

/// Result of a case.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name of the case.
    pub name: String,
    /// Largest error divided by the tolerance; above 1 the case fails.
    pub worst: f64,
    /// Place of the largest error.
    pub worst_at: String,
    /// Number of compared numbers.
    pub numbers: usize,
}

impl Report {
    fn new(name: &str) -> Self {
        Self { name: name.into(), worst: 0.0, worst_at: String::new(), numbers: 0 }
    }

    /// Returns whether every number is within the tolerance.
    pub fn passed(&self) -> bool {
        self.numbers > 0 && self.worst <= 1.0
    }

    fn compare(&mut self, place: &str, ours: &[f32], reference: &[f64]) {
        if ours.len() != reference.len() {
            self.worst = f64::INFINITY;
            self.worst_at = format!("{place}: {} numbers for {}", ours.len(), reference.len());
            return;
        }
        for (n, (ours, reference)) in ours.iter().zip(reference).enumerate() {
            let gate = ABSOLUTE + RELATIVE * reference.abs();
            let share = (f64::from(*ours) - reference).abs() / gate;
            self.numbers += 1;
            // A NaN counts as the largest error.
            if share.is_nan() || share > self.worst {
                self.worst = if share.is_nan() { f64::INFINITY } else { share };
                self.worst_at = format!("{place}[{n}]: {ours} for {reference}");
            }
        }
    }
}

/// Runs the case in a file's text.
///
/// # Errors
/// [`Error::Data`] for a file in another format, [`Error::NotAvailable`] for an unknown kind of
/// case; errors of the backend.
pub async fn run(name: &str, text: &str, request: BackendRequest) -> Result<Report> {
    let no_case = |error: serde_json::Error| Error::Data {
        file: name.into(),
        problem: error.to_string(),
        lines: Vec::new(),
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(no_case)?;
    if value.get("metrics").is_some() {
        evaluation(name, &serde_json::from_value(value).map_err(no_case)?, request).await
    } else if value.get("initial_gap").is_some() {
        streaming(name, &serde_json::from_value(value).map_err(no_case)?, request).await
    } else if value.get("case").is_some() {
        let options = serde_json::from_value(value["case"].clone()).map_err(no_case)?;
        let case: Training = serde_json::from_value(value).map_err(no_case)?;
        training(name, &options, &case, request).await
    } else if value.get("history").is_some() {
        history(name, &serde_json::from_value(value).map_err(no_case)?, request).await
    } else if value.get("snapshot1").is_some() {
        staleness::run(name, &serde_json::from_value(value).map_err(no_case)?, request).await
    } else {
        Err(Error::NotAvailable { what: name.into() })
    }
}

type Matrix = Vec<Vec<f64>>;

/// Sizes and options of a training case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    users: usize,
    items: usize,
    dim: usize,
    batch: usize,
    steps: usize,
    temperature: f64,
    logq: bool,
    optimizer: String,
    lr: f64,
    #[serde(default)]
    l2: f64,
    #[serde(default)]
    onebp: bool,
    beta: Option<f64>,
    queue: Option<usize>,
    warmup: Option<u32>,
    sides: Option<String>,
    tower: TowerOptions,
    #[serde(default)]
    hidden: Vec<usize>,
    out: Option<usize>,
    #[serde(default)]
    user_features: usize,
    #[serde(default)]
    item_features: usize,
    #[serde(default)]
    negatives: usize,
    #[serde(default)]
    mixed: usize,
    #[serde(rename = "init")]
    _init: f64,
    #[serde(rename = "name")]
    _name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TowerOptions {
    id: bool,
    #[serde(default)]
    bag: bool,
    #[serde(rename = "layers", default)]
    _layers: usize,
    normalize: bool,
}

#[derive(Debug, Deserialize)]
struct Training {
    init: Tables,
    batches: Batches,
    log_q: Vec<f64>,
    loss: Vec<f64>,
    grad_step1: Tables,
    #[serde(rename = "final")]
    last: Tables,
    final_queue: Option<Queue>,
    user_features: Option<FeatureLists>,
    item_features: Option<FeatureLists>,
}

#[derive(Debug, Deserialize)]
struct FeatureLists {
    offsets: Vec<u32>,
    indices: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct Queue {
    cursor: f64,
    length: f64,
    item: Vec<f64>,
    embedding: Matrix,
}

#[derive(Debug, Deserialize)]
struct Tables {
    user: TowerTables,
    item: TowerTables,
}

/// Parameters by name: `id`, `bag`, `w0`, `b0`, and so on.
type TowerTables = BTreeMap<String, Numbers>;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Numbers {
    Matrix(Matrix),
    Row(Vec<f64>),
}

impl Tables {
    /// Returns the elements of a parameter (rows, width).
    fn of(&self, parameter: &Parameter) -> Result<Vec<f64>> {
        let tower = match parameter.tower {
            Tower::User => &self.user,
            Tower::Item => &self.item,
        };
        let name = match parameter.part {
            Part::Id => "id".into(),
            Part::Features => "bag".into(),
            Part::History => "history".into(),
            Part::Weights(layer) => format!("w{layer}"),
            Part::Bias(layer) => format!("b{layer}"),
        };
        match tower.get(&name) {
            Some(Numbers::Matrix(rows)) => Ok(flat(rows)),
            Some(Numbers::Row(row)) => Ok(row.clone()),
            None => Err(Error::Data {
                file: "the case".into(),
                problem: format!("it does not contain `{name}` of the {:?} tower", parameter.tower),
                lines: Vec::new(),
            }),
        }
    }
}

/// A case with one shared item table and users as sums of their items.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryCase {
    users: usize,
    items: usize,
    dim: usize,
    batch: usize,
    temperature: f64,
    power: f64,
    normalize: bool,
    lr: f64,
    optimizer: String,
    history: Vec<Vec<u32>>,
    log_q: Vec<f64>,
    init: Matrix,
    batches: HistoryBatches,
    loss: Vec<f64>,
    grad_step1: Matrix,
    #[serde(rename = "final")]
    last: Matrix,
}

#[derive(Debug, Deserialize)]
struct HistoryBatches {
    user: Vec<Vec<u32>>,
    item: Vec<Vec<u32>>,
}

#[derive(Debug, Deserialize)]
struct Batches {
    user: Vec<Vec<u32>>,
    item: Vec<Vec<u32>>,
    negatives: Vec<Vec<Vec<u32>>>,
    shared_negatives: Vec<Vec<u32>>,
}

#[derive(Debug, Deserialize)]
struct Streaming {
    items: usize,
    alpha: f64,
    initial_gap: f32,
    batches: Vec<Vec<u32>>,
    last_seen: Vec<f64>,
    gap: Vec<f64>,
    probability: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Evaluation {
    user_embedding: Matrix,
    item_embedding: Matrix,
    train: Vec<Vec<u32>>,
    test: Vec<Vec<u32>>,
    metrics: BTreeMap<String, Cut>,
}

#[derive(Debug, Deserialize)]
struct Cut {
    recall: f64,
    ndcg: f64,
    hit: f64,
    mrr: f64,
    coverage: f64,
}

fn flat(matrix: &Matrix) -> Vec<f64> {
    matrix.iter().flatten().copied().collect()
}

fn floats(matrix: &Matrix) -> Vec<f32> {
    matrix.iter().flatten().map(|&x| x as f32).collect()
}

/// Converts lists to compressed rows.
fn compressed(lists: &[Vec<u32>]) -> Csr {
    let mut rows = Csr { offsets: vec![0], items: Vec::new() };
    for list in lists {
        rows.items.extend(list);
        rows.offsets.push(rows.items.len() as u32);
    }
    rows
}

async fn training(
    name: &str,
    options: &Options,
    case: &Training,
    request: BackendRequest,
) -> Result<Report> {
    let config = config_of(options)?;
    let mut report = Report::new(name);
    let (mut model, pairs) = start(options, case, &plain_descent(&config), request).await?;
    if pairs != options.steps * options.batch {
        report.worst = f64::INFINITY;
        report.worst_at = format!("the batches have {pairs} pairs");
        return Ok(report);
    }
    compare_gradients(&mut report, &mut model, options, case).await?;

    let (mut model, _) = start(options, case, &config, request).await?;
    for _ in 0..options.steps {
        model.step();
    }
    let losses = model.losses_later().finish().await?;
    report.compare("loss", &losses[..options.steps], &case.loss);
    for parameter in model.plan().parameters.clone() {
        let place = format!("final.{:?}.{:?}", parameter.tower, parameter.part);
        report.compare(&place, &model.values(&parameter).await?, &case.last.of(&parameter)?);
    }
    if let Some(queue) = &case.final_queue {
        compare_bank(&mut report, &mut model, queue).await?;
    }
    Ok(report)
}

/// Returns the options of a case, in the words of the product.
fn config_of(options: &Options) -> Result<Config> {
    let onebp = options.onebp.then(|| serde_json::json!({ "beta": options.beta }));
    let cbns = options.queue.map(|capacity| {
        let sides = options.sides.as_deref().unwrap_or("items");
        serde_json::json!({ "capacity": capacity, "warmup": options.warmup, "sides": sides })
    });
    let (kind, count) = match (options.negatives, options.mixed) {
        (0, 0) => ("in-batch", 1),
        (0, shared) => ("mixed", shared),
        (per_row, _) => ("uniform", per_row),
    };
    // The columns of features have no names in cases.
    let features = if options.tower.bag { vec!["features"] } else { Vec::new() };
    let tower = serde_json::json!({
        "id": options.tower.id, "features": features, "layers": options.hidden, "out": options.out,
    });
    Config::resolve(&serde_json::json!({
        "towers": { "user": tower, "item": tower },
        "onebp": onebp,
        "cbns": cbns,
        "dim": options.dim,
        "batchSize": options.batch,
        "normalize": options.tower.normalize,
        "temperature": options.temperature,
        "negatives": { "kind": kind, "count": count, "logQ": options.logq },
        "optimizer": {
            "kind": options.optimizer, "learningRate": options.lr, "l2": options.l2,
        },
    }))
}

/// Compares the gradients of the first step: with plain descent, they are the parameters' moves.
async fn compare_gradients(
    report: &mut Report,
    model: &mut Model,
    options: &Options,
    case: &Training,
) -> Result<()> {
    model.step();
    for parameter in model.plan().parameters.clone() {
        if options.onebp && parameter.tower == Tower::User {
            // OneBP moves this parameter without a gradient.
            continue;
        }
        let moved = model.values(&parameter).await?;
        let before = case.init.of(&parameter)?.into_iter();
        let moves: Vec<f32> =
            before.zip(moved).map(|(before, after)| before as f32 - after).collect();
        let place = format!("grad_step1.{:?}.{:?}", parameter.tower, parameter.part);
        report.compare(&place, &moves, &case.grad_step1.of(&parameter)?);
    }
    Ok(())
}

/// Compares the bank after the last step.
async fn compare_bank(report: &mut Report, model: &mut Model, queue: &Queue) -> Result<()> {
    let counters = model.device_counters().await?;
    let (items, outputs) = model.bank().await?;
    let items: Vec<f32> = items.into_iter().map(|item| item as f32).collect();
    report.compare("final_queue.cursor", &[counters.cursor as f32], &[queue.cursor]);
    report.compare("final_queue.length", &[counters.filled as f32], &[queue.length]);
    report.compare("final_queue.item", &items, &queue.item);
    report.compare("final_queue.embedding", &outputs, &flat(&queue.embedding));
    Ok(())
}

/// Returns the options with plain descent at learning rate 1, which changes each row by its
/// gradient.
fn plain_descent(config: &Config) -> Config {
    let mut descent = config.clone();
    descent.optimizer.kind = OptimizerKind::Sgd;
    descent.optimizer.learning_rate = 1.0;
    descent.optimizer.l2 = 0.0;
    descent
}

/// Returns a model at the start of a case, and the number of pairs in all its batches.
async fn start(
    options: &Options,
    case: &Training,
    config: &Config,
    request: BackendRequest,
) -> Result<(Model, usize)> {
    let words = pair_words(&case.batches.user, &case.batches.item);
    let features = |lists: &Option<FeatureLists>| {
        let lists = lists.as_ref().filter(|_| options.tower.bag)?;
        Some(Csr { offsets: lists.offsets.clone(), items: lists.indices.clone() })
    };
    let user_features = features(&case.user_features);
    let item_features = features(&case.item_features);
    let extent_of = |features: &Option<Csr>, rows| {
        features.as_ref().map_or(BagExtent::default(), |lists| BagExtent::of(lists, rows))
    };
    let extent = Extent {
        users: options.users,
        items: options.items,
        pairs: words.len() / 2,
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: false,
        bags: Bags {
            user_features: extent_of(&user_features, options.user_features),
            item_features: extent_of(&item_features, options.item_features),
            history: BagExtent::default(),
        },
    };
    let (mut model, _) = Model::new(config, &extent, request).await?;
    let log_q: Vec<f32> = case.log_q.iter().map(|&x| x as f32).collect();
    model.load(&words, &log_q);
    let own = case.batches.negatives.iter().flatten().flatten();
    let negatives: Vec<u32> =
        own.chain(case.batches.shared_negatives.iter().flatten()).copied().collect();
    if !negatives.is_empty() {
        model.give_negatives(&negatives);
    }
    for (tower, features) in [(Tower::User, &user_features), (Tower::Item, &item_features)] {
        if let Some(features) = features {
            model.load_features(tower, features);
        }
    }
    let mut values = Vec::new();
    for parameter in &model.plan().parameters {
        values.push((parameter.table, case.init.of(parameter)?));
    }
    model.start_with(|parameter, row, w| {
        let of_this = values.iter().find(|(table, _)| *table == parameter.table);
        let (_, values) = of_this.expect("every parameter has values");
        let row = &values[row * parameter.width..][..parameter.width];
        w.iter_mut().zip(row).for_each(|(w, &value)| *w = value as f32);
    });
    Ok((model, words.len() / 2))
}

/// Returns the pairs of users and items, batch after batch.
fn pair_words(users: &[Vec<u32>], items: &[Vec<u32>]) -> Vec<u32> {
    let pairs = users.iter().flatten().zip(items.iter().flatten());
    pairs.flat_map(|(&user, &item)| [user, item]).collect()
}

async fn history(name: &str, case: &HistoryCase, request: BackendRequest) -> Result<Report> {
    let config = Config::resolve(&serde_json::json!({
        "dim": case.dim,
        "batchSize": case.batch,
        "normalize": case.normalize,
        "temperature": case.temperature,
        "towers": { "user": { "id": false, "history": { "power": case.power } } },
        "optimizer": { "kind": case.optimizer, "learningRate": case.lr },
    }))?;
    let words = pair_words(&case.batches.user, &case.batches.item);
    let histories = compressed(&case.history);
    let extent = Extent {
        users: case.users,
        items: case.items,
        pairs: words.len() / 2,
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: false,
        bags: Bags { history: BagExtent::of(&histories, case.items), ..Bags::default() },
    };
    let log_q: Vec<f32> = case.log_q.iter().map(|&x| x as f32).collect();
    let init = floats(&case.init);
    let mut report = Report::new(name);
    let steps = case.loss.len();
    for (config, steps) in [(plain_descent(&config), 1), (config, steps)] {
        let (mut model, _) = Model::new(&config, &extent, request).await?;
        model.load(&words, &log_q);
        model.load_history(histories.clone());
        model.start(&[], &init);
        for _ in 0..steps {
            model.step();
        }
        let last = model.table(Tower::Item).await?;
        if steps == 1 {
            let moves: Vec<f32> =
                init.iter().zip(last).map(|(before, after)| before - after).collect();
            report.compare("grad_step1", &moves, &flat(&case.grad_step1));
        } else {
            let losses = model.losses_later().finish().await?;
            report.compare("loss", &losses[..steps], &case.loss);
            report.compare("final", &last, &flat(&case.last));
        }
    }
    Ok(report)
}

/// Runs training steps and compares only the streaming estimate.
async fn streaming(name: &str, case: &Streaming, request: BackendRequest) -> Result<Report> {
    let batch = case.batches[0].len();
    let config = Config::resolve(&serde_json::json!({
        "dim": 1,
        "batchSize": batch,
        "negatives": { "logQ": "streaming", "gapRate": case.alpha },
    }))?;
    let pairs: Vec<[u32; 2]> = case.batches.iter().flatten().map(|&item| [0, item]).collect();
    let extent = Extent {
        users: 1,
        items: case.items,
        pairs: pairs.len(),
        hidden: 0,
        evaluated: 0,
        keeps_best: false,
        shuffled: false,
        bags: Bags::default(),
    };
    let plan = Plan::new(&config, &extent);
    assert!(case.batches.len() <= plan.dims.window, "the steps fit a window");
    let (mut executor, _) = Executor::choose(request, &plan).await?;
    let gaps = plan.handles.gaps.expect("the estimate is on");
    executor.write(plan.handles.pairs, 0, &pairs);
    executor.write(
        plan.handles.counters,
        0,
        &[Counters { pairs: pairs.len() as u32, ..Counters::default() }],
    );
    executor.write(gaps.gaps, 0, &vec![case.initial_gap; case.items]);
    executor.run(&plan, Program::OpenWindow, 0);
    for slot in 0..case.batches.len() {
        executor.run(&plan, Program::Step, slot);
    }
    let mut report = Report::new(name);
    let last_seen: Vec<u32> = executor.read(gaps.last_seen, 0..case.items).await?;
    let last_seen: Vec<f32> = last_seen.into_iter().map(|step| step as f32).collect();
    report.compare("last_seen", &last_seen, &case.last_seen);
    report.compare("gap", &executor.read(gaps.gaps, 0..case.items).await?, &case.gap);
    let log_q: Vec<f32> = executor.read(plan.handles.log_q, 0..case.items).await?;
    let probability: Vec<f32> = log_q.into_iter().map(f32::exp).collect();
    report.compare("probability", &probability, &case.probability);
    Ok(report)
}

async fn evaluation(name: &str, case: &Evaluation, request: BackendRequest) -> Result<Report> {
    let config = Config::resolve(&serde_json::json!({
        "dim": case.user_embedding[0].len(), "normalize": false,
    }))?;
    let Csr { offsets, items } = compressed(&case.train);
    let users: Vec<u32> = (0u32..)
        .zip(&case.test)
        .filter(|(_, test)| !test.is_empty())
        .map(|(user, _)| user)
        .collect();
    let extent = Extent {
        users: case.user_embedding.len(),
        items: case.item_embedding.len(),
        pairs: items.len(),
        hidden: items.len(),
        evaluated: users.len(),
        keeps_best: false,
        shuffled: false,
        bags: Bags::default(),
    };
    let (mut model, _) = Model::new(&config, &extent, request).await?;
    model.hide(&offsets, &items);
    model.start(&floats(&case.user_embedding), &floats(&case.item_embedding));
    let lists = model.top_items(&users).await?;
    let lists = lists.chunks_exact(TOP_K).zip(&users);
    let lists = lists.map(|(list, &user)| (list, case.test[user as usize].as_slice()));

    let mut report = Report::new(name);
    for (cut, reference) in &case.metrics {
        let k = cut.parse().map_err(|_| Error::Data {
            file: name.into(),
            problem: format!("the cut `{cut}` is not a number"),
            lines: Vec::new(),
        })?;
        let ours = metrics::at(k, lists.clone(), case.item_embedding.len());
        for (metric, ours, reference) in [
            ("recall", ours.recall, reference.recall),
            ("ndcg", ours.ndcg, reference.ndcg),
            ("hit", ours.hit, reference.hit),
            ("mrr", ours.mrr, reference.mrr),
            ("coverage", ours.coverage, reference.coverage),
        ] {
            report.compare(&format!("{metric}@{cut}"), &[ours as f32], &[reference]);
        }
    }
    Ok(report)
}
