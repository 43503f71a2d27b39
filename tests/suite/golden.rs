//! Runs the golden cases on both backends.

use twotower::executor::BackendRequest;
use twotower::plan::Variant;
use twotower::verify::golden;

const CASES: &[&str] = &[
    "in_batch_sgd",
    "in_batch_logq_unit_adagrad",
    "in_batch_logq_adam_decay",
    "onebp_in_batch_unit",
    "cbns_filling",
    "cbns_small_bank",
    "cbns_unit_adagrad",
    "cbns_both_sides",
    "cbns_onebp",
    "onebp_cbns_both_sides",
    "onebp_uniform_adam",
    "uniform_adam",
    "mixed_logq",
    "bag_mlp_adam",
    "bag_only_mlp_cbns",
    "history_in_batch",
    "history_raw",
    "streaming_q",
    "evaluation",
    "staleness",
];

fn text(case: &str) -> String {
    let path = format!("{}/tests/golden/{case}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn check(request: BackendRequest) {
    for case in CASES {
        let report = pollster::block_on(golden::run(case, &text(case), request))
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        println!("{case}: {:.3} of the tolerance at {}", report.worst, report.worst_at);
        assert!(
            report.passed(),
            "{case}: {:.3} of the tolerance at {}",
            report.worst,
            report.worst_at
        );
    }
}

#[test]
fn every_number_lies_within_the_gate_on_the_cpu() {
    check(BackendRequest::CPU);
}

/// Uses the kernels' variant for GPUs. `cargo xtask golden` runs the cases again on a browser's
/// software adapter, which uses the other variant.
#[test]
fn every_number_lies_within_the_gate_on_webgpu() {
    check(BackendRequest::WEBGPU.with_variant(Some(Variant::Narrow)));
}

/// Negative control: every number is compared, so an error of 1% in any of them is a miss.
#[test]
fn a_number_that_is_one_percent_off_is_a_miss() {
    for (case, pointer) in [
        ("in_batch_sgd", "/loss/9"),
        ("in_batch_sgd", "/grad_step1/item/id/0/0"),
        ("in_batch_logq_unit_adagrad", "/final/user/id/4/2"),
        ("in_batch_logq_adam_decay", "/final/item/id/30/7"),
        ("uniform_adam", "/loss/3"),
        ("uniform_adam", "/grad_step1/item/id/30/7"),
        ("mixed_logq", "/final/item/id/30/7"),
        ("bag_mlp_adam", "/grad_step1/user/bag/0/0"),
        ("bag_mlp_adam", "/final/item/w1/1/0"),
        ("bag_only_mlp_cbns", "/final/user/b0/3"),
        ("history_in_batch", "/grad_step1/0/0"),
        ("history_raw", "/final/0/1"),
        ("streaming_q", "/gap/2"),
        ("streaming_q", "/probability/7"),
        ("evaluation", "/metrics/10/ndcg"),
        ("staleness", "/cases/0/stale_pairs_alpha2/3"),
    ] {
        let mut document: serde_json::Value = serde_json::from_str(&text(case)).expect("JSON");
        let number = document.pointer_mut(pointer).expect("the case has the number");
        let before = number.as_f64().expect("a number");
        assert!(
            before.abs() > 1e-3,
            "{case}{pointer} is too small for an error of 1% to be a miss"
        );
        *number = (before * 1.01).into();
        let text = document.to_string();
        let report = pollster::block_on(golden::run(case, &text, BackendRequest::CPU));
        let report = report.expect("runs");
        assert!(!report.passed(), "{case}{pointer} was not missed");
    }
}
