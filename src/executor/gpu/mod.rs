//! The GPU executor: the only module that uses wgpu. It allocates a plan's buffers and pipelines
//! once, records programs into compute passes, and reads back only on request.

mod bind;
mod context;
mod device;
#[cfg(target_arch = "wasm32")]
mod environment;
#[cfg(target_arch = "wasm32")]
mod firefox;
mod kernel;
mod measure;
mod owned;
#[cfg(feature = "verify")]
mod probe;
mod readback;
mod shards;
mod timestamps;

use std::ops::Range;
use std::slice::SliceIndex;

use bytemuck::Pod;
use serde::Serialize;
use wgpu::BufferUsages;

use crate::error::{Error, Need, Result};
use crate::plan::{Buffer, BufferKind, Dispatch, Op, PROGRAMS, Plan, Program, Variant};
use bind::{Binder, Bound};
pub use context::Gpu;
use device::Turn;
pub use readback::Readback;
use readback::Spares;
use shards::Shards;
use timestamps::TimestampQueries;
pub use wgpu::DeviceType;

/// Programs of a training step. They are compiled first, so that nothing is compiled between two
/// steps.
const TRAINING: [Program; 4] =
    [Program::OpenWindow, Program::Step, Program::SumLosses, Program::CloseWindow];

/// Sizes of the buffers' bindings.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Bindings {
    /// Number of bytes of the largest binding.
    pub largest: u64,
    /// Largest number of bytes that the adapter allows for a binding.
    pub limit: u64,
    /// Number of shards of the buffer that has the most.
    pub shards: usize,
}

/// How a plan's buffers are bound.
struct Layout {
    programs: Vec<Vec<Vec<Dispatch>>>,
    /// Rows and bytes of each buffer's shards; the last shard of a buffer may be smaller.
    shards: Vec<(usize, u64)>,
    /// Bytes of the longest binding of all.
    largest: u64,
}

/// Returns the largest number of bytes of a binding on an adapter.
fn longest(adapter: &wgpu::Adapter) -> u64 {
    let limits = adapter.limits();
    limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
}

impl Layout {
    /// Creates a layout with shards of at most `most` bytes.
    fn new(plan: &Plan, most: u64) -> Self {
        let programs: Vec<Vec<Vec<Dispatch>>> = PROGRAMS
            .iter()
            .map(|program| plan.program(*program).iter().map(Op::dispatches).collect())
            .collect();
        let mut may_be_split = vec![true; plan.buffers.len()];
        for dispatch in programs.iter().flatten().flatten() {
            for (access, buffer) in dispatch.buffers() {
                may_be_split[buffer.0] &= access.is_uniform() || access.is_by_rows();
            }
        }
        let specs = plan.buffers.iter().zip(may_be_split);
        let shards: Vec<_> = specs.map(|(spec, cut)| shards::layout(spec, cut, most)).collect();
        let largest = shards.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
        Self { programs, shards, largest }
    }

    fn check(&self, adapter: &wgpu::Adapter) -> Result<()> {
        Gpu::check(adapter, self.largest)
    }
}

/// Runs a plan on a GPU.
#[derive(Debug)]
pub struct Executor {
    buffers: Vec<Shards>,
    bindings: Bindings,
    binder: Binder,
    spares: Spares,
    commands: Option<wgpu::CommandEncoder>,
    pass: Option<wgpu::ComputePass<'static>>,
    /// Times each dispatch, if timing is on.
    timestamps: Option<TimestampQueries>,
    /// The last field, so that the device outlives everything that was created on it.
    gpu: Gpu,
}

impl Executor {
    /// Allocates the plan's buffers, all zero, and compiles the shaders of training. If no variant
    /// is given, it takes the one that is faster on the adapter. Shaders of other programs are
    /// compiled on first use, so that the first loss appears sooner.
    ///
    /// # Errors
    /// [`Error::Limit`] if a buffer that cannot be split is larger than the adapter allows,
    /// [`Error::DeviceRefused`] if the adapter returns no device, [`Error::OutOfMemory`] if the
    /// buffers do not fit, [`Error::Gpu`] if the GPU rejects a shader.
    pub async fn new(
        adapter: &wgpu::Adapter,
        plan: &Plan,
        variant: Option<Variant>,
    ) -> Result<Self> {
        Self::with_shards(adapter, plan, variant, longest(adapter)).await
    }

