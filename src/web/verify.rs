//! Checks that only the tests build: golden cases, and how long steps take.

use wasm_bindgen::prelude::*;

use super::{JsResult, resolve, to_js};
use crate::{golden, stopwatch};

/// Runs a golden case.
#[wasm_bindgen(js_name = runGolden)]
pub async fn run_golden(name: String, text: String, backend: String) -> JsResult<JsValue> {
    Ok(to_js(&golden::run(&name, &text, backend.parse()?).await?))
}

/// Times training steps.
#[wasm_bindgen(js_name = timeSteps)]
pub async fn time_steps(
    options: JsValue,
    users: usize,
    items: usize,
    backend: String,
    steps: usize,
) -> JsResult<JsValue> {
    let config = resolve(&options)?;
    Ok(to_js(&stopwatch::time_steps(&config, users, items, backend.parse()?, steps).await?))
}
