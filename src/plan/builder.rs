//! A plan that is being built: its buffers, tensors and parameters.

use super::{Buffer, BufferKind, BufferSpec, Dims, Extent, Parameter, STEP_STRIDE, Tensor};
use crate::config::Config;

/// A plan that is being built.
pub(super) struct Builder<'a> {
    pub config: &'a Config,
    pub extent: &'a Extent,
    pub dims: Dims,
    pub parameters: Vec<Parameter>,
    pub tensors: Vec<Tensor>,
    pub buffers: Vec<BufferSpec>,
}

impl<'a> Builder<'a> {
    /// Starts a plan without buffers.
    pub fn new(config: &'a Config, extent: &'a Extent) -> Self {
        Self {
            config,
            extent,
            dims: Dims::new(config, extent),
            parameters: Vec::new(),
            buffers: Vec::new(),
            tensors: Vec::new(),
        }
    }

    /// Adds a buffer that both executors allocate.
    pub fn buffer(&mut self, name: impl Into<String>, words: usize) -> Buffer {
        self.rows(name, words, 1)
    }

    /// Adds a buffer of rows of `row` words, which may be split between rows.
    pub fn rows(&mut self, name: impl Into<String>, rows: usize, row: usize) -> Buffer {
        // An empty binding is not allowed: an empty buffer keeps one vec4. A size that saturates is
        // rejected at allocation.
        self.buffer_of(BufferKind::Data, name, rows.saturating_mul(row).max(4), row)
    }

    /// Adds a buffer of step records.
    pub fn steps(&mut self, name: &str, count: usize) -> Buffer {
        self.buffer_of(BufferKind::Steps, name, count * STEP_STRIDE, STEP_STRIDE)
    }

    /// Adds a buffer that only passes data between the dispatches of one operation.
    pub fn scratch(&mut self, name: &str, words: usize) -> Buffer {
        self.buffer_of(BufferKind::GpuScratch, name, words, 1)
    }

    fn buffer_of(
        &mut self,
        kind: BufferKind,
        name: impl Into<String>,
        words: usize,
        row: usize,
    ) -> Buffer {
        self.buffers.push(BufferSpec { name: name.into(), words, row, kind });
        Buffer(self.buffers.len() - 1)
    }

    /// Returns the number of buffers that were added.
    pub fn buffer_count(&self) -> usize {
        self.buffers.len()
    }

    /// Returns the name of a buffer.
    pub fn name(&self, buffer: Buffer) -> &str {
        &self.buffers[buffer.0].name
    }

    /// Returns the length of a buffer in 32-bit words.
    pub fn words(&self, buffer: Buffer) -> usize {
        self.buffers[buffer.0].words
    }
}
