//! Masks the scores of items that a ranking excludes for all users.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Dims, Operation};

shader!(MaskBarredShader, "mask_barred", [step: Step, barred: Read, scores: Write]);

/// Masks the scores of barred items for a whole block.
#[derive(Debug)]
pub struct MaskBarred {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (⌈I/32⌉) read: one bit per item, the lowest bit first.
    pub barred: Buffer,
    /// (Q, IP) written at the barred items.
    pub scores: Buffer,
}

impl Operation for MaskBarred {
    fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { items, queries, .. } = self.dims;
        let words = items.div_ceil(32);
        let Self { step, barred, scores, .. } = *self;
        let shader = MaskBarredShader { step, barred, scores };
        vec![shader.dispatch(
            threads(queries * words),
            vec![
                ("IP", self.dims.items_padded().into()),
                ("ITEMS", items.into()),
                ("WORDS", words.into()),
            ],
        )]
    }
}
