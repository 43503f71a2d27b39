//! The GPU executor: the only place that names wgpu. It allocates a plan's buffers and pipelines
//! once, records programs into compute passes, and reads back only when asked.

mod context;
#[cfg(target_arch = "wasm32")]
mod environment;
mod kernel;
#[cfg(feature = "verify")]
mod probe;
mod readback;

use std::collections::HashMap;
use std::ops::Range;

use bytemuck::Pod;
use wgpu::BufferUsages;

use crate::error::{Error, Result};
use crate::plan::{Access, Buffer, BufferKind, Dispatch, Op, PROGRAMS, Plan, Program, STEP_STRIDE};
pub use context::Gpu;
use kernel::Kernel;
pub use readback::Readback;
use readback::Spares;
pub use wgpu::DeviceType;

/// Bytes from one record of a dynamic uniform to the next.
const UNIFORM_STRIDE: u64 = STEP_STRIDE as u64 * 4;

/// Runs a plan on a GPU.
#[derive(Debug)]
pub struct Executor {
    gpu: Gpu,
    buffers: Vec<wgpu::Buffer>,
    /// Program, operation, dispatch.
    programs: Vec<Vec<Vec<Bound>>>,
    spares: Spares,
    commands: Option<wgpu::CommandEncoder>,
    pass: Option<wgpu::ComputePass<'static>>,
}

/// A dispatch with its pipeline and buffers.
#[derive(Debug)]
struct Bound {
    kernel: std::rc::Rc<Kernel>,
    group: wgpu::BindGroup,
    workgroups: (u32, u32),
    /// Bytes into each dynamic uniform for a step forward in the window, and to start with.
    offsets: Vec<(u32, u32)>,
}

impl Executor {
    /// Allocates the plan's buffers, all zero, and compiles its shaders.
    ///
    /// # Errors
    /// [`Error::Limit`] if a buffer is larger than the adapter allows, [`Error::DeviceRefused`] if it
    /// gives no device, [`Error::OutOfMemory`] if the buffers do not fit, [`Error::Gpu`] if it
    /// refuses a shader.
    pub async fn new(adapter: &wgpu::Adapter, plan: &Plan) -> Result<Self> {
        let programs: Vec<Vec<Vec<Dispatch>>> = PROGRAMS
            .iter()
            .map(|program| plan.program(*program).iter().map(Op::dispatches).collect())
            .collect();
        let largest = plan.buffers.iter().map(|spec| spec.words as u64 * 4).max().unwrap_or(0);
        let gpu = Gpu::new(adapter, largest).await?;
        let memory = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);

        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let buffers: Vec<wgpu::Buffer> = plan
            .buffers
            .iter()
            .map(|spec| {
                let usage = match spec.kind {
                    BufferKind::Steps => storage | BufferUsages::UNIFORM,
                    BufferKind::Data | BufferKind::GpuScratch => storage,
                };
                gpu.buffer(&spec.name, spec.words as u64 * 4, usage)
            })
            .collect();
        let chunks = programs.iter().flatten().flatten().map(|dispatch| dispatch.chunk).max();
        let chunks = gpu.chunk_indices(chunks.unwrap_or(0));

        let mut kernels = HashMap::new();
        let mut bind = |dispatch: &Dispatch| {
            let source = dispatch.source();
            let kernel = kernels
                .entry(source)
                .or_insert_with_key(|source| {
                    std::rc::Rc::new(Kernel::new(&gpu.device, dispatch.shader, source))
                })
                .clone();
            let group = kernel.bind(&gpu.device, dispatch, &buffers, &chunks);
            let offsets = dispatch.shader.bindings.iter().filter_map(|(_, access)| match access {
                Access::Step => Some((UNIFORM_STRIDE as u32, 0)),
                Access::Chunk => Some((0, dispatch.chunk * UNIFORM_STRIDE as u32)),
                Access::Read | Access::Write => None,
            });
            Bound { kernel, group, workgroups: dispatch.groups, offsets: offsets.collect() }
        };
        let mut bind_all = |op: &Vec<Dispatch>| op.iter().map(&mut bind).collect();
        let programs =
            programs.iter().map(|program| program.iter().map(&mut bind_all).collect()).collect();

