//! The one error type of the crate: what was wrong, where, and what is allowed.

/// Every way in which the crate refuses or fails. [`Error::code`] is its stable name, the `code` of
/// the JavaScript `TwoTowerError`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An option's name or value is not allowed.
    #[error("option `{key}`: {problem}; allowed: {allowed}")]
    Config {
        /// Dotted path of the option, such as `optimizer.learningRate`.
        key: String,
        /// What was wrong with it.
        problem: String,
        /// What it may be.
        allowed: String,
    },
    /// What this version, this adapter or the run as it stands does not have.
    #[error("{what} is not available")]
    NotAvailable {
        /// What was asked for.
        what: String,
    },
    /// A file that cannot be trained on.
    #[error("{file}: {problem}{}", list(.lines))]
    Data {
        /// Name of the file, or of the part of the data.
        file: String,
        /// What was wrong with it.
        problem: String,
        /// The first bad lines, each as `line 7: reason`.
        lines: Vec<String>,
    },
    /// A file of a saved run that cannot be gone on from.
    #[error("this is no saved run that can be gone on from: {problem}")]
    Checkpoint {
        /// What was wrong with it.
        problem: String,
    },
    /// A user or an item that the data does not have.
    #[error("{kind} `{id}` is not in the training data")]
    UnknownId {
        /// `user` or `item`.
        kind: &'static str,
        /// The id as it was asked for.
        id: String,
    },
    /// WebGPU is hidden because the page is not a secure context.
    #[error(
        "WebGPU needs a secure context: serve the page over https, from localhost or as a file"
    )]
    InsecureContext,
    /// There is no WebGPU.
    #[error("{reason}")]
    NoWebGpu {
        /// Why, as a sentence.
        reason: String,
    },
    /// WebGPU is there, but gave no adapter.
    #[error(
        "WebGPU found no graphics adapter: hardware acceleration may be turned off, or the driver blocked"
    )]
    NoAdapter {
        /// What the browser or driver said.
        reason: String,
    },
    /// The adapter refused to give a device.
    #[error(
        "the graphics adapter refused to give a device: other pages may use it, or its driver needs a restart"
    )]
    DeviceRefused {
        /// What the browser or driver said.
        reason: String,
    },
    /// The run needs more than the adapter allows.
    #[error("`{limit}`: this run needs {wanted}, the adapter allows {available}")]
    Limit {
        /// WebGPU's name of the limit.
        limit: &'static str,
        /// What the plan asks for.
        wanted: u64,
        /// What the adapter has.
        available: u64,
    },
    /// The run needs more memory than there is.
    #[error("this run needs {bytes} bytes of memory, {}: try a smaller `dim`", room(*.available))]
    OutOfMemory {
        /// Bytes of all buffers, and of room to read one.
        bytes: u64,
        /// Bytes that there were, where that is known.
        available: Option<u64>,
    },
    /// The device was lost during the run.
    #[error("the GPU device was lost: {reason}")]
    DeviceLost {
        /// What the browser or driver said.
        reason: String,
    },
    /// The GPU refused a command: a fault of this crate, reported with the driver's words.
    #[error("the GPU refused a command: {message}")]
    Gpu {
        /// What the validation said.
        message: String,
    },
    /// The loss stopped being a number.
    #[error(
        "the loss is not finite at step {step} (epoch {epoch}){}: try a lower learning rate or a higher temperature",
        went_back(*.kept)
    )]
    NonFinite {
        /// Global step, from 1.
        step: u64,
        /// Epoch, from 1.
        epoch: u64,
        /// Whole epochs of the copy that the run went back to, if there is one.
        kept: Option<usize>,
    },
    /// A call came in while another one was still at work.
    #[error("`{call}` was called while another call was still at work")]
    Busy {
        /// The call that was refused.
        call: &'static str,
    },
}

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Stable name of the kind of error, the same in Rust, TypeScript and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config { .. } => "config",
            Self::NotAvailable { .. } => "not-available",
            Self::Data { .. } => "data",
            Self::Checkpoint { .. } => "checkpoint",
            Self::UnknownId { .. } => "unknown-id",
            Self::InsecureContext => "insecure-context",
            Self::NoWebGpu { .. } => "no-webgpu",
            Self::NoAdapter { .. } => "no-adapter",
            Self::DeviceRefused { .. } => "device-refused",
            Self::Limit { .. } => "limit",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::DeviceLost { .. } => "device-lost",
            Self::Gpu { .. } => "gpu",
            Self::NonFinite { .. } => "non-finite",
            Self::Busy { .. } => "busy",
        }
    }

    /// The error's fields as data, for a program to act on.
    pub fn data(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Config { key, problem, allowed } => {
                json!({ "key": key, "problem": problem, "allowed": allowed })
            }
            Self::NotAvailable { what } => json!({ "what": what }),
            Self::Data { file, problem, lines } => {
                json!({ "file": file, "problem": problem, "lines": lines })
            }
            Self::Checkpoint { problem } => json!({ "problem": problem }),
            Self::UnknownId { kind, id } => json!({ "kind": kind, "id": id }),
            Self::InsecureContext => json!({}),
            Self::NoWebGpu { reason }
            | Self::NoAdapter { reason }
            | Self::DeviceRefused { reason }
            | Self::DeviceLost { reason } => json!({ "reason": reason }),
            Self::Limit { limit, wanted, available } => {
                json!({ "limit": limit, "wanted": wanted, "available": available })
            }
            Self::OutOfMemory { bytes, available } => {
                json!({ "bytes": bytes, "available": available })
            }
            Self::Gpu { message } => json!({ "message": message }),
            Self::NonFinite { step, epoch, kept } => {
                json!({ "step": step, "epoch": epoch, "kept": kept })
            }
            Self::Busy { call } => json!({ "call": call }),
        }
    }
}

fn room(available: Option<u64>) -> String {
    available.map_or("more than there is".into(), |bytes| format!("there are {bytes}"))
}

fn went_back(kept: Option<usize>) -> String {
    kept.map_or(String::new(), |epoch| format!("; the model of epoch {epoch} is kept"))
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}
