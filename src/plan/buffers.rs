//! The buffers of a plan.

/// A buffer of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Buffer(pub(crate) usize);

/// Buffers that were added one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    pub(super) first: usize,
    pub(super) count: usize,
}

impl Buffers {
    /// Returns the buffers in their order.
    pub fn iter(self) -> impl Iterator<Item = Buffer> {
        (self.first..self.first + self.count).map(Buffer)
    }

    /// Returns the buffers as an array.
    ///
    /// # Panics
    /// If their number is not `N`.
    pub fn array<const N: usize>(self) -> [Buffer; N] {
        assert_eq!(self.count, N, "buffers of an optimiser's state");
        std::array::from_fn(|n| Buffer(self.first + n))
    }
}

/// Description of a buffer.
#[derive(Debug, Clone)]
pub struct BufferSpec {
    /// Its name, for labels and messages.
    pub name: String,
    /// Its length in 32-bit words.
    pub words: usize,
    /// Words of a row: a buffer larger than the binding limit is split between rows.
    pub row: usize,
    /// Its kind of use.
    pub kind: BufferKind,
}

impl BufferSpec {
    /// Returns its length in bytes.
    pub fn bytes(&self) -> u64 {
        self.words as u64 * 4
    }
}

/// Kind of use of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferKind {
    /// Read and written by operations.
    Data,
    /// [`Step`](super::Step) records, which kernels bind as uniforms.
    Steps,
    /// Passes data between the dispatches of one operation; the CPU uses cache-sized scratch
    /// instead.
    GpuScratch,
}
