//! Checks that only the tests build: golden cases, and the loader under load.

use wasm_bindgen::prelude::*;

use super::{JsResult, to_js};
use crate::golden;

/// Runs a golden case.
#[wasm_bindgen(js_name = runGolden)]
pub async fn run_golden(name: String, text: String, backend: String) -> JsResult<JsValue> {
    Ok(to_js(&golden::run(&name, &text, backend.parse()?).await?))
}
