//! `cargo xtask golden`: compares the crate's numbers with those of an independent implementation.

use crate::browser::{Browser, Engine};
use crate::files;
use crate::run::{Backend, Runtime};
use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask::{setup, wasm};

#[derive(clap::Args)]
pub struct Golden {
    /// Folder of the golden cases
    dir: PathBuf,
    /// Names of the cases to run
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Only this backend
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Only this runtime
    #[arg(long, value_enum)]
    runtime: Option<Runtime>,
    /// Only in this browser [default: Chromium, in addition to the native runtime]
    #[arg(long, value_enum)]
    browser: Option<Engine>,
    /// Also run some cases in Firefox and in Node.js, as the tests do
    #[arg(long, conflicts_with_all = ["only", "backend", "runtime", "browser"])]
    everywhere: bool,
    /// Write the outcomes as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A backend, natively or in a browser.
type Place = (Backend, Option<Engine>);

/// The places that run by default.
const DEFAULT: [Place; 4] = [
    (Backend::Cpu, None),
    (Backend::Webgpu, None),
    (Backend::Cpu, Some(Engine::Chromium)),
    (Backend::Webgpu, Some(Engine::Chromium)),
];

/// The places of a second browser.
const FIREFOX: [Place; 2] =
    [(Backend::Cpu, Some(Engine::Firefox)), (Backend::Webgpu, Some(Engine::Firefox))];

/// The places in Node.js.
const NODE: [Place; 2] =
    [(Backend::Cpu, Some(Engine::Node)), (Backend::Webgpu, Some(Engine::Node))];

/// Cases for Firefox and Node.js: they are fast and reach most shaders.
const ELSEWHERE: [&str; 3] = ["bag_mlp_adam", "evaluation", "mixed_logq"];

fn runtime((_, engine): &Place) -> Runtime {
    match engine {
        None => Runtime::Native,
        Some(Engine::Node) => Runtime::Node,
        Some(Engine::Chromium | Engine::Firefox) => Runtime::Browser,
    }
}

fn place_name((backend, engine): &Place) -> String {
    format!("{} {}", backend.name(), engine.map_or("native", Engine::name))
}

/// Outcome of a case in a place.
struct Outcome {
    case: String,
    place: Place,
    score: Result<Score>,
}

/// Errors of a case.
struct Score {
    /// Largest error as a share of its tolerance.
    worst: f64,
    /// Name of the number with the largest error.
    worst_at: String,
    /// Number of compared numbers.
    numbers: u64,
}

impl Golden {
    pub fn run(self) -> Result<ExitCode> {
        let cases = cases(&self.dir, &self.only)?;
        // Firefox and Node.js run only if they are named.
        let places = DEFAULT.into_iter().chain(FIREFOX).chain(NODE).filter(|place| {
            let (backend, engine) = place;
            let asked_for = match engine {
                Some(Engine::Firefox) => self.browser == Some(Engine::Firefox),
                Some(Engine::Node) => self.runtime == Some(Runtime::Node),
                Some(Engine::Chromium) => self.browser != Some(Engine::Firefox),
                None => self.browser.is_none(),
            };
            asked_for
                && self.backend.is_none_or(|only| only == *backend)
                && self.runtime.is_none_or(|only| only == runtime(place))
        });
        let places: Vec<Place> = places.collect();
        ensure!(self.backend != Some(Backend::Auto), "`--backend` must be webgpu or cpu here");
        ensure!(!places.is_empty(), "`--browser` needs `--runtime browser`");
        let mut outcomes = check(&self.dir, &cases, &places)?;
        print(&cases, &places, &outcomes);
        if self.everywhere {
            let cases = ELSEWHERE.map(str::to_owned).into();
            let places = [FIREFOX, NODE].concat();
            let more = check(&self.dir, &cases, &places)?;
            print(&cases, &places, &more);
            outcomes.extend(more);
        }
        let passed = outcomes.iter().filter(|outcome| outcome.passes()).count();
        let failed = outcomes.len() - passed;
        println!("{passed} passed; {failed} failed;");
        if let Some(file) = &self.json {
            files::write_json(file, &outcomes.iter().map(Outcome::document).collect())?;
        }
        Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Returns the names in `only`, or of all cases in a folder, in order. A name without a file is
/// kept and counts as failed.
fn cases(dir: &Path, only: &[String]) -> Result<BTreeSet<String>> {
    if !only.is_empty() {
        return Ok(only.iter().cloned().collect());
    }
    let files =
        std::fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))?;
    let cases: BTreeSet<String> = files
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    ensure!(!cases.is_empty(), "{} contains no golden cases", dir.display());
    Ok(cases)
}

/// Computes every case in every place.
fn check(dir: &Path, cases: &BTreeSet<String>, places: &[Place]) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    if places.contains(&(Backend::Webgpu, None)) {
        setup::vulkan()?;
    }
    for &place in places.iter().filter(|(_, engine)| engine.is_none()) {
        for case in cases {
            let score = natively(dir, case, place.0).and_then(|report| Score::read(&report));
            outcomes.push(Outcome { case: case.clone(), place, score });
        }
    }
    let engines: BTreeSet<Engine> = places.iter().filter_map(|(_, engine)| *engine).collect();
    for engine in engines {
        let wanted: Vec<(Place, &String)> = places
            .iter()
            .filter(|(_, other)| *other == Some(engine))
            .flat_map(|&place| cases.iter().map(move |case| (place, case)))
            .collect();
        for ((place, case), report) in wanted.iter().zip(in_browser(dir, engine, &wanted)?) {
            let score = report.and_then(|report| Score::read(&report));
            outcomes.push(Outcome { case: (*case).clone(), place: *place, score });
        }
    }
    Ok(outcomes)
}

