//! How long dispatches take by the GPU's own clock, and what the adapter could do at best: for the
//! benchmark alone.

use wgpu::BufferUsages;

use super::bind::{Bound, firsts};
use super::readback::{Readback, Spares};
use super::{Executor, Gpu};
use crate::error::{Error, Result};
use crate::executor::Limits;
use crate::plan::dispatch::{Access, Dispatch, Shader, threads};
use crate::plan::{Buffer, Op, Plan, Program};

const MULTIPLY_ADDS: Shader = Shader {
    stem: "multiply_adds",
    source: include_str!("probe/multiply_adds.wgsl"),
    bindings: &[("values", Access::Write)],
};
const COPY: Shader = Shader {
    stem: "copy",
    source: include_str!("probe/copy.wgsl"),
    bindings: &[("source", Access::Read), ("copied", Access::Write)],
};

/// Runs of a measurement: the quickest counts, since nothing makes a kernel faster than the adapter is.
const RUNS: usize = 5;

impl Executor {
    /// Runs a program for a slot of the window, each dispatch in a pass of its own, and returns the
    /// milliseconds of each operation's dispatches.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] without timestamps; [`Error::DeviceLost`] or [`Error::Gpu`].
    pub async fn profile(
        &mut self,
        plan: &Plan,
        program: Program,
        slot: usize,
    ) -> Result<Vec<Vec<f64>>> {
        self.submit();
        let bounds = self.binder.program(program, &self.gpu, &self.buffers);
        let bounds: Vec<&Bound> = bounds.iter().flatten().collect();
        let mut times = time(&self.gpu, &bounds, slot).await?.into_iter();
        let mut of_dispatch = |dispatch: &Dispatch| {
            let shards = [Access::ReadRows, Access::WriteRows]
                .map(|by| firsts(&self.buffers, dispatch, by).len());
            times.by_ref().take(shards[0] * shards[1]).sum()
        };
        let mut of_op = |op: &Op| op.dispatches().iter().map(&mut of_dispatch).collect();
        Ok(plan.program(program).iter().map(&mut of_op).collect())
    }

    /// What the adapter can do at best.
    ///
    /// # Errors
    /// Those of [`Executor::profile`].
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

    /// Milliseconds of a shader's quickest run with so many threads, each with an element of each buffer.
    async fn least(
        &self,
        shader: &'static Shader,
        count: usize,
        constants: Vec<(&'static str, crate::plan::Constant)>,
    ) -> Result<f64> {
        let numbers = 0..shader.bindings.len();
        let size = count as u64 * 16;
        let buffers: Vec<wgpu::Buffer> = numbers
            .clone()
            .map(|_| self.gpu.buffer(shader.stem, size, BufferUsages::STORAGE))
            .collect();
        let dispatch = Dispatch {
            shader,
            buffers: numbers.map(Buffer).collect(),
            constants,
            groups: threads(count),
            chunk: 0,
        };
        let bound = Bound::alone(&self.gpu, &dispatch, self.shape(), &buffers);
        let times = time(&self.gpu, &[&bound; RUNS], 0).await?;
        Ok(times.into_iter().fold(f64::INFINITY, f64::min))
    }
}

/// Milliseconds of dispatches, one after the other.
async fn time(gpu: &Gpu, bounds: &[&Bound], slot: usize) -> Result<Vec<f64>> {
    if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Err(Error::NotAvailable {
            what: "a clock on this adapter (timestamp-query)".into(),
        });
    }
    let count = 2 * bounds.len() as u32;
    let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
        label: Some("twotower.probe"),
        ty: wgpu::QueryType::Timestamp,
        count,
    });
    let mut commands = gpu.encoder();
    for (n, bound) in (0..).zip(bounds) {
        let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: None,
            timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                query_set: &queries,
                beginning_of_pass_write_index: Some(2 * n),
                end_of_pass_write_index: Some(2 * n + 1),
            }),
        });
        bound.record(&mut pass, slot);
    }
    let size = u64::from(count) * 8;
    let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
    let resolved = gpu.buffer("probe", size, usage);
    commands.resolve_query_set(&queries, 0..count, &resolved, 0);
    let readback =
        Readback::new(gpu, &Spares::default(), &mut commands, [(&resolved, 0..size)].into_iter());
    gpu.queue.submit([commands.finish()]);
    let ticks: Vec<u64> = readback.map().finish().await?;
    let nanoseconds = f64::from(gpu.queue.get_timestamp_period());
    let lap = |pair: &[u64]| pair[1].saturating_sub(pair[0]) as f64 * nanoseconds / 1e6;
    Ok(ticks.chunks_exact(2).map(lap).collect())
}
