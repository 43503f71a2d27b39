//! A buffer of a plan on the GPU: one buffer of the device's, or shards of whole rows where it is longer
//! than one may be.

use std::ops::Range;

use wgpu::BufferUsages;

use super::context::Gpu;
use super::owned::Owned;
use crate::plan::{BufferSpec, ROW_BLOCK};

/// The rows of a buffer, all of them in order.
#[derive(Debug)]
pub struct Shards {
    /// Rows of each but the last.
    rows: usize,
    /// Bytes of each but the last.
    bytes: u64,
    parts: Vec<Owned>,
}

/// How long the shards of a buffer are, where they may have `most` bytes: rows and bytes of each but the
/// last. One that may not be cut is a single shard.
pub(super) fn layout(spec: &BufferSpec, may_be_cut: bool, most: u64) -> (usize, u64) {
    let row = spec.row as u64 * 4;
    let rows = spec.bytes().div_ceil(row);
    if !may_be_cut || spec.bytes() <= most {
        return (rows as usize, spec.bytes());
    }
    let block = ROW_BLOCK as u64;
    let rows = (most / row / block).max(1) * block;
    (rows as usize, (rows * row).min(spec.bytes()))
}

impl Shards {
    /// Allocates a buffer in shards of a layout.
    pub(super) fn new(
        gpu: &Gpu,
        spec: &BufferSpec,
        (rows, bytes): (usize, u64),
        usage: BufferUsages,
    ) -> Self {
        let starts = (0..spec.bytes().div_ceil(bytes)).map(|n| n * bytes);
        let part = |start| gpu.buffer(&spec.name, bytes.min(spec.bytes() - start), usage);
        Self { rows, bytes, parts: starts.map(part).collect() }
    }

    /// Returns the shards.
    pub(super) fn parts(&self) -> &[Owned] {
        &self.parts
    }

    /// A shard.
    pub(super) fn part(&self, n: usize) -> &wgpu::Buffer {
        &self.parts[n]
    }

    /// The first row of each shard.
    pub(super) fn firsts(&self) -> Vec<u32> {
        let first = |n: usize| u32::try_from(n * self.rows).expect("rows fit 32 bits");
        (0..self.parts.len()).map(first).collect()
    }

    /// The shards that a range of bytes lies in, each with what of it is there.
    ///
    /// # Panics
    /// If the range ends behind the buffer.
    pub(super) fn pieces(
        &self,
        bytes: Range<u64>,
    ) -> impl Iterator<Item = (&wgpu::Buffer, Range<u64>)> {
        let len: u64 = self.parts.iter().map(|part| part.size()).sum();
        assert!(bytes.end <= len, "bytes {bytes:?} of a buffer of {len}");
        let starts = (0u64..).map(|n| n * self.bytes);
        self.parts.iter().zip(starts).filter_map(move |(part, start)| {
            let from = bytes.start.max(start);
            let to = bytes.end.min(start + part.size());
            (from < to).then(|| (&**part, from - start..to - start))
        })
    }
}
