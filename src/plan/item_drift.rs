//! Feature drift of the item tower: how far outputs have moved since a snapshot. Where it is small,
//! banked outputs are as good as fresh ones (Wang, Zhu & He 2021).

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Dims, Work};

pub(super) const ITEM_DRIFT: Shader =
    shader!("item_drift", [before: Read, now: Read, drift: Write]);

/// See the module.
#[derive(Debug)]
pub struct ItemDrift {
    /// Sizes of the run.
    pub dims: Dims,
    /// (IP, D) outputs then, read.
    pub before: Buffer,
    /// (IP, D) outputs now, read.
    pub now: Buffer,
    /// (I) how far each has moved, and its length; written.
    pub drift: Buffer,
}

impl ItemDrift {
    /// Counted work.
    pub(super) fn work(&self) -> Work {
        let Dims { items, out: dim, .. } = self.dims;
        Work::new(2 * items * (dim + 1), 2 * items * dim)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &ITEM_DRIFT,
            buffers: vec![self.before, self.now, self.drift],
            constants: vec![("D4", (self.dims.out / 4).into()), ("ITEMS", self.dims.items.into())],
            groups: threads(self.dims.items),
            chunk: 0,
        }]
    }
}
