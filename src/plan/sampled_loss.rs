//! Sampled softmax in which each row has negatives of its own: the loss of each row, and the
//! gradients of both towers' outputs.

use super::dispatch::{Dispatch, Shader, folded, lanes, shader, threads};
use super::{Buffer, Dims, Loss, Work};

pub(super) const ROWS: Shader = shader!(
    "sampled_loss_rows",
    [
        step: Step, users: Read, items: Read, item_ids: Read, log_q: Read, d_logits: Write,
        row_loss: Write,
    ]
);
pub(super) const D_USER: Shader =
    shader!("sampled_loss_d_user", [step: Step, d_logits: Read, items: Read, d_user: Write]);
pub(super) const D_ITEM: Shader =
    shader!("sampled_loss_d_item", [step: Step, d_logits: Read, users: Read, d_item: Write]);

/// See the module. Row b's positive is candidate b; its n negatives start at candidate B + b·n.
#[derive(Debug)]
pub struct SampledLoss {
    /// Inputs and outputs that every loss has.
    pub loss: Loss,
    /// (K) scratch.
    pub d_logits: Buffer,
}

impl SampledLoss {
    pub(super) fn work(&self) -> Work {
        self.loss.work(self.loss.dims.candidates)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let loss = &self.loss;
        let Dims { batch, candidates, out: dim, .. } = loss.dims;
        let per_row = loss.dims.per_row();
        let constants = vec![
            ("B", batch.into()),
            ("K", candidates.into()),
            ("PER_ROW", per_row.into()),
            ("D4", (dim / 4).into()),
            ("LANES", lanes(1 + per_row)),
            ("TEMPERATURE", loss.temperature.into()),
            ("LOG_Q", loss.corrected.into()),
        ];
        let dispatch = |shader, buffers: &[Buffer], groups| Dispatch {
            shader,
            buffers: [&[loss.step], buffers].concat(),
            constants: constants.clone(),
            groups,
            chunk: 0,
        };
        let vec4s = |rows: usize| threads(rows * dim / 4);
        let mut dispatches = vec![dispatch(
            &ROWS,
            &[loss.users, loss.items, loss.item_ids, loss.log_q, self.d_logits, loss.row_loss],
            folded(batch),
        )];
        if let Some(d_user) = loss.gradients.user {
            let buffers = [self.d_logits, loss.items, d_user];
            dispatches.push(dispatch(&D_USER, &buffers, vec4s(batch)));
        }
        let buffers = [self.d_logits, loss.users, loss.gradients.item];
        dispatches.push(dispatch(&D_ITEM, &buffers, vec4s(candidates)));
        dispatches
    }
}
