//! One interface to the two executors, and the choice between them.

mod backend;
pub mod cpu;
pub mod gpu;
mod timing;

use std::ops::Range;

use bytemuck::Pod;

use crate::error::{Error, Result};
use crate::plan::{Buffer, Plan, Program};
pub use backend::{Backend, BackendKind, BackendRequest};
pub use gpu::{Bindings, Gpu};
#[cfg(feature = "verify")]
pub use timing::Limits;
pub use timing::Timed;

/// Runs a plan.
#[derive(Debug)]
#[expect(missing_docs, reason = "the variants are the two executors")]
pub enum Executor {
    Cpu(cpu::Executor),
    Gpu(Box<gpu::Executor>),
}

impl Executor {
    /// Rejects a plan that cannot run even with all memory free. It is called before the memory of
    /// the current run is freed for the plan.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] for a plan beyond the address space; with [`BackendRequest::WEBGPU`],
    /// errors of [`gpu::Gpu::adapter`], and [`Error::Limit`].
    pub async fn check(request: BackendRequest, plan: &Plan) -> Result<()> {
        if request.kind == Some(BackendKind::Cpu) {
            return cpu::check(plan);
        }
        let on_gpu = match Gpu::adapter().await {
            Ok(adapter) => gpu::Executor::check(&adapter, plan),
            Err(error) => Err(error),
        };
        if request.kind == Some(BackendKind::WebGpu) {
            on_gpu
        } else {
            on_gpu.or_else(|_| cpu::check(plan))
        }
    }

    /// Frees all buffers. Afterwards the executor cannot run anything. If the returned share of its
    /// device is kept, the device stays open for the next executor.
    pub fn release(&mut self) -> Option<Gpu> {
        match std::mem::replace(self, Self::Cpu(cpu::Executor::released())) {
            Self::Cpu(_) => None,
            Self::Gpu(executor) => Some(executor.device()),
        }
    }

    /// Returns whether its buffers were freed.
    pub fn is_released(&self) -> bool {
        matches!(self, Self::Cpu(executor) if executor.is_released())
    }

    /// Chooses a backend and allocates the plan on it.
    ///
    /// # Errors
    /// With [`BackendRequest::WEBGPU`], any error of WebGPU; otherwise only [`Error::OutOfMemory`].
    pub async fn choose(request: BackendRequest, plan: &Plan) -> Result<(Self, Backend)> {
        let cpu = |reason: String| {
            let (kind, adapter) = (BackendKind::Cpu, String::new());
            let backend = Backend { kind, adapter, variant: None, reason };
            Ok((Self::Cpu(cpu::Executor::new(plan)?), backend))
        };
        if request.kind == Some(BackendKind::Cpu) {
            return cpu("it was requested".into());
        }
        let forced = request.kind == Some(BackendKind::WebGpu);
        let adapter = match Gpu::adapter().await {
            Ok(adapter) => adapter,
            Err(error) if forced => return Err(error),
            Err(error) => return cpu(error.to_string()),
        };
        let info = adapter.get_info();
        let is_software = info.device_type == gpu::DeviceType::Cpu;
        if is_software && !forced {
            return cpu("the only WebGPU adapter is software, which is slower".into());
        }
        match gpu::Executor::new(&adapter, plan, request.variant).await {
            Ok(executor) => {
                let reason = if forced { "it was requested" } else { "a GPU is available" };
                let backend = Backend {
                    kind: BackendKind::WebGpu,
                    adapter: info.name,
                    variant: Some(executor.variant()),
                    reason: reason.into(),
                };
                Ok((Self::Gpu(Box::new(executor)), backend))
            }
            Err(error) if forced => Err(error),
            Err(error) => cpu(error.to_string()),
        }
    }

    /// Returns the sizes of the buffers' bindings, on a GPU.
    pub fn bindings(&self) -> Option<Bindings> {
        match self {
            Self::Cpu(_) => None,
            Self::Gpu(executor) => Some(executor.bindings()),
        }
    }