    /// Rejects an adapter that cannot run the plan.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check(adapter: &wgpu::Adapter, plan: &Plan) -> Result<()> {
        Layout::new(plan, longest(adapter)).check(adapter)
    }

    /// Returns a share of its device.
    pub fn device(&self) -> Gpu {
        self.gpu.clone()
    }

    /// Does the same as [`Executor::new`], with shards of at most `most` bytes, as on an adapter
    /// with this limit.
    ///
    /// # Errors
    /// The same as [`Executor::new`].
    pub async fn with_shards(
        adapter: &wgpu::Adapter,
        plan: &Plan,
        variant: Option<Variant>,
        most: u64,
    ) -> Result<Self> {
        let layout = Layout::new(plan, most);
        layout.check(adapter)?;
        let Layout { programs, shards: layouts, largest } = layout;
        let turn = Turn::take().await;
        let gpu = Gpu::open(&turn, adapter).await?;
        let variant = match variant {
            Some(variant) => variant,
            None => measure::quicker(&turn, &gpu).await?,
        };
        drop(turn);
        let memory = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);

        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let buffers: Vec<Shards> = plan
            .buffers
            .iter()
            .zip(layouts)
            .map(|(spec, layout)| {
                let usage = match spec.kind {
                    BufferKind::Steps => storage | BufferUsages::UNIFORM,
                    BufferKind::Data | BufferKind::GpuScratch => storage,
                };
                Shards::new(&gpu, spec, layout, usage)
            })
            .collect();

        let mut binder = Binder::new(programs, variant);
        for program in TRAINING {
            binder.program(program, &gpu, &buffers);
        }

        let (refusal, shortage) = (validation.pop(), memory.pop());
        if shortage.await.is_some() {
            let (need, bytes) = (Need::Run, plan.bytes(true));
            return Err(Error::OutOfMemory { need, bytes, available: None });
        }
        if let Some(error) = refusal.await {
            return Err(Error::Gpu { message: error.to_string() });
        }
        let shards = buffers.iter().map(|shards| shards.parts().len()).max().unwrap_or(0);
        let bindings = Bindings { largest, limit: most, shards };
        Ok(Self {
            buffers,
            bindings,
            binder,
            spares: Spares::default(),
            commands: None,
            pass: None,
            timestamps: None,
            gpu,
        })
    }

    /// Returns the fault that its device has reported, if any.
    pub fn fault(&self) -> Option<Error> {
        self.gpu.check().err()
    }

    /// Destroys its device. This ends all runs that share the device.
    pub fn give_up(&self) {
        self.gpu.device.destroy();
    }

    /// Returns the sizes of the buffers' bindings.
    pub fn bindings(&self) -> Bindings {
        self.bindings
    }

    /// Returns the variant of its kernels.
    pub fn variant(&self) -> Variant {
        self.binder.variant()
    }

    /// Writes elements, which consist of 32-bit words, to a buffer from a word offset on, after all
    /// recorded commands.
    pub fn write<T: Pod>(&mut self, buffer: Buffer, offset: usize, data: &[T]) {
        self.submit();
        let start = offset as u64 * 4;
        let mut rest: &[u8] = bytemuck::cast_slice(data);
        for (part, piece) in self.buffers[buffer.0].pieces(start..start + rest.len() as u64) {
            let (here, behind) = rest.split_at((piece.end - piece.start) as usize);
            self.gpu.queue.write_buffer(part, piece.start, here);
            rest = behind;
        }
    }

    /// Sets a buffer to zero.
    pub fn clear(&mut self, buffer: Buffer) {
        self.pass = None;
        let commands = self.commands.get_or_insert_with(|| self.gpu.encoder());
        for part in self.buffers[buffer.0].parts() {
            commands.clear_buffer(part, 0, None);
        }
    }

    /// Copies the first `words` of a buffer to an offset of another one.
    pub fn copy(&mut self, from: Buffer, to: Buffer, offset: usize, words: usize) {
        self.pass = None;
        let (from, to) = (&self.buffers[from.0], &self.buffers[to.0]);
        let commands = self.commands.get_or_insert_with(|| self.gpu.encoder());
        let mut to_start = offset as u64 * 4;
        for (source, piece) in from.pieces(0..words as u64 * 4) {
            let mut from_start = piece.start;
            let size = piece.end - piece.start;
            for (target, piece) in to.pieces(to_start..to_start + size) {
                let size = piece.end - piece.start;
                commands.copy_buffer_to_buffer(source, from_start, target, piece.start, Some(size));
                from_start += size;
            }
            to_start += size;
        }
    }

    /// Records a program for a slot of the window.
    pub fn run(&mut self, program: Program, slot: usize) {
        if self.timestamps.is_some() {
            return self.run_timed(program, slot);
        }
        self.record(program, .., slot);
    }

    /// Records one operation of a program.
    pub fn run_op(&mut self, program: Program, op: usize, slot: usize) {
        self.record(program, op..=op, slot);
    }

    fn record(
        &mut self,
        program: Program,
        ops: impl SliceIndex<[Vec<Bound>], Output = [Vec<Bound>]>,
        slot: usize,
    ) {
        let commands = self.commands.get_or_insert_with(|| self.gpu.encoder());
        let pass = self.pass.get_or_insert_with(|| {
            commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
        });
        let bounds = self.binder.program(program, &self.gpu, &self.buffers);
        for bound in bounds[ops].iter().flatten() {
            bound.record(pass, slot);
        }
    }

    /// Submits the recorded commands to the GPU.
    pub fn submit(&mut self) {
        self.pass = None;
        if let Some(commands) = self.commands.take() {
            self.gpu.queue.submit([commands.finish()]);
        }
    }

    /// Submits the recorded commands, followed by a copy of a range of words to the CPU.
    pub fn read_later(&mut self, buffer: Buffer, words: Range<usize>) -> Readback {
        self.pass = None;
        let mut commands = self.commands.take().unwrap_or_else(|| self.gpu.encoder());
        let bytes = words.start as u64 * 4..words.end as u64 * 4;
        let pieces = self.buffers[buffer.0].pieces(bytes);
        let readback = Readback::new(&self.gpu, &self.spares, &mut commands, pieces);
        self.gpu.queue.submit([commands.finish()]);
        readback.map()
    }
}
