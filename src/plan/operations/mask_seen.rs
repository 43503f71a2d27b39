//! Masks the scores of the items that users have seen.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, folded, shader};
use crate::plan::{Buffer, Dims, Operation};

shader!(
    MaskSeenShader,
    "mask_seen",
    [step: Step, shard: Shard, users: Read, seen_offsets: Read, seen_items: ReadRows, scores: Write]
);

/// Masks the scores of each user's seen items.
#[derive(Debug)]
pub struct MaskSeen {
    /// Sizes of the run.
    pub dims: Dims,
    /// Record of the block.
    pub step: Buffer,
    /// (Q) read.
    pub users: Buffer,
    /// (U + 1) read.
    pub offsets: Buffer,
    /// The users' seen items, user after user; read.
    pub items: Buffer,
    /// (Q, IP) written at the seen items.
    pub scores: Buffer,
}

impl Operation for MaskSeen {
    fn dispatches(&self) -> Vec<Dispatch> {
        let Self { step, users, scores, .. } = *self;
        let shader = MaskSeenShader {
            step,
            shard: Shard,
            users,
            seen_offsets: self.offsets,
            seen_items: self.items,
            scores,
        };
        vec![shader.dispatch(
            folded(self.dims.queries),
            vec![
                ("IP", self.dims.items_padded().into()),
                // A user's list has some tens of items.
                ("LANES", 32u32.into()),
            ],
        )]
    }
}
