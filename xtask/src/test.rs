//! `cargo xtask test`: runs all tests and lints.

use crate::{cluster, docs, embeds, fuzz, lab};
use anyhow::Result;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;
use xtask::{root, setup, shell, size, wasm};

/// Counts of a stage.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn one(passes: bool) -> Self {
        Self { passed: passes.into(), failed: (!passes).into() }
    }

    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

type Stage = (&'static str, fn() -> Result<Tally>);

/// Stages that run one after the other.
type Lane = &'static [Stage];

/// Groups of lanes. The lanes of a group run at the same time, because compilers and linkers often
/// leave a core idle; they build in different folders. The browsers' tests run alone, because they
/// hover, wait and measure. Fast checks that often fail come first.
const GROUPS: [&[Lane]; 4] = [&[FORMAT], &[NATIVE, WEB], &[BROWSER], &[GOLDEN, HOSTS]];

const FORMAT: Lane = &[("format", || {
    passes(setup::cargo().args(["fmt", "--all", "--check", "--"]).args(listed()?))
})];

const NATIVE: Lane = &[
    ("lint, native", || {
        passes(
            setup::cargo()
                .args(["clippy", "--workspace", "--all-targets", "--all-features"])
                .args(DENY),
        )
    }),
    ("documentation", || {
        let mut doc = setup::cargo();
        passes(doc.args(["doc", "--no-deps", "--all-features"]).env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("tests, native", test_native),
];

const WEB: Lane = &[
    ("lint, wasm", lint_wasm),
    ("pages", || {
        size::within_budget()?;
        Ok(Tally::one(true))
    }),
    ("lint, pages", || {
        setup::npm_packages()?;
        passes(setup::npm().args(["run", "lint"]))
    }),
    ("site", || {
        docs::build()?;
        Ok(Tally::one(true))
    }),
    ("wasm for tests", || {
        wasm::build(wasm::Variant::Verify)?;
        Ok(Tally::one(true))
    }),
];

const BROWSER: Lane = &[("tests, browser", test_browser)];

const GOLDEN: Lane = &[("golden cases", golden_cases)];

const HOSTS: Lane = &[
    ("embeds", || {
        let (passed, failed) = embeds::check(&embeds::QUICK, None)?;
        Ok(Tally { passed, failed })
    }),
    ("cluster", || {
        cluster::test(true)?;
        Ok(Tally::one(true))
    }),
];

/// Returns the modules that the list of operations declares, which rustfmt does not find by itself.
fn listed() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["src/plan/operations", "src/executor/cpu"] {
        for file in std::fs::read_dir(root().join(folder))? {
            files.push(file?.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    Ok(files)
}

/// Seconds for each target of the fuzzing loop.
const FUZZ_SECONDS: &str = "10";

const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// Runs every stage, also after a failure, and prints a summary.
pub fn run() -> Result<ExitCode> {
    let mut sum = Tally::default();
    let mut summary = Vec::new();
    for group in GROUPS {
        let lanes = thread::scope(|scope| {
            let lanes: Vec<_> = group.iter().map(|lane| scope.spawn(|| run_lane(lane))).collect();
            lanes.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        for lane in lanes {
            for (tally, line) in lane.unwrap_or_else(|panic| resume_unwind(panic)) {
                sum.add(&tally);
                summary.push(line);
            }
        }
    }
    println!("\n{}\n{} passed, {} failed", summary.join("\n"), sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the stages of a lane. Returns the counts of each, and its line of the summary.
fn run_lane(lane: Lane) -> Vec<(Tally, String)> {
    let run = |&(name, stage): &Stage| {
        println!("\n== {name}");
        let start = Instant::now();
        let tally = stage().unwrap_or_else(|error| {
            println!("{name}: {error:#}");
            Tally::one(false)
        });
        let seconds = start.elapsed().as_secs_f64();
        let line = format!(
            "{name:<16}{:>5} passed {:>3} failed {seconds:>8.1} s",
            tally.passed, tally.failed
        );
        (tally, line)
    };
    lane.iter().map(run).collect()
}

fn passes(command: &mut Command) -> Result<Tally> {
    shell::run(command)?;
    Ok(Tally::one(true))
}

/// Lints the wasm build with clippy, or with the compiler's own warnings if its toolchain has no
/// clippy.
fn lint_wasm() -> Result<Tally> {
    let toolchain = setup::wasm_toolchain()?;
    let all = ["--lib", "--all-features"];
    if toolchain.has_clippy() {
        return passes(toolchain.cargo("clippy").args(all).args(DENY));
    }
    passes(toolchain.cargo("rustc").args(["--profile", "check"]).args(all).args(DENY))
}

fn test_native() -> Result<Tally> {
    setup::vulkan()?;
    let mut sum = Tally::default();
    let all = ["test", "--workspace", "--all-features", "--no-fail-fast"];
    let mut tests = setup::cargo();
    let succeeded = shell::listen(tests.args(all).env(fuzz::SECONDS, FUZZ_SECONDS), |line| {
        if line.starts_with("test result: ") {
            sum.passed += number_before("passed;", line);
            sum.failed += number_before("failed;", line);
        }
    })?;
    Ok(complete(sum, succeeded))
}

/// Returns the number before a word, as in `test result: ok. 5 passed; 0 failed;`.
fn number_before(word: &str, line: &str) -> usize {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or_default()
}

/// Runs the browser tests, also of the documentation site. Node's test runner ends with lines such as
/// `ℹ pass 12`.
fn test_browser() -> Result<Tally> {
    let mut sum = Tally::default();
    let mut tests = setup::npm();
    // The pages are built already, so the scripts before `npm test` are skipped.
    tests.args(["test", "--ignore-scripts"]);
    tests.env("NODE_OPTIONS", "--test-reporter=spec");
    tests.env(setup::CHROMIUM, setup::chromium()?).env(setup::FIREFOX, setup::firefox()?);
    setup::vulkan()?;
    setup::webkit()?;
    let succeeded = shell::listen(&mut tests, |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, "pass", number] => sum.passed = number.parse().unwrap_or_default(),
            [_, "fail" | "cancelled", number] => sum.failed += number.parse().unwrap_or(1),
            _ => {}
        }
    })?;
    Ok(complete(sum, succeeded))
}

/// Counts a failure if a runner failed, or ran nothing, without a failed test.
fn complete(mut tally: Tally, succeeded: bool) -> Tally {
    if tally.failed == 0 && (!succeeded || tally.passed == 0) {
        tally.failed = 1;
    }
    tally
}

/// Runs every golden case in every place. The lab ends with a line such as `66 passed; 0 failed;`.
fn golden_cases() -> Result<Tally> {
    let mut sum = Tally::default();
    let mut lab = lab::cargo_run();
    lab.args(["golden", "tests/golden", "--everywhere"]).current_dir(root());
    let succeeded = shell::listen(&mut lab, |line| {
        sum.passed += number_before("passed;", line);
        sum.failed += number_before("failed;", line);
    })?;
    Ok(complete(sum, succeeded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_as_cargo_reports_them() {
        let line = "test result: FAILED. 41 passed; 2 failed; 0 ignored; 0 measured";
        assert_eq!((number_before("passed;", line), number_before("failed;", line)), (41, 2));
    }

    #[test]
    fn a_runner_that_ran_nothing_or_broke_off_has_failed() {
        assert_eq!(complete(Tally::default(), true).failed, 1);
        assert_eq!(complete(Tally { passed: 9, failed: 0 }, false).failed, 1);
        assert_eq!(complete(Tally { passed: 9, failed: 0 }, true).failed, 0);
        assert_eq!(complete(Tally { passed: 9, failed: 2 }, false).failed, 2);
    }
}