fn natively(dir: &Path, case: &str, backend: Backend) -> Result<Value> {
    let text = std::fs::read_to_string(file(dir, case)).context("the case cannot be read")?;
    let report = pollster::block_on(twotower::verify::golden::run(case, &text, backend.choice()))?;
    Ok(serde_json::to_value(report)?)
}

fn in_browser(
    dir: &Path,
    engine: Engine,
    wanted: &[(Place, &String)],
) -> Result<Vec<Result<Value>>> {
    wasm::build(wasm::Variant::Verify)?;
    let mut browser = Browser::new("golden").in_engine(engine);
    browser.mount("/verify/", wasm::Variant::Verify.folder());
    browser.mount("/cases/", std::path::absolute(dir)?);
    for ((backend, _), case) in wanted {
        let address = format!("/cases/{case}.json");
        browser.request(json!({ "name": case, "address": address, "backend": backend.name() }));
    }
    browser.run(|_, _| {})
}

fn file(dir: &Path, case: &str) -> PathBuf {
    dir.join(format!("{case}.json"))
}

impl Score {
    fn read(report: &Value) -> Result<Self> {
        let score = Self {
            // JSON has no NaN: a largest error that is NaN is null.
            worst: report["worst"].as_f64().ok_or_else(|| anyhow!("not a number"))?,
            worst_at: report["worst_at"].as_str().unwrap_or_default().to_owned(),
            numbers: report["numbers"].as_u64().unwrap_or_default(),
        };
        ensure!(score.numbers > 0, "nothing was compared");
        Ok(score)
    }
}

impl Outcome {
    /// Returns whether every number is within its tolerance.
    fn passes(&self) -> bool {
        self.score.as_ref().is_ok_and(|score| score.worst <= 1.0)
    }

    fn document(&self) -> Value {
        let (backend, engine) = self.place;
        let mut document = json!({
            "case": self.case,
            "backend": backend.name(),
            "runtime": runtime(&self.place).name(),
            "browser": engine.map(Engine::name),
        });
        match &self.score {
            Ok(score) => {
                document["worst"] = score.worst.into();
                document["worstAt"] = score.worst_at.clone().into();
                document["numbers"] = score.numbers.into();
            }
            Err(error) => document["error"] = format!("{error:#}").into(),
        }
        document["passes"] = self.passes().into();
        document
    }
}

/// Prints the largest error of each case as a share of its tolerance, then the misses with their
/// places.
fn print(cases: &BTreeSet<String>, places: &[Place], outcomes: &[Outcome]) {
    let width = cases.iter().map(String::len).max().unwrap_or_default() + 2;
    print!("{:width$}", "error / tolerance");
    for place in places {
        print!("{:>16}", place_name(place));
    }
    println!();
    for case in cases {
        print!("{case:width$}");
        for place in places {
            let outcome = outcomes.iter().find(|one| one.case == *case && one.place == *place);
            let cell = match outcome.map(|outcome| (&outcome.score, outcome.passes())) {
                Some((Ok(score), true)) => format!("{:.3}", score.worst),
                Some((Ok(score), false)) => format!("MISS {:.3}", score.worst),
                _ => "MISS".into(),
            };
            print!("{cell:>16}");
        }
        println!();
    }
    let mut misses: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.passes()) {
        let why = match &outcome.score {
            Ok(score) => format!("at {}", score.worst_at),
            Err(error) => format!("{error:#}"),
        };
        misses.entry((&outcome.case, why)).or_default().push(place_name(&outcome.place));
    }
    for ((case, why), places) in misses {
        println!("MISS {case} on {}: {why}", places.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(report: Value) -> Outcome {
        let place = DEFAULT[0];
        Outcome { case: "case".into(), place, score: Score::read(&report) }
    }

    #[test]
    fn only_numbers_within_the_tolerance_pass() {
        let report = |worst: Value, numbers: u64| json!({ "worst": worst, "numbers": numbers });
        assert!(outcome(report(1.0.into(), 5)).passes());
        assert!(!outcome(report(1.001.into(), 5)).passes());
        assert!(!outcome(report(Value::Null, 5)).passes(), "not a number");
        assert!(!outcome(report(0.0.into(), 0)).passes(), "nothing was compared");
        assert!(!outcome(json!({})).passes(), "not a report");
    }

    #[test]
    fn a_case_without_a_file_is_a_miss() {
        let cases = BTreeSet::from(["absent".to_owned()]);
        let outcomes = check(Path::new("nowhere"), &cases, &DEFAULT[..1]).expect("a verdict");
        assert!(outcomes.iter().all(|outcome| !outcome.passes()));
        assert_eq!(outcomes.len(), 1);
    }
}
