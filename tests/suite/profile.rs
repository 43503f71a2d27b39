//! Profiling a run does not change its results.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::{BACKENDS, train, trainer};
use serde_json::{Value, json};
use twotower::Error;
use twotower::executor::BackendRequest;
use twotower::model::{Node, Once, Profile, TRAINING};
use twotower::plan::{Buffer, BufferKind, Op, Plan};
use twotower::trainer::{EpochReport, Progress, Trainer};

/// Profiles a single step, or all remaining steps of the epoch.
fn profile(trainer: &mut Trainer, budget: Duration) -> Result<Profile, Error> {
    pollster::block_on(trainer.profile(budget))
}

const ONE_STEP: Duration = Duration::ZERO;
const THE_EPOCH: Duration = Duration::MAX;

fn advance(trainer: &mut Trainer) -> Progress {
    pollster::block_on(trainer.advance(Duration::from_micros(20))).expect("trains")
}

/// Returns a run's results without its times.
fn outcome((losses, epochs): (Vec<f32>, Vec<EpochReport>)) -> (Vec<u32>, Value) {
    let epochs = epochs.into_iter().map(|epoch| EpochReport { seconds: 0.0, ..epoch });
    let epochs = json!(epochs.collect::<Vec<_>>());
    (losses.into_iter().map(f32::to_bits).collect(), epochs)
}

/// A graph in words: its operations as `shaders → buffers written`, and its edges as
/// `operation → buffer → operation`, numbered in their order.
struct Description {
    operations: Vec<String>,
    edges: BTreeSet<(usize, String, usize)>,
}

impl Description {
    /// Describes the graph of a config's run, which must equal its plan.
    fn of(more: &Value) -> Self {
        let trainer = trainer(more, BackendRequest::CPU);
        let planned = Self::planned(trainer.plan());
        let graph = trainer.graph();
        let name = |buffer: &usize| graph.buffers[*buffer].0.to_owned();
        let describe = |node: &Node| {
            let shaders: Vec<&str> = node.shaders.iter().map(|(stem, _)| *stem).collect();
            line(&shaders, node.writes.iter().map(name).collect())
        };
        let operations: Vec<String> = graph.operations.iter().map(describe).collect();
        let edges = graph.edges.iter().map(|[from, to, buffer]| (*from, name(buffer), *to));
        let edges: BTreeSet<_> = edges.collect();
        assert_eq!(operations, planned.operations, "{more}");
        assert_eq!(edges, planned.edges, "{more}");
        let in_step = graph.operations.iter().filter(|node| node.once == Once::Step);
        let work: f64 = in_step.map(|node| node.multiply_adds).sum();
        assert_eq!(work as u64, trainer.about().step_work.multiply_adds, "{more}");
        Self { operations, edges }
    }

    /// Describes the operations of a plan, and the edges by their definition: for each operation and
    /// buffer, the last operation before it that writes the buffer.
    fn planned(plan: &Plan) -> Self {
        let spec = |buffer: Buffer| {
            let mut all = plan.buffers.iter().enumerate();
            let found = all.find(|(number, _)| plan.buffer(*number) == buffer);
            found.expect("a buffer of the plan").1
        };
        let uses = |op: &Op| {
            let mut uses = BTreeMap::<String, bool>::new();
            for dispatch in op.dispatches() {
                for (access, buffer) in dispatch.buffers() {
                    let is_data = spec(buffer).kind == BufferKind::Data;
                    if is_data && !access.is_uniform() {
                        *uses.entry(spec(buffer).name.clone()).or_default() |= access.writes();
                    }
                }
            }
            uses
        };
        let ops: Vec<&Op> =
            TRAINING.iter().flat_map(|(program, _)| plan.program(*program)).collect();
        let used: Vec<BTreeMap<String, bool>> = ops.iter().map(|op| uses(op)).collect();
        let describe = |(op, uses): (&&Op, &BTreeMap<String, bool>)| {
            let dispatches = op.dispatches();
            let shaders: Vec<&str> = dispatches.iter().map(|one| one.shader.stem).collect();
            let written = uses.iter().filter(|(_, writes)| **writes).map(|(name, _)| name.clone());
            line(&shaders, written.collect())
        };
        let mut edges = BTreeSet::new();
        for (to, uses) in used.iter().enumerate() {
            for name in uses.keys() {
                let from = (0..to).rev().find(|&from| used[from].get(name) == Some(&true));
                edges.extend(from.map(|from| (from, name.clone(), to)));
            }
        }
        Self { operations: ops.iter().zip(&used).map(describe).collect(), edges }
    }

