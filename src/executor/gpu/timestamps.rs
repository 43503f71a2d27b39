//! Timing of dispatches with the GPU's timestamps. Each dispatch runs in a separate pass; the
//! results stay the same bit for bit.

use wgpu::BufferUsages;

use super::super::timing::Timed;
use super::bind::{Bound, firsts};
use super::owned::Owned;
use super::readback::{Readback, Spares};
use super::{Executor, Gpu};
use crate::error::{Error, Result};
use crate::plan::{Dispatch, Op, Plan, Program};

/// Number of dispatches that are timed at once: the limit of a query set, at two queries each.
const MAX_TIMED: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

/// Number of bytes of a query's result.
const TICK: u64 = 8;

/// Queries for timestamps, and the runs that they have timed.
#[derive(Debug)]
pub struct TimestampQueries {
    /// One set for all submits: some adapters have few of them.
    queries: wgpu::QuerySet,
    /// A submit's queries are resolved to this buffer, then copied and read.
    ticks: Owned,
    spares: Spares,
    /// Runs of programs, with the pending readbacks of their ticks.
    runs: Vec<(Program, Vec<Readback>)>,
}

impl TimestampQueries {
    /// # Errors
    /// [`Error::NotAvailable`] without timestamps.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err(Error::NotAvailable {
                what: "timing on this adapter (`timestamp-query`)".into(),
            });
        }
        let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("twotower.timestamps"),
            ty: wgpu::QueryType::Timestamp,
            count: wgpu::QUERY_SET_MAX_QUERIES,
        });
        let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let ticks = gpu.buffer("ticks", 2 * MAX_TIMED as u64 * TICK, usage);
        Ok(Self { queries, ticks, spares: Spares::default(), runs: Vec::new() })
    }

    /// Submits dispatches for a slot of the window, one after another, after the recorded commands.
    pub fn time(
        &self,
        gpu: &Gpu,
        mut commands: wgpu::CommandEncoder,
        bounds: &[&Bound],
        slot: usize,
    ) -> Vec<Readback> {
        let mut time = |bounds: &[&Bound]| {
            for (n, bound) in (0..).zip(bounds) {
                let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: None,
                    timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                        query_set: &self.queries,
                        beginning_of_pass_write_index: Some(2 * n),
                        end_of_pass_write_index: Some(2 * n + 1),
                    }),
                });
                bound.record(&mut pass, slot);
            }
            let count = 2 * bounds.len() as u32;
            commands.resolve_query_set(&self.queries, 0..count, &self.ticks, 0);
            let read = [(&*self.ticks, 0..u64::from(count) * TICK)];
            Readback::new(gpu, &self.spares, &mut commands, read.into_iter())
        };
        let readbacks: Vec<Readback> = bounds.chunks(MAX_TIMED).map(&mut time).collect();
        gpu.queue.submit([commands.finish()]);
        readbacks.into_iter().map(Readback::map).collect()
    }
}

impl Drop for TimestampQueries {
    fn drop(&mut self) {
        self.queries.destroy();
    }
}

/// Returns the milliseconds of dispatches.
pub async fn milliseconds(gpu: &Gpu, readbacks: Vec<Readback>) -> Result<Vec<f64>> {
    let period = f64::from(gpu.queue.get_timestamp_period());
    let lap = |pair: &[u64]| pair[1].saturating_sub(pair[0]) as f64 * period / 1e6;
    let mut times = Vec::new();
    for readback in readbacks {
        let ticks: Vec<u64> = readback.finish().await?;
        times.extend(ticks.chunks_exact(2).map(lap));
    }
    Ok(times)
}

impl Executor {
    /// Times each dispatch from now on.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] without timestamps.
    pub fn start_timing(&mut self) -> Result<()> {
        self.timestamps = Some(TimestampQueries::new(&self.gpu)?);
        Ok(())
    }

    /// Returns the runs of programs since timing was started, with the milliseconds of each
    /// operation's dispatches.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if the device has failed.
    pub async fn stop_timing(&mut self, plan: &Plan) -> Result<Vec<Timed>> {
        let runs = self
            .timestamps
            .take()
            .map_or_else(Vec::new, |mut timed| std::mem::take(&mut timed.runs));
        let mut timed = Vec::with_capacity(runs.len());
        for (program, readbacks) in runs {
            let mut times = milliseconds(&self.gpu, readbacks).await?.into_iter();
            let mut of_dispatch = |dispatch: &Dispatch| {
                let shards =
                    [false, true].map(|writes| firsts(&self.buffers, dispatch, writes).len());
                times.by_ref().take(shards[0] * shards[1]).sum()
            };
            let mut of_op = |op: &Op| op.dispatches().iter().map(&mut of_dispatch).collect();
            let operations = plan.program(program).iter().map(&mut of_op).collect();
            timed.push(Timed { program, operations });
        }
        Ok(timed)
    }

    /// Runs a program and times it.
    pub(super) fn run_timed(&mut self, program: Program, slot: usize) {
        self.pass = None;
        let commands = self.commands.take().unwrap_or_else(|| self.gpu.encoder());
        let bounds: Vec<&Bound> =
            self.binder.program(program, &self.gpu, &self.buffers).iter().flatten().collect();
        let timestamps = self.timestamps.as_mut().expect("timing was started");
        let readbacks = timestamps.time(&self.gpu, commands, &bounds, slot);
        timestamps.runs.push((program, readbacks));
    }
}