    /// Returns the fault of its device, if any.
    pub fn fault(&self) -> Option<Error> {
        match self {
            Self::Cpu(_) => None,
            Self::Gpu(executor) => executor.fault(),
        }
    }

    /// Destroys its device, if it has one, and frees the memory on it.
    pub fn give_up_device(&self) {
        if let Self::Gpu(executor) = self {
            executor.give_up();
        }
    }

    /// Writes elements, which consist of 32-bit words, to a buffer from a word offset on, after all
    /// earlier programs.
    pub fn write<T: Pod>(&mut self, buffer: Buffer, offset: usize, data: &[T]) {
        match self {
            Self::Cpu(executor) => executor.write(buffer, offset, data),
            Self::Gpu(executor) => executor.write(buffer, offset, data),
        }
    }

    /// Sets a buffer to zero.
    pub fn clear(&mut self, buffer: Buffer) {
        match self {
            Self::Cpu(executor) => executor.clear(buffer),
            Self::Gpu(executor) => executor.clear(buffer),
        }
    }

    /// Copies the first `words` of a buffer to a word offset of another one.
    pub fn copy(&mut self, from: Buffer, to: Buffer, offset: usize, words: usize) {
        match self {
            Self::Cpu(executor) => executor.copy(from, to, offset, words),
            Self::Gpu(executor) => executor.copy(from, to, offset, words),
        }
    }

    /// Runs a program for a slot of the window; a GPU only records it.
    pub fn run(&mut self, plan: &Plan, program: Program, slot: usize) {
        match self {
            Self::Cpu(executor) => executor.run(plan, program, slot),
            Self::Gpu(executor) => executor.run(program, slot),
        }
    }

    /// Times each operation of the programs that run from now on; on a GPU, each dispatch. Results
    /// stay the same bit for bit.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on an adapter without timestamps.
    pub fn start_timing(&mut self) -> Result<()> {
        match self {
            Self::Cpu(executor) => executor.start_timing(),
            Self::Gpu(executor) => executor.start_timing()?,
        }
        Ok(())
    }

    /// Stops timing, and returns the runs since it was started.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if the device has failed.
    pub async fn stop_timing(&mut self, plan: &Plan) -> Result<Vec<Timed>> {
        match self {
            Self::Cpu(executor) => Ok(executor.stop_timing()),
            Self::Gpu(executor) => executor.stop_timing(plan).await,
        }
    }

    /// Measures the peak performance of the backend.
    ///
    /// # Errors
    /// The same as [`Executor::start_timing`] and [`Executor::stop_timing`].
    #[cfg(feature = "verify")]
    pub async fn limits(&self) -> Result<Limits> {
        match self {
            Self::Cpu(_) => Ok(cpu::probe::limits()),
            Self::Gpu(executor) => executor.limits().await,
        }
    }

    /// Starts to read a range of words, after all earlier programs.
    pub fn read_later<T: Pod>(&mut self, buffer: Buffer, words: Range<usize>) -> Pending<T> {
        match self {
            Self::Cpu(executor) => Pending::Here(executor.read(buffer, words)),
            Self::Gpu(executor) => Pending::Coming(Box::new(executor.read_later(buffer, words))),
        }
    }

    /// Reads a range of words, after all earlier programs.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if the device has failed.
    pub async fn read<T: Pod>(&mut self, buffer: Buffer, words: Range<usize>) -> Result<Vec<T>> {
        self.read_later(buffer, words).finish().await
    }
}

/// Words that are being read.
#[derive(Debug)]
pub enum Pending<T> {
    /// The words are available.
    Here(Vec<T>),
    /// The words are on their way from the GPU.
    Coming(Box<gpu::Readback>),
}

impl<T: Pod> Pending<T> {
    /// Waits for the words.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if the device has failed.
    pub async fn finish(self) -> Result<Vec<T>> {
        match self {
            Self::Here(words) => Ok(words),
            Self::Coming(readback) => readback.finish().await,
        }
    }
}
