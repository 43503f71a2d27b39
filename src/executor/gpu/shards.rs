//! A buffer of a plan on the GPU: one buffer of the device, or shards of whole rows if it is larger
//! than the binding limit.

use std::ops::Range;

use wgpu::BufferUsages;

use super::context::Gpu;
use super::owned::Owned;
use crate::plan::{BufferSpec, ROW_BLOCK};

/// All rows of a buffer, in order.
#[derive(Debug)]
pub struct Shards {
    /// Number of rows of each shard except the last.
    rows: usize,
    /// Number of bytes of each shard except the last.
    bytes: u64,
    parts: Vec<Owned>,
}

/// Returns the size of a buffer's shards, which may have at most `most` bytes: the rows and bytes
/// of each except the last. A buffer that may not be split is a single shard.
pub(super) fn layout(spec: &BufferSpec, may_be_split: bool, most: u64) -> (usize, u64) {
    let row = spec.row as u64 * 4;
    let rows = spec.bytes().div_ceil(row);
    if !may_be_split || spec.bytes() <= most {
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

    /// Returns a shard.
    pub(super) fn part(&self, n: usize) -> &wgpu::Buffer {
        &self.parts[n]
    }

    /// Returns the first row of each shard.
    pub(super) fn firsts(&self) -> Vec<u32> {
        let first = |n: usize| u32::try_from(n * self.rows).expect("rows fit 32 bits");
        (0..self.parts.len()).map(first).collect()
    }

    /// Returns the shards that contain a range of bytes, each with its part of the range.
    ///
    /// # Panics
    /// If the range ends after the buffer.
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
