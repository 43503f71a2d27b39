//! The sizes of a run.

use super::{Extent, TILE};
use crate::config::Config;

/// Smallest length that a row is divided by (`docs/methods.md`, towers).
pub const MIN_NORM: f32 = 1e-12;

/// Number of rows in a block. Shards contain whole blocks: a workgroup of `compact_pairs` processes
/// one block, and a block contains whole tiles.
pub const ROW_BLOCK: usize = 256;

/// Number of losses that the ring holds: enough for many submits of steps.
pub const RING: usize = 4096;

/// Number of items per list in an evaluation.
pub const TOP_K: usize = 20;

/// Largest number of words of a buffer of logits or scores: 8 MiB. The buffer is larger only if 8
/// rows need more.
pub(super) const MATRIX_WORDS: usize = 2 << 20;

/// The sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    /// U, rows of the user table.
    pub users: usize,
    /// I, rows of the item table.
    pub items: usize,
    /// N, training pairs: the length of an epoch if none is skipped.
    pub pairs: usize,
    /// B, pairs in a step.
    pub batch: usize,
    /// K, candidate items of a step: the B positives, then the negatives drawn for it.
    pub candidates: usize,
    /// M, entries of the bank; 0 without one.
    pub bank: usize,
    /// Embedding width as configured.
    pub width: usize,
    /// D, width of a stored embedding: padded with zeros to a multiple of 8.
    pub dim: usize,
    /// Width of a tower's output, as configured.
    pub out_width: usize,
    /// O, width of a stored output: padded with zeros to a multiple of 8.
    pub out: usize,
    /// S, steps in a window: their batches are drawn together.
    pub window: usize,
    /// Q, queries that are ranked at once, a multiple of 8.
    pub queries: usize,
}

impl Dims {
    /// Returns the sizes of a run.
    pub(super) fn new(config: &Config, extent: &Extent) -> Self {
        let out_width = config.towers.item.out_width(config.dim);
        Self {
            users: extent.users,
            items: extent.items,
            pairs: extent.pairs,
            batch: config.batch_size,
            candidates: config.candidates(),
            bank: config.cbns.as_ref().map_or(0, |cbns| cbns.capacity),
            width: config.dim,
            dim: config.dim.next_multiple_of(TILE),
            out_width,
            out: out_width.next_multiple_of(TILE),
            // Enough steps to make drawing cheap, and few enough ids to stay in a cache. The sorted
            // uses of lists must fit in `MATRIX_WORDS`.
            window: (65_536 / config.candidates())
                .min(MATRIX_WORDS / 2 / extent.most_uses(config).next_power_of_two())
                .clamp(4, 64),
            queries: (MATRIX_WORDS / extent.items.next_multiple_of(TILE) / TILE * TILE)
                .clamp(TILE, 512),
        }
    }

    /// Returns n, the negatives of a row, if each row has its own.
    pub fn per_row(&self) -> usize {
        (self.candidates - self.batch) / self.batch
    }

    /// Returns BP: B padded to a multiple of 8.
    pub fn batch_padded(&self) -> usize {
        self.batch.next_multiple_of(TILE)
    }

    /// Returns KP: K padded to a multiple of 8.
    pub fn candidates_padded(&self) -> usize {
        self.candidates.next_multiple_of(TILE)
    }

    /// Returns MP: M padded to a multiple of 8.
    pub fn bank_padded(&self) -> usize {
        self.bank.next_multiple_of(TILE)
    }

    /// Returns IP: I padded to a multiple of 8.
    pub fn items_padded(&self) -> usize {
        self.items.next_multiple_of(TILE)
    }
}
