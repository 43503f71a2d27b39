//! OneBP (Chen & Wang 2024): the user tower is a table without gradient and optimiser. After the item
//! tower's step, each user of the batch moves towards the outputs of their items.

use super::super::builder::Builder;
use super::super::run::Run;
use super::super::{AggregateUsers, Op};
use super::{Part, Technique};
use crate::config::Config;

/// Returns whether users have a gradient; otherwise their table holds outputs.
pub fn trains_users(config: &Config) -> bool {
    config.onebp.is_none()
}

struct OneBp {
    /// β, the share of a user's vector that is kept.
    beta: f32,
}

pub(super) fn add(builder: &mut Builder<'_>) -> Option<Part> {
    let beta = builder.config.onebp.as_ref()?.beta;
    Some(Box::new(OneBp { beta }))
}

impl Technique for OneBp {
    /// Computes the positives' outputs again, then moves the users.
    fn after_updates(&self, builder: &Builder<'_>, run: &Run) -> Vec<Op> {
        let users = run.user.parts.id.expect("users have a table").table;
        // The positives come first among the candidates.
        let positives = run.item.pass.first(builder.dims.batch_padded());
        let mut ops = builder.forward(&run.item.parts, &positives);
        ops.push(Op::from(AggregateUsers {
            dims: builder.dims,
            beta: self.beta,
            step: run.step.records,
            order: run.step.user_order,
            items: run.item.pass.out,
            users,
        }));
        ops
    }
}
