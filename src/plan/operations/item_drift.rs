//! Feature drift of the item tower: the distance of outputs from a snapshot. If it is small, banked
//! outputs are as good as fresh ones (Wang, Zhu & He 2021).

use crate::plan::dispatch::{Dispatch, Kernel, Shard, shader, threads};
use crate::plan::{Buffer, Dims, Operation};

shader!(
    ItemDriftShader,
    "item_drift",
    [shard: Shard, before: ReadRows, now: ReadRows, drift: Write]
);

/// See the module.
#[derive(Debug)]
pub struct ItemDrift {
    /// Sizes of the run.
    pub dims: Dims,
    /// (IP, O) outputs of the snapshot, read.
    pub before: Buffer,
    /// (IP, O) current outputs, read.
    pub now: Buffer,
    /// (I, 2) distance that each output has moved, and its length; written.
    pub drift: Buffer,
}

impl Operation for ItemDrift {
    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { before, now, drift, .. } = *self;
        let shader = ItemDriftShader { shard: Shard, before, now, drift };
        vec![shader.dispatch(
            threads(self.dims.items),
            vec![("D4", (self.dims.out / 4).into()), ("ITEMS", self.dims.items.into())],
        )]
    }
}
