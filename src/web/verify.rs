//! Checks that only the tests build: golden cases, how long steps and lists take, a file of any size.

use wasm_bindgen::prelude::*;

use super::{JsResult, resolve, to_js};
use crate::data::synthetic;
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

/// Times recommendations.
#[wasm_bindgen(js_name = timeLists)]
pub async fn time_lists(
    options: JsValue,
    items: usize,
    k: usize,
    backend: String,
    lists: usize,
) -> JsResult<JsValue> {
    let config = resolve(&options)?;
    Ok(to_js(&stopwatch::time_lists(&config, items, k, backend.parse()?, lists).await?))
}

/// Lines of a synthetic file in one chunk: about as many bytes as a browser's streams give.
const LINES: u32 = 1 << 14;

/// A file that is generated while it is read.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SyntheticFile {
    lines: u32,
    written: u32,
}

#[wasm_bindgen]
impl SyntheticFile {
    /// A file of so many lines.
    #[wasm_bindgen(constructor)]
    pub fn new(lines: u32) -> Self {
        Self { lines, written: 0 }
    }

    /// Its length in bytes: all lines are of the same one.
    pub fn bytes(&self) -> f64 {
        let mut line = Vec::new();
        synthetic::lines(0, 1, &mut line);
        synthetic::HEADER.len() as f64 + f64::from(self.lines) * line.len() as f64
    }

    /// The next chunk; none at the end.
    pub fn read(&mut self) -> Option<Vec<u8>> {
        if self.written == self.lines {
            return None;
        }
        let to = self.lines.min(self.written + LINES);
        let mut text = if self.written == 0 { synthetic::HEADER.to_vec() } else { Vec::new() };
        synthetic::lines(self.written, to, &mut text);
        self.written = to;
        Some(text)
    }
}
