//! Negatives that are drawn for a step, in addition to or instead of the batch's other items.

use super::super::builder::Builder;
use super::super::run::Run;
use super::super::{Dims, DrawNegatives, Handles, Op, Pool};
use super::{Part, Technique};
use crate::config::NegativesKind;

struct DrawnNegatives {
    dims: Dims,
    seed: u32,
    pool: Pool,
}

pub(super) fn add(builder: &mut Builder<'_>) -> Option<Part> {
    let Dims { users, items, pairs, .. } = builder.dims;
    if !builder.extent.shuffled {
        return None;
    }
    let pool = match builder.config.negatives.kind {
        NegativesKind::InBatch => return None,
        NegativesKind::Uniform => Pool::Uniform {
            offsets: builder.buffer("train_offsets", users + 1),
            items: builder.buffer("train_items", pairs),
        },
        NegativesKind::Popularity => {
            Pool::Popularity { cumulative: builder.buffer("cumulative", items) }
        }
        NegativesKind::Mixed => Pool::Mixed,
    };
    Some(Box::new(DrawnNegatives { dims: builder.dims, seed: builder.config.seed, pool }))
}

impl Technique for DrawnNegatives {
    fn publish(&self, handles: &mut Handles) {
        handles.pool = Some(self.pool);
    }

    fn after_draw(&self, run: &Run) -> Vec<Op> {
        vec![Op::from(DrawNegatives {
            dims: self.dims,
            seed: self.seed,
            pool: self.pool,
            steps: run.step.records,
            user_ids: run.step.user_ids,
            item_ids: run.handles.item_ids,
        })]
    }
}
