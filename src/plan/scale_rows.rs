//! Backward pass of a tower to its lists: computes the gradient of each member of a row's list.

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Work};

pub(super) const SCALE_ROWS: Shader =
    shader!("scale_rows", [d_out: Read, weights: Read, out: Write]);

/// See the module.
#[derive(Debug)]
pub struct ScaleRows {
    /// (`rows`, D) gradient by the sums over lists, read.
    pub d_out: Buffer,
    /// (`rows`) factors of the lists' sums, read.
    pub weights: Buffer,
    /// (`first_row` + `rows`, D) written from row `first_row`.
    pub out: Buffer,
    /// First row of `out` that is written.
    pub first_row: usize,
    /// Rows of `d_out`.
    pub rows: usize,
    /// D.
    pub dim: usize,
}

impl ScaleRows {
    pub(super) fn work(&self) -> Work {
        Work::new(self.rows * (1 + 2 * self.dim), 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &SCALE_ROWS,
            buffers: vec![self.d_out, self.weights, self.out],
            constants: vec![
                ("D4", (self.dim / 4).into()),
                ("ROWS", self.rows.into()),
                ("FIRST", self.first_row.into()),
            ],
            groups: threads(self.rows * self.dim / 4),
            chunk: 0,
        }]
    }
}
