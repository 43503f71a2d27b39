//! The buffers of a plan on the CPU: 32-bit words, which each operation views as its element type.

use bytemuck::Pod;

use crate::error::{Error, Need, Result};
use crate::plan::{Buffer, BufferKind, BufferSpec, Plan, STEP_STRIDE, STEP_WORDS, Step};

/// All buffers of a run, and the scratch that operations share.
#[derive(Debug, Default)]
pub struct Memory {
    buffers: Vec<Vec<u32>>,
    scratch: Vec<f32>,
}

impl Memory {
    /// Allocates a plan's buffers, all zero.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(plan: &Plan) -> Result<Self> {
        let words = |spec: &BufferSpec| match spec.kind {
            BufferKind::Data | BufferKind::Steps => spec.words,
            BufferKind::GpuScratch => 0,
        };
        // Reading a buffer copies it, so the run always needs room for a copy of the largest.
        let largest = plan.buffers.iter().map(words).max().unwrap_or(0);
        let shortage = Error::OutOfMemory {
            need: Need::Run,
            bytes: wanted(plan),
            available: wasm_memory().map(|used| MEMORY - used),
        };
        let reserve = |words: usize| {
            let mut buffer: Vec<u32> = Vec::new();
            let reserved = buffer.try_reserve_exact(words);
            reserved.map(|()| buffer).map_err(|_| shortage.clone())
        };
        // All buffers are reserved before any is written.
        let sizes = plan.buffers.iter().map(words);
        let mut buffers = sizes.clone().map(reserve).collect::<Result<Vec<_>>>()?;
        reserve(largest)?;
        for (buffer, words) in buffers.iter_mut().zip(sizes) {
            buffer.resize(words, 0);
        }
        Ok(Self { buffers, scratch: Vec::new() })
    }

    /// Returns whether there are no buffers.
    pub fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }

    /// Returns a buffer's words.
    pub fn words(&mut self, buffer: Buffer) -> &mut [u32] {
        &mut self.buffers[buffer.0]
    }

    /// Returns several buffers at once; they must be distinct.
    pub fn many<const N: usize>(&mut self, buffers: [Buffer; N]) -> [&mut [u32]; N] {
        self.many_and(buffers, []).0
    }

    /// Returns several buffers at once, and some optional ones.
    pub fn many_and<const N: usize, const M: usize>(
        &mut self,
        buffers: [Buffer; N],
        optional: [Option<Buffer>; M],
    ) -> ([&mut [u32]; N], [Option<&mut [u32]>; M]) {
        let (mut found, mut extra) = ([const { None }; N], [const { None }; M]);
        for (index, words) in self.buffers.iter_mut().enumerate() {
            let this = Buffer(index);
            if let Some(n) = buffers.iter().position(|&buffer| buffer == this) {
                found[n] = Some(words.as_mut_slice());
            } else if let Some(n) = optional.iter().position(|&buffer| buffer == Some(this)) {
                extra[n] = Some(words.as_mut_slice());
            }
        }
        (found.map(|words| words.expect("an operation's buffers are distinct")), extra)
    }

    /// Returns the step record of a slot.
    pub fn step(&mut self, buffer: Buffer, slot: usize) -> Step {
        bytemuck::cast_slice(&self.words(buffer)[slot * STEP_STRIDE..][..STEP_WORDS])[0]
    }

    /// Takes the shared scratch, at least `len` long, with arbitrary contents. Return it with
    /// [`Self::give_scratch`].
    pub fn take_scratch(&mut self, len: usize) -> Vec<f32> {
        let mut scratch = std::mem::take(&mut self.scratch);
        if scratch.len() < len {
            scratch.resize(len, 0.0);
        }
        scratch
    }

    /// Gives the shared scratch back, for the next operation.
    pub fn give_scratch(&mut self, scratch: Vec<f32>) {
        self.scratch = scratch;
    }
}

/// Bytes that can be addressed: 4 GiB in WebAssembly.
const MEMORY: u64 = if cfg!(target_arch = "wasm32") { 1 << 32 } else { 1 << 47 };

/// Returns the bytes that a plan takes, with a copy of its largest buffer: a read makes one.
fn wanted(plan: &Plan) -> u64 {
    let largest = plan.buffers.iter().filter(|spec| spec.kind != BufferKind::GpuScratch);
    plan.bytes(false).saturating_add(largest.map(BufferSpec::bytes).max().unwrap_or(0))
}

/// Refuses a plan that takes more memory than can be addressed.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn check(plan: &Plan) -> Result<()> {
    let (need, bytes) = (Need::Run, wanted(plan));
    if bytes <= MEMORY {
        return Ok(());
    }
    Err(Error::OutOfMemory { need, bytes, available: Some(MEMORY) })
}

/// Returns the size of WebAssembly's memory in bytes. It never shrinks, so this is also its peak.
pub fn wasm_memory() -> Option<u64> {
    #[cfg(target_arch = "wasm32")]
    {
        const PAGE: u64 = 1 << 16;
        Some(core::arch::wasm32::memory_size::<0>() as u64 * PAGE)
    }
    #[cfg(not(target_arch = "wasm32"))]
    None
}

/// Views words as elements of another 4-byte type.
pub fn view<T: Pod>(words: &mut [u32]) -> &mut [T] {
    bytemuck::cast_slice_mut(words)
}