        let (refusal, shortage) = (validation.pop(), memory.pop());
        if shortage.await.is_some() {
            return Err(Error::OutOfMemory { bytes: plan.bytes(true) });
        }
        if let Some(error) = refusal.await {
            return Err(Error::Gpu { message: error.to_string() });
        }
        Ok(Self { gpu, buffers, programs, spares: Spares::default(), commands: None, pass: None })
    }

    /// Writes elements of 4-byte words at a word offset of a buffer, after all that was recorded.
    pub fn write<T: Pod>(&mut self, buffer: Buffer, offset: usize, data: &[T]) {
        self.submit();
        let bytes = bytemuck::cast_slice(data);
        self.gpu.queue.write_buffer(&self.buffers[buffer.0], offset as u64 * 4, bytes);
    }

    /// Sets a buffer to zero.
    pub fn clear(&mut self, buffer: Buffer) {
        self.pass = None;
        let commands = self.commands.get_or_insert_with(|| self.gpu.encoder());
        commands.clear_buffer(&self.buffers[buffer.0], 0, None);
    }

    /// Copies the first `words` of a buffer into another one.
    pub fn copy(&mut self, from: Buffer, to: Buffer, offset: usize, words: usize) {
        self.pass = None;
        let (from, to) = (&self.buffers[from.0], &self.buffers[to.0]);
        let commands = self.commands.get_or_insert_with(|| self.gpu.encoder());
        commands.copy_buffer_to_buffer(from, 0, to, offset as u64 * 4, Some(words as u64 * 4));
    }

    /// Records a program for a slot of the window.
    pub fn run(&mut self, program: Program, slot: usize) {
        for op in 0..self.programs[program as usize].len() {
            self.run_op(program, op, slot);
        }
    }

    /// Records one operation of a program.
    pub fn run_op(&mut self, program: Program, op: usize, slot: usize) {
        let commands = self.commands.get_or_insert_with(|| self.gpu.encoder());
        let pass = self.pass.get_or_insert_with(|| {
            commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
        });
        for bound in &self.programs[program as usize][op] {
            bound.record(pass, slot);
        }
    }

    /// Hands what was recorded to the GPU.
    pub fn submit(&mut self) {
        self.pass = None;
        if let Some(commands) = self.commands.take() {
            self.gpu.queue.submit([commands.finish()]);
        }
    }

    /// Submits what was recorded, followed by a copy of a range of words for the CPU.
    pub fn read_later(&mut self, buffer: Buffer, words: Range<usize>) -> Readback {
        self.pass = None;
        let mut commands = self.commands.take().unwrap_or_else(|| self.gpu.encoder());
        let bytes = words.start as u64 * 4..words.end as u64 * 4;
        let readback =
            Readback::new(&self.gpu, &self.spares, &mut commands, &self.buffers[buffer.0], bytes);
        self.gpu.queue.submit([commands.finish()]);
        readback.map()
    }
}

impl Bound {
    fn record(&self, pass: &mut wgpu::ComputePass<'_>, slot: usize) {
        let mut offsets = [0; 2];
        for (offset, (per_slot, first)) in offsets.iter_mut().zip(&self.offsets) {
            *offset = per_slot * slot as u32 + first;
        }
        pass.set_pipeline(&self.kernel.pipeline);
        pass.set_bind_group(0, &self.group, &offsets[..self.offsets.len()]);
        pass.dispatch_workgroups(self.workgroups.0, self.workgroups.1, 1);
    }
}

/// In a browser, buffers live until they are collected as garbage: a table of a million rows would
/// outlive its run.
impl Drop for Executor {
    fn drop(&mut self) {
        self.gpu.device.destroy();
    }
}
