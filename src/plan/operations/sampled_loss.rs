//! Sampled softmax in which each row has negatives of its own: the loss of each row, and the
//! gradients of both towers' outputs.

use crate::plan::dispatch::{Dispatch, Kernel, folded, lanes, shader, threads};
use crate::plan::{Buffer, Dims, Loss, Operation, Work};

shader!(
    SampledLossRowsShader,
    "sampled_loss_rows",
    [
        step: Step, users: Read, items: Read, item_ids: Read, log_q: Read, d_logits: Write,
        row_loss: Write,
    ]
);
shader!(
    SampledLossDUserShader,
    "sampled_loss_d_user",
    [step: Step, d_logits: Read, items: Read, d_user: Write]
);
shader!(
    SampledLossDItemShader,
    "sampled_loss_d_item",
    [step: Step, d_logits: Read, users: Read, d_item: Write]
);

/// See the module. Row b's positive is candidate b; its n negatives start at candidate B + b·n.
#[derive(Debug)]
pub struct SampledLoss {
    /// Inputs and outputs that every loss has.
    pub loss: Loss,
    /// (K) scratch.
    pub d_logits: Buffer,
}

impl Operation for SampledLoss {
    fn work(&self, _: usize) -> Work {
        self.loss.work(self.loss.dims.candidates)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Loss { dims, step, users, items, item_ids, log_q, row_loss, .. } = self.loss;
        let Dims { batch, candidates, out: dim, .. } = dims;
        let d_logits = self.d_logits;
        let constants = || {
            vec![
                ("B", batch.into()),
                ("K", candidates.into()),
                ("PER_ROW", dims.per_row().into()),
                ("D4", (dim / 4).into()),
                ("LANES", lanes(1 + dims.per_row())),
                ("TEMPERATURE", self.loss.temperature.into()),
                ("LOG_Q", self.loss.corrected.into()),
            ]
        };
        let vec4s = |rows: usize| threads(rows * dim / 4);
        let rows =
            SampledLossRowsShader { step, users, items, item_ids, log_q, d_logits, row_loss };
        let mut dispatches = vec![rows.dispatch(folded(batch), constants())];
        if let Some(d_user) = self.loss.gradients.user {
            let d_user = SampledLossDUserShader { step, d_logits, items, d_user };
            dispatches.push(d_user.dispatch(vec4s(batch), constants()));
        }
        let d_item = self.loss.gradients.item;
        let d_item = SampledLossDItemShader { step, d_logits, users, d_item };
        dispatches.push(d_item.dispatch(vec4s(candidates), constants()));
        dispatches
    }
}
