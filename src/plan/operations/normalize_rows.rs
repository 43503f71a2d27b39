//! Last operation of a tower that is more than a table. Forward, it scales outputs to length 1.
//! Backward, it turns the gradient with respect to the outputs into the one with respect to the
//! unscaled rows.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Operation, Work};

shader!(NormalizeRowsShader, "normalize_rows", [out: Write, norms: Write]);
shader!(
    NormalizeRowsBackShader,
    "normalize_rows_back",
    [step: Step, ids: Read, out: Read, norms: Read, d_out: Write]
);

/// Forward pass, in place.
#[derive(Debug)]
pub struct NormalizeRows {
    /// (`rows`, `dim`) read and written.
    pub out: Buffer,
    /// (`rows`) lengths before the scaling, written.
    pub norms: Buffer,
    /// Rows of `out`.
    pub rows: usize,
    /// Width of a row.
    pub dim: usize,
}

impl Operation for NormalizeRows {
    fn work(&self, _: usize) -> Work {
        let elements = self.rows * self.dim;
        Work::new(2 * elements + self.rows, elements)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        vec![NormalizeRowsShader { out: self.out, norms: self.norms }.dispatch(
            threads(self.rows),
            vec![("D4", (self.dim / 4).into()), ("ROWS", self.rows.into())],
        )]
    }
}

/// Backward pass, in place; sets the gradient of rows that the step does not have to zero.
#[derive(Debug)]
pub struct NormalizeRowsBack {
    /// The step's record: its slot in the window.
    pub step: Buffer,
    /// (S, `ids_per_slot`) read; [`crate::plan::NO_ID`] if a step has fewer ids.
    pub ids: Buffer,
    /// Number of ids from one slot of the window to the next.
    pub ids_per_slot: usize,
    /// (`rows`, `dim`) outputs, read.
    pub out: Buffer,
    /// (`rows`) their lengths before the scaling, read.
    pub norms: Buffer,
    /// (`rows`, `dim`) gradient with respect to the outputs, read; with respect to the unscaled
    /// rows, written.
    pub d_out: Buffer,
    /// Rows of `out`.
    pub rows: usize,
    /// Width of a row.
    pub dim: usize,
    /// Whether outputs were scaled.
    pub normalize: bool,
}

impl Operation for NormalizeRowsBack {
    fn work(&self, _: usize) -> Work {
        let elements = if self.normalize { self.rows * self.dim } else { 0 };
        Work::new(self.ids_per_slot + 3 * elements, 2 * elements)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        vec![
            NormalizeRowsBackShader {
                step: self.step,
                ids: self.ids,
                out: self.out,
                norms: self.norms,
                d_out: self.d_out,
            }
            .dispatch(
                threads(self.rows),
                vec![
                    ("D4", (self.dim / 4).into()),
                    ("SLOT", self.ids_per_slot.into()),
                    ("ROWS", self.rows.into()),
                    ("NORMALIZE", self.normalize.into()),
                ],
            ),
        ]
    }
}
