//! Profiling a run does not change its results.

use std::time::Duration;

use crate::support::{BACKENDS, train, trainer};
use serde_json::{Value, json};
use twotower::Error;
use twotower::executor::BackendRequest;
use twotower::model::{Once, Profile};
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
        assert_eq!(named("softmax_loss").once, Once::Step);
        assert_eq!(named("sort_ids").once, Once::Window);
        assert!(named("softmax_loss").milliseconds > 0.0, "{operations:?} on {choice:?}");
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
