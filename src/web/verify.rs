//! Functions for tests and the benchmark only: golden cases, times of steps and lists, a file of
//! any size.

use wasm_bindgen::prelude::*;

use super::{JsResult, resolve, to_js};
use crate::executor::BackendRequest;
use crate::model::Tower;
use crate::verify::{golden, stopwatch, synthetic};

/// Runs a golden case.
#[wasm_bindgen(js_name = runGolden)]
pub async fn run_golden(name: String, text: String, backend: String) -> JsResult<JsValue> {
    Ok(to_js(&golden::run(&name, &text, backend.parse::<BackendRequest>()?).await?))
}

/// Times training steps on random pairs, and lists of recommendations.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Stopwatch(stopwatch::Stopwatch);

#[wasm_bindgen]
impl Stopwatch {
    /// Creates a run at its start, with tables of `users` and `items` rows.
    pub async fn create(
        options: JsValue,
        users: usize,
        items: usize,
        backend: String,
    ) -> JsResult<Self> {
        let config = resolve(&options)?;
        Ok(Self(
            stopwatch::Stopwatch::new(&config, users, items, backend.parse::<BackendRequest>()?)
                .await?,
        ))
    }

    /// Returns `{ backend, adapter, shape, reason, memoryBytes, wasmBytes, bindings }`.
    pub fn about(&self) -> JsValue {
        to_js(&self.0.about())
    }

    /// Takes the next step. Resolves to `{ milliseconds, loss }`.
    pub async fn lap(&mut self) -> JsResult<JsValue> {
        Ok(to_js(&self.0.lap().await?))
    }

    /// Returns the milliseconds of finding the `k` best of all items for a user.
    pub async fn list(&mut self, user: u32, k: usize) -> JsResult<f64> {
        Ok(self.0.list(user, k).await?)
    }

    /// Returns the user and item of each pair in a batch of the first epoch.
    pub fn batch(&self, n: usize) -> Vec<u32> {
        self.0.batch(n)
    }

    /// Measures each operation. Resolves to its mean time over `laps` steps.
    pub async fn profile(&mut self, laps: usize) -> JsResult<JsValue> {
        Ok(to_js(&self.0.profile(laps).await?))
    }

    /// Measures the milliseconds of the products that a full bank adds to a step.
    #[wasm_bindgen(js_name = bankProducts)]
    pub async fn bank_products(&mut self) -> JsResult<f64> {
        Ok(self.0.bank_products().await?)
    }

    /// Measures the peak rates of the backend.
    pub async fn limits(&mut self) -> JsResult<JsValue> {
        Ok(to_js(&self.0.limits().await?))
    }

    /// Returns the users' embeddings.
    pub async fn users(&mut self) -> JsResult<Vec<f32>> {
        Ok(self.0.table(Tower::User).await?)
    }

    /// Returns the items' embeddings.
    pub async fn items(&mut self) -> JsResult<Vec<f32>> {
        Ok(self.0.table(Tower::Item).await?)
    }
}

/// Lines of a synthetic file in one chunk: about the size of a chunk in a browser's stream.
const LINES: u32 = 1 << 14;

/// A file that is generated during reading.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SyntheticFile {
    lines: u32,
    written: u32,
}

#[wasm_bindgen]
impl SyntheticFile {
    /// Creates a file with this number of lines.
    #[wasm_bindgen(constructor)]
    pub fn new(lines: u32) -> Self {
        Self { lines, written: 0 }
    }

    /// Returns its length in bytes. All lines have the same length.
    pub fn bytes(&self) -> f64 {
        let mut line = Vec::new();
        synthetic::lines(0, 1, &mut line);
        synthetic::HEADER.len() as f64 + f64::from(self.lines) * line.len() as f64
    }

    /// Returns the next chunk; none at the end.
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