    /// Returns whether an operation is in the graph, by the start of its line.
    fn has(&self, operation: &str) -> bool {
        self.operations.iter().any(|line| line.starts_with(operation))
    }

    /// Returns whether a buffer goes from one operation to another one.
    fn passes(&self, from: &str, buffer: &str, to: &str) -> bool {
        self.edges.iter().any(|(one, name, other)| {
            name == buffer
                && self.operations[*one].starts_with(from)
                && self.operations[*other].starts_with(to)
        })
    }
}

/// Returns a line of a description, with each shader once: those of a chunk come again for the next
/// one.
fn line(shaders: &[&str], mut writes: Vec<String>) -> String {
    writes.sort();
    let mut known = BTreeSet::new();
    let shaders: Vec<&str> = shaders.iter().copied().filter(|stem| known.insert(*stem)).collect();
    format!("{} → {}", shaders.join(" "), writes.join(" "))
}

#[test]
fn the_graph_of_a_step_is_its_plan() {
    let plain = Description::of(&json!({}));
    assert!(plain.passes("draw_batches", "user_ids", "sort_ids"), "{:#?}", plain.operations);
    assert!(plain.passes("gather_rows", "candidate_outputs", "softmax_loss"));
    assert!(plain.passes("softmax_loss", "d_user", "update_rows"));
    assert!(plain.passes("softmax_loss", "d_item", "update_rows"));

    let onebp = Description::of(&json!({ "onebp": {} }));
    assert!(!onebp.edges.iter().any(|(_, buffer, _)| buffer == "d_user"), "{:#?}", onebp.edges);
    assert!(onebp.passes("gather_rows", "candidate_outputs", "aggregate_users"));

    let cbns = Description::of(&json!({ "cbns.capacity": 40 }));
    assert!(cbns.has("softmax_loss_logits bank_logits") && cbns.has("item_drift"));
    assert!(cbns.passes("softmax_loss", "row_lse", "enqueue") && !plain.has("enqueue"));

    let skipping = Description::of(&json!({ "skip.start": 1 }));
    assert!(skipping.passes("compact_pairs", "kept_pairs", "draw_batches"));

    let towers = json!({ "user": { "layers": [8], "out": 8 }, "item": { "layers": [8], "out": 8, "features": ["parity"] } });
    let towers = Description::of(&json!({ "towers": towers }));
    assert!(
        towers.has("gather_bags") && towers.has("update_dense_adam"),
        "{:#?}",
        towers.operations
    );

    let histories = Description::of(&json!({ "towers.user": { "id": false, "history": {} } }));
    assert!(histories.has("sort_uses"), "{:#?}", histories.operations);

    let drawn = Description::of(&json!({ "negatives": { "kind": "uniform" } }));
    assert!(drawn.passes("draw_negatives", "item_ids", "sampled_"));

    let mixed = Description::of(&json!({ "negatives": { "kind": "mixed", "count": 8 } }));
    assert!(mixed.passes("draw_negatives", "item_ids", "softmax_loss"));

    let streaming = Description::of(&json!({ "negatives.logQ": "streaming" }));
    assert!(streaming.passes("estimate_gaps", "log_q", "softmax_loss"));

    let sgd = Description::of(&json!({ "optimizer.kind": "sgd" }));
    assert_eq!(sgd.operations.len(), plain.operations.len());
    assert_ne!(sgd.operations, plain.operations);
}

