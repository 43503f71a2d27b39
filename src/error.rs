//! The error type of the crate. An error names the problem, its place, and the allowed values.

/// Every error of the crate. [`Error::code`] is its stable name, the `code` of the JavaScript
/// `TwoTowerError`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The name or value of an option is not allowed.
    #[error("option `{}`: {problem}; allowed: {allowed}", clip(.key))]
    Config {
        /// Dotted path of the option, such as `optimizer.learningRate`.
        key: String,
        /// The problem.
        problem: String,
        /// Allowed values.
        allowed: String,
    },
    /// This version, this adapter or the current state of the run does not support the request.
    #[error("{} is not available", clip(.what))]
    NotAvailable {
        /// The request.
        what: String,
    },
    /// A file that cannot be trained on.
    #[error("{}: {problem}{}", clip(.file), list(.lines))]
    Data {
        /// Name of the file, or of the part of the data.
        file: String,
        /// The problem.
        problem: String,
        /// The first bad lines, each as `line 7: reason`.
        lines: Vec<String>,
    },
    /// A file that is not a saved run, or a saved run that cannot be resumed.
    #[error("cannot resume from this file: {problem}")]
    Checkpoint {
        /// The problem.
        problem: String,
    },
    /// A user or an item that is not in the training data.
    #[error("{kind} `{}` is not in the training data", clip(.id))]
    UnknownId {
        /// `user` or `item`.
        kind: &'static str,
        /// The requested id.
        id: String,
    },
    /// WebGPU is hidden because the page is not a secure context.
    #[error(
        "WebGPU needs a secure context: serve the page over https, from localhost or as a file"
    )]
    InsecureContext,
    /// WebGPU does not exist.
    #[error("{reason}")]
    NoWebGpu {
        /// The reason, as a sentence.
        reason: String,
    },
    /// WebGPU exists but has no adapter.
    #[error(
        "WebGPU found no graphics adapter: hardware acceleration may be turned off, or the driver blocked"
    )]
    NoAdapter {
        /// Message of the browser or driver.
        reason: String,
    },
    /// The adapter did not provide a device.
    #[error(
        "the graphics adapter did not provide a device: other pages may use it, or its driver needs a restart"
    )]
    DeviceRefused {
        /// Message of the browser or driver.
        reason: String,
    },
    /// The run exceeds a limit of the adapter.
    #[error("`{limit}`: this run needs {wanted}, the adapter allows {available}")]
    Limit {
        /// Name of the limit in WebGPU.
        limit: &'static str,
        /// Value that the run needs.
        wanted: u64,
        /// Value that the adapter allows.
        available: u64,
    },
    /// A run or a file needs more memory than is available.
    #[error("{} needs {} of memory, {}: {}", need.name(), size(*.bytes), room(*.available), need.advice())]
    OutOfMemory {
        /// Purpose of the memory.
        need: Need,
        /// Bytes of all buffers and of memory to read one back, or bytes of the file.
        bytes: u64,
        /// Available bytes, if known.
        available: Option<u64>,
    },
    /// The device was lost during the run.
    #[error("the GPU device was lost: {reason}")]
    DeviceLost {
        /// Message of the browser or driver.
        reason: String,
    },
    /// The GPU rejected a command: an error of this crate, reported with the driver's message.
    #[error("the GPU rejected a command: {message}")]
    Gpu {
        /// Message of the validation.
        message: String,
    },
    /// A loss is not finite.
    #[error(
        "the loss is not finite at step {step} (epoch {epoch}){}: try a lower learning rate or a higher temperature",
        went_back(*.kept)
    )]
    NonFinite {
        /// Global step, from 1.
        step: u64,
        /// Epoch, from 1.
        epoch: u64,
        /// Whole epochs of the copy that the run returned to, if there is one.
        kept: Option<usize>,
    },
    /// A call began while another one was still running.
    #[error("`{call}` was called while another call was still running")]
    Busy {
        /// The rejected call.
        call: &'static str,
    },
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns the stable name of the kind of error, the same in Rust, TypeScript and JSON.
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

    /// Returns the error's fields as JSON.
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
            Self::OutOfMemory { bytes, available, .. } => {
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

/// Purpose of the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants name the purposes")]
pub enum Need {
    Run,
    File,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Run => "this run",
            Self::File => "the file",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Run => "try a smaller `dim`",
            Self::File => "the run is unchanged; close other pages or programs and try again",
        }
    }
}

fn room(available: Option<u64>) -> String {
    available
        .map_or("more than is available".into(), |bytes| format!("{} is available", size(bytes)))
}

/// Returns a number of bytes in units that people read.
fn size(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB"];
    let mut size = bytes as f64;
    for unit in units {
        if size < 1024.0 {
            return format!("{} {unit}", (size * 10.0).round() / 10.0);
        }
        size /= 1024.0;
    }
    format!("{} GiB", (size * 10.0).round() / 10.0)
}

/// Maximum bytes of a text from outside that a message repeats.
const REPEATED: usize = 200;

/// Returns a text from outside for use in a message, shortened if it is long.
pub(crate) fn clip(text: &str) -> String {
    if text.len() <= REPEATED {
        return text.into();
    }
    let end = (0..=REPEATED).rev().find(|&end| text.is_char_boundary(end));
    format!("{}…", &text[..end.unwrap_or(0)])
}

fn went_back(kept: Option<usize>) -> String {
    kept.map_or(String::new(), |epoch| format!("; the model of epoch {epoch} is kept"))
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}
