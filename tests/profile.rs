//! A run that tells where its time goes comes to what it would have come to.

mod camps;

use std::time::Duration;

use camps::{BACKENDS, train, trainer};
use serde_json::{Value, json};
use twotower::Error;
use twotower::executor::BackendChoice;
use twotower::model::{Once, Profile};
use twotower::trainer::{EpochReport, Progress, Trainer};

fn profile(trainer: &mut Trainer) -> Result<Profile, Error> {
    pollster::block_on(trainer.profile())
}

fn advance(trainer: &mut Trainer) -> Progress {
    pollster::block_on(trainer.advance(Duration::from_micros(20))).expect("trains")
}

/// What a run comes to, but how long it took.
fn outcome((losses, epochs): (Vec<f32>, Vec<EpochReport>)) -> (Vec<u32>, Value) {
    let epochs = epochs.into_iter().map(|epoch| EpochReport { seconds: 0.0, ..epoch });
    let epochs = json!(epochs.collect::<Vec<_>>());
    (losses.into_iter().map(f32::to_bits).collect(), epochs)
}

#[test]
fn a_profile_takes_the_next_steps_to_the_same_bits() {
    for choice in BACKENDS {
        for more in [
            // 20 steps an epoch: profiles end in its midst, and at its end.
            json!({ "batchSize": 16, "split.validation": 0.2 }),
            json!({ "batchSize": 16, "onebp": {}, "cbns.capacity": 40, "skip.start": 1 }),
            // An epoch of a single step: each profile ends one.
            json!({ "batchSize": 512, "epochs": 3 }),
        ] {
            let unbroken = train(&mut trainer(&more, choice)).expect("trains");

            let mut timed = trainer(&more, choice);
            let (mut losses, mut epochs) = (Vec::new(), Vec::new());
            let mut profiles = 0;
            loop {
                profiles += usize::from(profile(&mut timed).is_ok());
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
        let Profile { steps, operations } = profile(&mut trainer).expect("a profile");
        assert!(steps >= 8, "{steps} steps on {choice:?}");
        for op in &operations {
            assert!(op.milliseconds.is_finite() && op.bytes > 0.0, "{op:?} on {choice:?}");
            let kernels: f64 = op.kernels.iter().map(|(_, milliseconds)| milliseconds).sum();
            let expected = if choice == BackendChoice::Cpu { 0.0 } else { op.milliseconds };
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
        assert!(matches!(profile(&mut trainer), Err(Error::NotAvailable { .. })), "{choice:?}");
        trainer.set_epochs(2).expect("it is extended");
        profile(&mut trainer).expect("a profile of what goes on");
    }
}

#[test]
fn a_run_that_is_tuned_tells_of_its_trial() {
    let more = json!({ "tune": { "temperature": [0.1, 0.2] }, "epochs": 2, "batchSize": 16 });
    let unbroken = train(&mut trainer(&more, BackendChoice::Cpu)).expect("trains");
    let mut timed = trainer(&more, BackendChoice::Cpu);
    assert!(profile(&mut timed).expect("a profile").steps >= 8);
    assert_eq!(outcome(train(&mut timed).expect("trains")), outcome(unbroken));
}
