//! Marks the rows of a tower whose activity is below the threshold, and counts them and the rows
//! that no longer are.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Work};

pub(super) const COUNT_STALE: Shader =
    shader!("count_stale", [threshold: Read, activity: Read, stale: Write, tally: Write]);

/// See the module.
#[derive(Debug)]
pub struct CountStale {
    /// R.
    pub rows: usize,
    /// (1) read.
    pub threshold: Buffer,
    /// (R) read.
    pub activity: Buffer,
    /// (R) 1 for a stale row, otherwise 0; read and written.
    pub stale: Buffer,
    /// [`super::Tally`], added to.
    pub tally: Buffer,
}

impl CountStale {
    pub(super) fn work(&self) -> Work {
        Work::new(3 * self.rows, 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &COUNT_STALE,
            buffers: vec![self.threshold, self.activity, self.stale, self.tally],
            constants: vec![("ROWS", self.rows.into())],
            groups: threads(self.rows),
            chunk: 0,
        }]
    }
}
