//! Peak performance of the adapter, for the benchmark only.

use wgpu::BufferUsages;

use super::super::timing::Limits;
use super::Executor;
use super::bind::Bound;
use super::owned::Owned;
use super::timestamps::{TimestampQueries, milliseconds};
use crate::error::Result;
use crate::plan::dispatch::{Access, Dispatch, Shader, threads};

const MULTIPLY_ADDS: Shader = Shader {
    stem: "multiply_adds",
    source: include_str!("multiply_adds.wgsl"),
    bindings: &[("values", Access::Write)],
};
const COPY: Shader = Shader {
    stem: "copy",
    source: include_str!("copy.wgsl"),
    bindings: &[("source", Access::Read), ("copied", Access::Write)],
};

/// Number of runs of a measurement. The fastest counts: noise only slows a kernel down.
const RUNS: usize = 5;

impl Executor {
    /// Measures the peak of the adapter.
    ///
    /// # Errors
    /// The same as [`Executor::start_timing`] and [`Executor::stop_timing`].
    pub async fn limits(&self) -> Result<Limits> {
        const THREADS: usize = 1 << 14;
        const ROUNDS: usize = 256;
        const MULTIPLY_ADDS_A_ROUND: usize = 8 * 4;
        let rounds = vec![("ROUNDS", ROUNDS.into())];
        let least = self.least(&MULTIPLY_ADDS, THREADS, rounds).await?;
        let multiply_adds = (THREADS * ROUNDS * MULTIPLY_ADDS_A_ROUND) as f64 / least * 1e3;
        const ELEMENTS: usize = 1 << 18;
        const BYTES: usize = 16;
        let least = self.least(&COPY, ELEMENTS, Vec::new()).await?;
        Ok(Limits { multiply_adds, bytes: (2 * ELEMENTS * BYTES) as f64 / least * 1e3 })
    }

    /// Returns the milliseconds of a shader's fastest run with `count` threads, each with an
    /// element of each buffer.
    async fn least(
        &self,
        shader: &'static Shader,
        count: usize,
        constants: Vec<(&'static str, crate::plan::Constant)>,
    ) -> Result<f64> {
        let size = count as u64 * 16;
        let buffers: Vec<Owned> = shader
            .bindings
            .iter()
            .map(|_| self.gpu.buffer(shader.stem, size, BufferUsages::STORAGE))
            .collect();
        let dispatch = Dispatch { shader, bindings: Vec::new(), constants, groups: threads(count) };
        let buffers: Vec<&wgpu::Buffer> = buffers.iter().map(|buffer| &**buffer).collect();
        let bound = Bound::alone(&self.gpu, &dispatch, self.variant(), &buffers);
        let timestamps = TimestampQueries::new(&self.gpu)?;
        let runs = timestamps.time(&self.gpu, self.gpu.encoder(), &[&bound; RUNS], 0);
        let times = milliseconds(&self.gpu, runs).await?;
        Ok(times.into_iter().fold(f64::INFINITY, f64::min))
    }
}
