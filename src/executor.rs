//! The two executors behind one door, and the choice between them.

use std::ops::Range;
use std::str::FromStr;

use bytemuck::Pod;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::plan::{Buffer, Plan, Program, Shape};
use crate::{cpu, gpu};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// A real GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// WebGPU, be it a software adapter, or an error.
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
                problem: format!("\"{word}\" is not allowed"),
                allowed: "\"auto\" or \"webgpu\" or \"cpu\"".into(),
            }),
        }
    }
}

/// What is asked for, and on a GPU in which shape, if not in the quicker one: a saved run goes on in its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are the two wishes")]
pub struct Wish {
    pub backend: BackendChoice,
    pub shape: Option<Shape>,
}

impl From<BackendChoice> for Wish {
    fn from(backend: BackendChoice) -> Self {
        Self { backend, shape: None }
    }
}

/// What a run computes with, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// Which of the two.
    pub backend: BackendKind,
    /// The adapter's name; empty where a browser hides it.
    pub adapter: String,
    /// The shape of its kernels, on a GPU.
    pub shape: Option<Shape>,
    /// Why this one, as a clause.
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

/// A run of a program.
#[derive(Debug, Clone)]
pub struct Timed {
    /// The program.
    pub program: Program,
    /// Milliseconds of each operation: on a GPU, of each of its dispatches.
    pub operations: Vec<Vec<f64>>,
}

/// What a backend could do at best.
#[cfg(feature = "verify")]
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Multiply-adds a second.
    pub multiply_adds: f64,
    /// Bytes a second that are read or written.
    pub bytes: f64,
}

/// Runs a plan.
#[derive(Debug)]
#[expect(missing_docs, reason = "the variants are the two executors")]
pub enum Executor {
    Cpu(cpu::Executor),
    Gpu(Box<gpu::Executor>),
}

/// The same again.
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
    /// Whether it is the GPU's.
    pub fn is_gpu(self) -> bool {
        self == Self::WebGpu
    }
}

impl Executor {
    /// Chooses a backend and allocates the plan on it.
    ///
    /// # Errors
    /// With [`BackendChoice::WebGpu`], whatever keeps WebGPU from working; with the others,
    /// [`Error::OutOfMemory`] alone.
    pub async fn choose(wish: Wish, plan: &Plan) -> Result<(Self, Backend)> {
        let cpu = |reason: String| {
            let (backend, adapter) = (BackendKind::Cpu, String::new());
            let backend = Backend { backend, adapter, shape: None, reason };
            Ok((Self::Cpu(cpu::Executor::new(plan)?), backend))
        };
        if wish.backend == BackendChoice::Cpu {
            return cpu("it was asked for".into());
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
            return cpu("the only WebGPU adapter is a software one, which is slower".into());
        }
        match gpu::Executor::new(&adapter, plan, wish.shape).await {
            Ok(executor) => {
                let reason = if forced { "it was asked for" } else { "there is a GPU" };
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

    /// Writes elements of 4-byte words at a word offset of a buffer, after all that was run.
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

    /// Copies the first `words` of a buffer into another one, at a word offset.
    pub fn copy(&mut self, from: Buffer, to: Buffer, offset: usize, words: usize) {
        match self {
            Self::Cpu(executor) => executor.copy(from, to, offset, words),
            Self::Gpu(executor) => executor.copy(from, to, offset, words),
        }
    }

    /// Runs a program for a slot of the window, or records it.
    pub fn run(&mut self, plan: &Plan, program: Program, slot: usize) {
        match self {
            Self::Cpu(executor) => executor.run(plan, program, slot),
            Self::Gpu(executor) => executor.run(program, slot),
        }
    }

    /// Times each operation of the programs that are run from now on, to the same bits; on a GPU, each dispatch.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on an adapter without a clock.
    pub fn start_clock(&mut self) -> Result<()> {
        match self {
            Self::Cpu(executor) => executor.start_clock(),
            Self::Gpu(executor) => executor.start_clock()?,
        }
        Ok(())
    }

    /// What was run since the clock was started.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if something went wrong on the way.
    pub async fn stop_clock(&mut self, plan: &Plan) -> Result<Vec<Timed>> {
        match self {
            Self::Cpu(executor) => Ok(executor.stop_clock()),
            Self::Gpu(executor) => executor.stop_clock(plan).await,
        }
    }

    /// What the backend could do at best.
    ///
    /// # Errors
    /// Those of [`Executor::start_clock`] and of [`Executor::stop_clock`].
    #[cfg(feature = "verify")]
    pub async fn limits(&self) -> Result<Limits> {
        match self {
            Self::Cpu(_) => Ok(cpu::probe::limits()),
            Self::Gpu(executor) => executor.limits().await,
        }
    }

    /// Starts reading a range of words, after all that was run.
    pub fn read_later<T: Pod>(&mut self, buffer: Buffer, words: Range<usize>) -> Pending<T> {
        match self {
            Self::Cpu(executor) => Pending::Here(executor.read(buffer, words)),
            Self::Gpu(executor) => Pending::Coming(Box::new(executor.read_later(buffer, words))),
        }
    }

    /// Reads a range of words, after all that was run.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if something went wrong on the way.
    pub async fn read<T: Pod>(&mut self, buffer: Buffer, words: Range<usize>) -> Result<Vec<T>> {
        self.read_later(buffer, words).finish().await
    }
}

/// Words that were asked for.
#[derive(Debug)]
pub enum Pending<T> {
    /// They are here.
    Here(Vec<T>),
    /// They come from the GPU.
    Coming(Box<gpu::Readback>),
}

impl<T: Pod> Pending<T> {
    /// Waits for them.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if something went wrong on the way.
    pub async fn finish(self) -> Result<Vec<T>> {
        match self {
            Self::Here(words) => Ok(words),
            Self::Coming(readback) => readback.finish().await,
        }
    }
}
