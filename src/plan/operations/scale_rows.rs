//! Backward pass of a tower to its lists: computes the gradient of each member of a row's list.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Operation, Work};

shader!(ScaleRowsShader, "scale_rows", [d_out: Read, weights: Read, out: Write]);

/// See the module.
#[derive(Debug)]
pub struct ScaleRows {
    /// (`rows`, D) gradient with respect to the sums over lists, read.
    pub d_out: Buffer,
    /// (`rows`) factors of the lists' sums, read.
    pub weights: Buffer,
    /// (`first_row` + `rows`, D) written from row `first_row`.
    pub out: Buffer,
    /// First row of `out` that is written.
    pub first_row: usize,
    /// Rows of `d_out`.
    pub rows: usize,
    /// D, width of a stored row.
    pub dim: usize,
}

impl Operation for ScaleRows {
    fn work(&self, _: usize) -> Work {
        Work::new(self.rows * (1 + 2 * self.dim), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { d_out, weights, out, .. } = *self;
        let shader = ScaleRowsShader { d_out, weights, out };
        vec![shader.dispatch(
            threads(self.rows * self.dim / 4),
            vec![
                ("D4", (self.dim / 4).into()),
                ("ROWS", self.rows.into()),
                ("FIRST", self.first_row.into()),
            ],
        )]
    }
}
