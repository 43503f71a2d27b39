//! The backend of a run: the request for one, and the choice.

use std::str::FromStr;

use serde::Serialize;

use crate::error::{Error, Result, clip};
use crate::plan::Variant;

/// The two backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants are the two backends")]
pub enum BackendKind {
    Cpu,
    WebGpu,
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

/// The requested backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackendRequest {
    /// The backend. `None` takes a hardware GPU if there is one, otherwise the CPU. A request for
    /// WebGPU also takes a software adapter, and fails if there is no adapter.
    pub kind: Option<BackendKind>,
    /// The variant of the kernels on a GPU. `None` takes the faster one; a resumed run keeps its
    /// own.
    pub variant: Option<Variant>,
}

impl BackendRequest {
    /// A hardware GPU if there is one, otherwise the CPU.
    pub const AUTO: Self = Self { kind: None, variant: None };
    /// WebGPU, even on a software adapter; an error if there is none.
    pub const WEBGPU: Self = Self { kind: Some(BackendKind::WebGpu), variant: None };
    /// The CPU.
    pub const CPU: Self = Self { kind: Some(BackendKind::Cpu), variant: None };

    /// Requests a variant of the kernels, too.
    pub fn with_variant(self, variant: Option<Variant>) -> Self {
        Self { variant, ..self }
    }
}

impl FromStr for BackendRequest {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "auto" => Ok(Self::AUTO),
            "webgpu" => Ok(Self::WEBGPU),
            "cpu" => Ok(Self::CPU),
            _ => Err(Error::Config {
                key: "backend".into(),
                problem: format!("\"{}\" is not allowed", clip(word)),
                allowed: "\"auto\" or \"webgpu\" or \"cpu\"".into(),
            }),
        }
    }
}

/// Requests the same backend and variant.
impl From<&Backend> for BackendRequest {
    fn from(backend: &Backend) -> Self {
        Self { kind: Some(backend.kind), variant: backend.variant }
    }
}

/// The chosen backend, and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// The backend.
    #[serde(rename = "backend")]
    pub kind: BackendKind,
    /// The adapter's name; empty if a browser hides it.
    pub adapter: String,
    /// The variant of its kernels, on a GPU.
    #[serde(rename = "shape")]
    pub variant: Option<Variant>,
    /// The reason for the choice, as a clause.
    pub reason: String,
}
