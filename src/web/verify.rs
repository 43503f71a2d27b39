//! For tests and the benchmark only: golden cases, how long steps and lists take, a file of any size.

use wasm_bindgen::prelude::*;

use super::{JsResult, resolve, to_js};
use crate::data::synthetic;
use crate::executor::BackendChoice;
use crate::model::Tower;
use crate::{golden, stopwatch};

/// Runs a golden case.
#[wasm_bindgen(js_name = runGolden)]
pub async fn run_golden(name: String, text: String, backend: String) -> JsResult<JsValue> {
    Ok(to_js(&golden::run(&name, &text, backend.parse::<BackendChoice>()?).await?))
}

/// Takes training steps on random pairs and makes lists, and times them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Stopwatch(stopwatch::Stopwatch);

#[wasm_bindgen]
impl Stopwatch {
    /// A run at its start, over tables of so many rows.
    pub async fn create(
        options: JsValue,
        users: usize,
        items: usize,
        backend: String,
    ) -> JsResult<Self> {
        let config = resolve(&options)?;
        Ok(Self(
            stopwatch::Stopwatch::new(&config, users, items, backend.parse::<BackendChoice>()?)
                .await?,
        ))
    }

    /// `{ backend, adapter, shape, reason, memoryBytes, wasmBytes, bindings }`.
    pub fn about(&self) -> JsValue {
        to_js(&self.0.about())
    }

    /// Takes the next step: `{ milliseconds, loss }`.
    pub async fn lap(&mut self) -> JsResult<JsValue> {
        Ok(to_js(&self.0.lap().await?))
    }

    /// Milliseconds of the `k` best of all items for a user.
    pub async fn list(&mut self, user: u32, k: usize) -> JsResult<f64> {
        Ok(self.0.list(user, k).await?)
    }

    /// User and item of each pair of a batch of the first epoch.
    pub fn batch(&self, n: usize) -> Vec<u32> {
        self.0.batch(n)
    }

    /// How long each operation takes in the mean of so many steps.
    pub async fn profile(&mut self, laps: usize) -> JsResult<JsValue> {
        Ok(to_js(&self.0.profile(laps).await?))
    }

    /// Milliseconds of the products that a full bank adds to a step.
    #[wasm_bindgen(js_name = bankProducts)]
    pub async fn bank_products(&mut self) -> JsResult<f64> {
        Ok(self.0.bank_products().await?)
    }

    /// Peak rates of the backend.
    pub async fn limits(&mut self) -> JsResult<JsValue> {
        Ok(to_js(&self.0.limits().await?))
    }

    /// The users' embeddings.
    pub async fn users(&mut self) -> JsResult<Vec<f32>> {
        Ok(self.0.table(Tower::User).await?)
    }

    /// The items' embeddings.
    pub async fn items(&mut self) -> JsResult<Vec<f32>> {
        Ok(self.0.table(Tower::Item).await?)
    }
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
