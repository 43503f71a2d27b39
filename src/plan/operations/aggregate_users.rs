//! OneBP (Chen & Wang 2024): after the item tower's step, moves each user of the batch towards the
//! outputs of their items. The user tower has no gradient and no optimiser.

use crate::plan::dispatch::{Dispatch, Kernel, Shard, folded, lanes, shader};
use crate::plan::{Buffer, Dims, Operation, Work};

shader!(
    AggregateUsersShader,
    "aggregate_users",
    [step: Step, shard: Shard, order: Read, items: Read, users: WriteRows]
);

/// See the module.
#[derive(Debug)]
pub struct AggregateUsers {
    /// Sizes of the run.
    pub dims: Dims,
    /// β, the share of a user's vector that is kept.
    pub beta: f32,
    /// The step's record.
    pub step: Buffer,
    /// (S, P) sorted users and their rows, read.
    pub order: Buffer,
    /// (BP, O) the positives' outputs after the item tower's step, read.
    pub items: Buffer,
    /// (U, O) read and written. Rows are stored unscaled, and scaled when they are scored.
    pub users: Buffer,
}

impl Operation for AggregateUsers {
    fn work(&self, _: usize) -> Work {
        let Dims { batch, out: dim, .. } = self.dims;
        Work::new(2 * batch.next_power_of_two() + 3 * batch * dim, 2 * batch * dim)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { batch, out: dim, .. } = self.dims;
        let places = batch.next_power_of_two();
        let Self { step, order, items, users, .. } = *self;
        let shader = AggregateUsersShader { step, shard: Shard, order, items, users };
        vec![shader.dispatch(
            folded(places),
            vec![
                ("D4", (dim / 4).into()),
                ("P", places.into()),
                ("LANES", lanes(dim / 4)),
                ("BETA", self.beta.into()),
            ],
        )]
    }
}
