//! Measurements of an executor.

use crate::plan::Program;

/// A timed run of a program.
#[derive(Debug, Clone)]
pub struct Timed {
    /// The program.
    pub program: Program,
    /// Milliseconds of each operation: on a GPU, of each of its dispatches.
    pub operations: Vec<Vec<f64>>,
}

/// Peak performance of a backend.
#[cfg(feature = "verify")]
#[derive(Debug, Clone, Copy, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Multiply-adds per second.
    pub multiply_adds: f64,
    /// Bytes read or written per second.
    pub bytes: f64,
}
