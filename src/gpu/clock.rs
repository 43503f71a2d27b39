//! Timing of dispatches with the GPU's timestamps: each runs in a pass of its own, with the same
//! bits as result.

use wgpu::BufferUsages;

use super::bind::{Bound, firsts};
use super::owned::Owned;
use super::readback::{Readback, Spares};
use super::{Executor, Gpu};
use crate::error::{Error, Result};
use crate::executor::Timed;
use crate::plan::{Access, Dispatch, Op, Plan, Program};

/// Number of dispatches that are timed at once: the limit of a query set, at two queries each.
const MOST: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

/// Number of bytes of a query's result.
const TICK: u64 = 8;

/// A clock, and the runs that it has timed.
#[derive(Debug)]
pub struct Clock {
    /// One set for all submits: some adapters have few of them.
    queries: wgpu::QuerySet,
    /// A submit's queries are resolved to this buffer, then copied and read.
    ticks: Owned,
    spares: Spares,
    /// Runs of programs, with the pending readbacks of their ticks.
    runs: Vec<(Program, Vec<Readback>)>,
}

impl Clock {
    /// # Errors
    /// [`Error::NotAvailable`] without timestamps.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err(Error::NotAvailable {
                what: "timing on this adapter (`timestamp-query`)".into(),
            });
        }
        let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("twotower.clock"),
            ty: wgpu::QueryType::Timestamp,
            count: wgpu::QUERY_SET_MAX_QUERIES,
        });
        let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let ticks = gpu.buffer("ticks", 2 * MOST as u64 * TICK, usage);
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
        let readbacks: Vec<Readback> = bounds.chunks(MOST).map(&mut time).collect();
        gpu.queue.submit([commands.finish()]);
        readbacks.into_iter().map(Readback::map).collect()
    }
}

impl Drop for Clock {
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
    pub fn start_clock(&mut self) -> Result<()> {
        self.clock = Some(Clock::new(&self.gpu)?);
        Ok(())
    }

    /// Returns the runs of programs since the clock was started, with the milliseconds of each
    /// operation's dispatches.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if the device has failed.
    pub async fn stop_clock(&mut self, plan: &Plan) -> Result<Vec<Timed>> {
        let runs =
            self.clock.take().map_or_else(Vec::new, |mut clock| std::mem::take(&mut clock.runs));
        let mut timed = Vec::with_capacity(runs.len());
        for (program, readbacks) in runs {
            let mut times = milliseconds(&self.gpu, readbacks).await?.into_iter();
            let mut of_dispatch = |dispatch: &Dispatch| {
                let shards = [Access::ReadRows, Access::WriteRows]
                    .map(|by| firsts(&self.buffers, dispatch, by).len());
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
        let clock = self.clock.as_mut().expect("the clock was started");
        let readbacks = clock.time(&self.gpu, commands, &bounds, slot);
        clock.runs.push((program, readbacks));
    }
}
