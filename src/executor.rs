//! One interface to the two executors, and the choice between them.

use std::ops::Range;
use std::str::FromStr;

use bytemuck::Pod;
use serde::Serialize;

use crate::error::{Error, Result, clip};
use crate::plan::{Buffer, Plan, Program, Shape};
use crate::{cpu, gpu};

/// The requested backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// A hardware GPU if there is one, otherwise the CPU.
    #[default]
    Auto,
    /// WebGPU, even on a software adapter; an error if there is none.
    WebGpu,
    /// The CPU.
    Cpu,
}

impl FromStr for BackendChoice {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "auto" => Ok(Self::Auto),
            "webgpu" => Ok(Self::WebGpu),
            "cpu" => Ok(Self::Cpu),
            _ => Err(Error::Config {
                key: "backend".into(),
                problem: format!("\"{}\" is not allowed", clip(word)),
                allowed: "\"auto\" or \"webgpu\" or \"cpu\"".into(),
            }),
        }
    }
}

/// The requested backend, and the kernels' shape on a GPU: the faster one if none is given. A
/// resumed run keeps its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are the two requests")]
pub struct Wish {
    pub backend: BackendChoice,
    pub shape: Option<Shape>,
}

impl From<BackendChoice> for Wish {
    fn from(backend: BackendChoice) -> Self {
        Self { backend, shape: None }
    }
}

/// The backend of a run, and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// The chosen backend.
    pub backend: BackendKind,
    /// The adapter's name; empty if a browser hides it.
    pub adapter: String,
    /// The shape of its kernels, on a GPU.
    pub shape: Option<Shape>,
    /// The reason for the choice, as a clause.
    pub reason: String,
}

/// The two backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants are the two backends")]
pub enum BackendKind {
    Cpu,
    WebGpu,
}

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
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Multiply-adds per second.
    pub multiply_adds: f64,
    /// Bytes read or written per second.
    pub bytes: f64,
}

/// Runs a plan.
#[derive(Debug)]
#[expect(missing_docs, reason = "the variants are the two executors")]
pub enum Executor {
    Cpu(cpu::Executor),
    Gpu(Box<gpu::Executor>),
}

/// Requests the same backend and shape.
impl From<&Backend> for Wish {
    fn from(backend: &Backend) -> Self {
        let choice = match backend.backend {
            BackendKind::Cpu => BackendChoice::Cpu,
            BackendKind::WebGpu => BackendChoice::WebGpu,
        };
        Self { backend: choice, shape: backend.shape }
    }
}

impl BackendKind {
    /// Returns its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::WebGpu => "webgpu",
        }
    }

    /// Returns whether it is the GPU.
    pub fn is_gpu(self) -> bool {
        self == Self::WebGpu
    }
}

impl Executor {
    /// Rejects a plan that cannot run even with all memory free. It is called before the memory of
    /// the current run is freed for the plan.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] for a plan beyond the address space; with [`BackendChoice::WebGpu`],
    /// errors of [`gpu::Gpu::adapter`], and [`Error::Limit`].
    pub async fn check(wish: Wish, plan: &Plan) -> Result<()> {
        if wish.backend == BackendChoice::Cpu {
            return cpu::check(plan);
        }
        let on_gpu = match gpu::Gpu::adapter().await {
            Ok(adapter) => gpu::Executor::check(&adapter, plan),
            Err(error) => Err(error),
        };
        if wish.backend == BackendChoice::WebGpu {
            on_gpu
        } else {
            on_gpu.or_else(|_| cpu::check(plan))
        }
    }

    /// Frees all buffers. Afterwards the executor cannot run anything. If the returned share of its
    /// device is kept, the device stays open for the next executor.
    pub fn release(&mut self) -> Option<gpu::Gpu> {
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
    /// With [`BackendChoice::WebGpu`], any error of WebGPU; otherwise only [`Error::OutOfMemory`].
    pub async fn choose(wish: Wish, plan: &Plan) -> Result<(Self, Backend)> {
        let cpu = |reason: String| {
            let (backend, adapter) = (BackendKind::Cpu, String::new());
            let backend = Backend { backend, adapter, shape: None, reason };
            Ok((Self::Cpu(cpu::Executor::new(plan)?), backend))
        };
        if wish.backend == BackendChoice::Cpu {
            return cpu("it was requested".into());
        }
        let forced = wish.backend == BackendChoice::WebGpu;
        let adapter = match gpu::Gpu::adapter().await {
            Ok(adapter) => adapter,
            Err(error) if forced => return Err(error),
            Err(error) => return cpu(error.to_string()),
        };
        let info = adapter.get_info();
        let is_software = info.device_type == gpu::DeviceType::Cpu;
        if is_software && !forced {
            return cpu("the only WebGPU adapter is software, which is slower".into());
        }
        match gpu::Executor::new(&adapter, plan, wish.shape).await {
            Ok(executor) => {
                let reason = if forced { "it was requested" } else { "a GPU is available" };
                let backend = Backend {
                    backend: BackendKind::WebGpu,
                    adapter: info.name,
                    shape: Some(executor.shape()),
                    reason: reason.into(),
                };
                Ok((Self::Gpu(Box::new(executor)), backend))
            }
            Err(error) if forced => Err(error),
            Err(error) => cpu(error.to_string()),
        }
    }

    /// Writes elements of 4-byte words at a word offset of a buffer, after all earlier programs.
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
    pub fn start_clock(&mut self) -> Result<()> {
        match self {
            Self::Cpu(executor) => executor.start_clock(),
            Self::Gpu(executor) => executor.start_clock()?,
        }
        Ok(())
    }

    /// Stops timing, and returns the runs since it was started.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if the device has failed.
    pub async fn stop_clock(&mut self, plan: &Plan) -> Result<Vec<Timed>> {
        match self {
            Self::Cpu(executor) => Ok(executor.stop_clock()),
            Self::Gpu(executor) => executor.stop_clock(plan).await,
        }
    }

    /// Measures the peak performance of the backend.
    ///
    /// # Errors
    /// The same as [`Executor::start_clock`] and [`Executor::stop_clock`].
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
