//! Marks the rows of a tower whose activity is below the threshold, and counts them. Also counts
//! the rows that were marked at the last decision and no longer are.

use bytemuck::{Pod, Zeroable};

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Operation, Work};

shader!(
    CountStaleShader,
    "count_stale",
    [threshold: Read, activity: Read, stale: WriteExact, tally: WriteExact]
);

/// Counts of a decision. Twin of `shaders/shared/tally.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Tally {
    /// Number of rows below the threshold, in both towers.
    pub stale_rows: u32,
    /// Number of rows that were below the threshold before and no longer are.
    pub woken_rows: u32,
    /// Number of pairs below the threshold.
    pub stale_pairs: u32,
    /// Number of pairs of the next epoch.
    pub kept_pairs: u32,
}

/// See the module.
#[derive(Debug)]
pub struct CountStale {
    /// R, rows of the tower.
    pub rows: usize,
    /// (1) read.
    pub threshold: Buffer,
    /// (R) read.
    pub activity: Buffer,
    /// (R) 1 for a stale row, otherwise 0; read and written.
    pub stale: Buffer,
    /// [`crate::plan::Tally`], added to.
    pub tally: Buffer,
}

impl Operation for CountStale {
    fn work(&self, _: usize) -> Work {
        Work::new(3 * self.rows, 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { threshold, activity, stale, tally, .. } = *self;
        let shader = CountStaleShader { threshold, activity, stale, tally };
        vec![shader.dispatch(threads(self.rows), vec![("ROWS", self.rows.into())])]
    }
}
