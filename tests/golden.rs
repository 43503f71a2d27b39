//! The golden cases, on both backends.

use twotower::executor::BackendChoice;
use twotower::golden;

const CASES: [&str; 4] =
    ["in_batch_sgd", "in_batch_logq_unit_adagrad", "in_batch_logq_adam_decay", "evaluation"];

fn text(case: &str) -> String {
    let path = format!("{}/tests/golden/{case}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn check(choice: BackendChoice) {
    for case in CASES {
        let report = pollster::block_on(golden::run(case, &text(case), choice))
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        println!("{case}: {:.3} of the gate at {}", report.worst, report.worst_at);
        assert!(report.passed(), "{case}: {:.3} of the gate at {}", report.worst, report.worst_at);
    }
}

#[test]
fn every_number_lies_within_the_gate_on_the_cpu() {
    check(BackendChoice::Cpu);
}

#[test]
fn every_number_lies_within_the_gate_on_webgpu() {
    check(BackendChoice::WebGpu);
}
