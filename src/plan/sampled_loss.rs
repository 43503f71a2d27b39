//! Sampled softmax where each row has negatives of its own: the loss of each row, and the gradients
//! of both towers' outputs.

use super::dispatch::{Dispatch, Shader, folded, lanes, shader, threads};
use super::{Buffer, Dims, Gradients};

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

/// See the module. BP and KP are B and K up to whole tiles of 8; row b's positive is candidate b, its
/// n negatives are the candidates from B + b·n on.
#[derive(Debug)]
pub struct SampledLoss {
    /// Sizes of the run.
    pub dims: Dims,
    /// τ.
    pub temperature: f32,
    /// Whether log q is subtracted from the logits.
    pub corrected: bool,
    /// (I) log q, read.
    pub log_q: Buffer,
    /// The step's record.
    pub step: Buffer,
    /// (BP, D) user outputs, read.
    pub users: Buffer,
    /// (KP, D) candidates' outputs, read.
    pub items: Buffer,
    /// (S, K) candidates' ids, read.
    pub item_ids: Buffer,
    /// (K) scratch.
    pub d_logits: Buffer,
    /// (S, B) written.
    pub row_loss: Buffer,
    /// Written, for the rows that the step has.
    pub gradients: Gradients,
}

impl SampledLoss {
    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { batch, candidates, dim, .. } = self.dims;
        let per_row = self.dims.per_row();
        let constants = vec![
            ("B", batch.into()),
            ("K", candidates.into()),
            ("PER_ROW", per_row.into()),
            ("D4", (dim / 4).into()),
            ("LANES", lanes(1 + per_row).into()),
            ("TEMPERATURE", self.temperature.into()),
            ("LOG_Q", self.corrected.into()),
        ];
        let dispatch = |shader, buffers: &[Buffer], groups| Dispatch {
            shader,
            buffers: [&[self.step], buffers].concat(),
            constants: constants.clone(),
            groups,
            chunk: 0,
        };
        let vec4s = |rows: usize| threads(rows * dim / 4);
        let mut dispatches = vec![dispatch(
            &ROWS,
            &[self.users, self.items, self.item_ids, self.log_q, self.d_logits, self.row_loss],
            folded(batch),
        )];
        if let Some(d_user) = self.gradients.user {
            let buffers = [self.d_logits, self.items, d_user];
            dispatches.push(dispatch(&D_USER, &buffers, vec4s(batch)));
        }
        let buffers = [self.d_logits, self.users, self.gradients.item];
        dispatches.push(dispatch(&D_ITEM, &buffers, vec4s(candidates)));
        dispatches
    }
}