#[test]
fn a_profile_takes_the_next_steps_to_the_same_bits() {
    for choice in BACKENDS {
        for more in [
            // Profiles begin and end within windows and epochs and at their ends, and cross them.
            json!({ "batchSize": 16, "split.validation": 0.2 }),
            json!({ "batchSize": 4, "onebp": {}, "cbns.capacity": 40, "skip.start": 1 }),
            // An epoch of a single step: each profile ends an epoch.
            json!({ "batchSize": 512, "epochs": 3 }),
        ] {
            let unbroken = train(&mut trainer(&more, choice)).expect("trains");

            let mut timed = trainer(&more, choice);
            let (mut losses, mut epochs) = (Vec::new(), Vec::new());
            let mut profiles = 0;
            for n in 0.. {
                let budget = if n % 7 == 6 { THE_EPOCH } else { ONE_STEP };
                profiles += usize::from(profile(&mut timed, budget).is_ok());
                let slice = advance(&mut timed);
                losses.extend(slice.losses);
                epochs.extend(slice.epoch_report);
                if slice.done {
                    break;
                }
            }
            assert!(profiles >= 3, "{profiles} profiles of {more} on {choice:?}");
            assert_eq!(outcome((losses, epochs)), outcome(unbroken), "{more} on {choice:?}");
        }
    }
}

#[test]
fn a_profile_has_the_time_and_the_work_of_all_operations() {
    for choice in BACKENDS {
        let mut trainer = trainer(&json!({ "batchSize": 16, "cbns.capacity": 40 }), choice);
        let Profile { steps, operations } = profile(&mut trainer, THE_EPOCH).expect("a profile");
        assert_eq!(steps, advance(&mut trainer).losses.len(), "{choice:?}");
        assert!(steps > 15, "{steps} steps on {choice:?}");
        for op in &operations {
            assert!(op.milliseconds.is_finite() && op.bytes > 0.0, "{op:?} on {choice:?}");
            let kernels: f64 = op.kernels.iter().map(|(_, milliseconds)| milliseconds).sum();
            let expected = if choice == BackendRequest::CPU { 0.0 } else { op.milliseconds };
            assert!((kernels - expected).abs() < 1e-9, "{op:?} on {choice:?}");
        }
        let named = |name: &str| {
            let mut found = operations.iter().filter(|op| op.operation.starts_with(name));
            found.next().unwrap_or_else(|| panic!("no {name} in {operations:?}"))
        };
        assert_eq!(named("softmax_loss →").once, Once::Step);
        assert_eq!(named("sort_ids").once, Once::Window);
        assert!(named("softmax_loss →").milliseconds > 0.0, "{operations:?} on {choice:?}");
    }
}

#[test]
fn a_run_that_is_over_has_no_profile_and_keeps_what_it_is() {
    for choice in BACKENDS {
        let mut trainer = trainer(&json!({ "epochs": 1 }), choice);
        train(&mut trainer).expect("trains");
        assert!(
            matches!(profile(&mut trainer, ONE_STEP), Err(Error::NotAvailable { .. })),
            "{choice:?}"
        );
        trainer.set_epochs(2).expect("it is extended");
        profile(&mut trainer, ONE_STEP).expect("a profile of the continued run");
    }
}

#[test]
fn a_run_that_is_tuned_tells_of_its_trial() {
    let more = json!({ "tune": { "temperature": [0.1, 0.2] }, "epochs": 2, "batchSize": 16 });
    let unbroken = train(&mut trainer(&more, BackendRequest::CPU)).expect("trains");
    let mut timed = trainer(&more, BackendRequest::CPU);
    assert!(profile(&mut timed, THE_EPOCH).expect("a profile").steps > 15);
    assert_eq!(outcome(train(&mut timed).expect("trains")), outcome(unbroken));
}

#[test]
fn a_run_that_is_saved_behind_a_profile_goes_on() {
    for budget in [ONE_STEP, THE_EPOCH] {
        let fresh = || trainer(&json!({ "batchSize": 16, "epochs": 3 }), BackendRequest::CPU);
        let (losses, epochs) = train(&mut fresh()).expect("trains");
        let mut run = fresh();
        let timed = profile(&mut run, budget).expect("a profile").steps;
        let file = pollster::block_on(run.save()).expect("saves");
        let mut loaded =
            pollster::block_on(Trainer::load(&file, BackendRequest::CPU)).expect("loads");
        let had = json!(loaded.report())["epochs"].as_array().map_or(0, Vec::len);
        let (rest, later) = train(&mut loaded).expect("trains");
        assert_eq!(had + later.len(), epochs.len(), "{budget:?}");
        let told = if had == 0 { 0 } else { timed };
        assert_eq!(
            outcome((rest, later)),
            outcome((losses[told..].to_vec(), epochs[had..].to_vec()))
        );
    }
}
