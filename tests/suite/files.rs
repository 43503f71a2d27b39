//! Small files like those of real users. Each folder of `tests/files` contains some, and a
//! `case.json` with the reason, the options and the expected result.
//!
//! | key | meaning |
//! |---|---|
//! | `data`, `items`, `users` | names of the files |
//! | `why` | the reason for the case |
//! | `options` | options of the run, in addition to `split.test` 0 |
//! | `about` | expected values of the report |
//! | `features` | expected number of values of item features |
//! | `warns` | a part of each warning |
//! | `refused` | a part of the error; if missing, the files must load |

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use twotower::data::{Dataset, Loader, Part};
use twotower::{Config, Result};

fn load(folder: &Path, case: &Value) -> Result<Dataset> {
    let mut options = json!({ "split.test": 0 });
    for (key, value) in case["options"].as_object().into_iter().flatten() {
        options[key] = value.clone();
    }
    let mut loader = Loader::new(&Config::resolve(&options)?);
    for (key, part) in [("data", Part::All), ("items", Part::Items), ("users", Part::Users)] {
        if let Some(name) = case[key].as_str() {
            let bytes = std::fs::read(folder.join(name)).expect(name);
            loader.begin(part, name, Some(bytes.len() as u64))?;
            loader.push(&bytes)?;
        }
    }
    loader.finish()
}

/// Returns how a case fails, or `None` if it passes.
fn failure(case: &Value, loaded: Result<Dataset>) -> Option<String> {
    let data = match (loaded, case["refused"].as_str()) {
        (Err(error), Some(part)) if error.to_string().contains(part) => return None,
        (Err(error), _) => return Some(format!("refused: {error}")),
        (Ok(_), Some(_)) => return Some("loaded".into()),
        (Ok(data), None) => data,
    };
    let about = serde_json::to_value(data.about()).expect("it serialises");
    for (key, expected) in case["about"].as_object().into_iter().flatten() {
        if about[key] != *expected {
            return Some(format!("{key} is {}", about[key]));
        }
    }
    let features = data.item_features.as_ref().map_or(0, |features| features.vocabulary.len());
    if case["features"].as_u64().is_some_and(|expected| expected != features as u64) {
        return Some(format!("{features} features"));
    }
    let warnings = &data.report.warnings;
    let expected: Vec<&str> =
        case["warns"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is_told = |part: &&str| warnings.iter().any(|warning| warning.contains(*part));
    let are_told = expected.len() == warnings.len() && expected.iter().all(is_told);
    (!are_told).then(|| format!("it warns {warnings:?}"))
}

#[test]
fn files_that_people_have_are_read_right_or_refused() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut failures = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(root).expect("there is a folder").flatten() {
        let folder = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read(folder.join("case.json")).expect(&name);
        let case: Value = serde_json::from_slice(&text).expect(&name);
        cases += 1;
        if let Some(failure) = failure(&case, load(&folder, &case)) {
            failures.push(format!("{name}: {failure}\n  {}", case["why"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(cases >= 30, "{cases} cases");
}
