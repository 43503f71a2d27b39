//! Feature drift of the item tower: the distance of outputs from a snapshot. If it is small, banked
//! outputs are as good as fresh ones (Wang, Zhu & He 2021).

use super::dispatch::{Dispatch, Shader, shader, threads};
use super::{Buffer, Dims};

pub(super) const ITEM_DRIFT: Shader =
    shader!("item_drift", [shard: Shard, before: ReadRows, now: ReadRows, drift: Write]);

/// See the module.
#[derive(Debug)]
pub struct ItemDrift {
    /// Sizes of the run.
    pub dims: Dims,
    /// (IP, D) outputs of the snapshot, read.
    pub before: Buffer,
    /// (IP, D) current outputs, read.
    pub now: Buffer,
    /// (I, 2) distance that each output has moved, and its length; written.
    pub drift: Buffer,
}

impl ItemDrift {
    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        vec![Dispatch {
            shader: &ITEM_DRIFT,
            buffers: vec![self.before, self.before, self.now, self.drift],
            constants: vec![("D4", (self.dims.out / 4).into()), ("ITEMS", self.dims.items.into())],
            groups: threads(self.dims.items),
            chunk: 0,
        }]
    }
}
