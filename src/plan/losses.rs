//! The choice between the losses.

use super::builder::Builder;
use super::operations::softmax_loss::chunk_rows;
use super::run::Run;
use super::{Gradients, Loss, Op, SampledLoss, SoftmaxLoss};
use crate::config::{LogQ, NegativesKind};

impl Builder<'_> {
    /// Returns the loss of the config's negatives: each row's own, or the same for all rows.
    pub fn loss(&mut self, run: &Run) -> Op {
        let dims = self.dims;
        let loss = Loss {
            dims,
            temperature: self.config.temperature,
            corrected: self.config.negatives.log_q != LogQ::Known(false),
            log_q: run.handles.log_q,
            step: run.step.records,
            users: run.user.pass.out,
            items: run.item.pass.out,
            item_ids: run.handles.item_ids,
            row_loss: run.step.row_loss,
            gradients: Gradients { user: run.handles.user.d_out, item: run.item.gradient().out },
        };
        match self.config.negatives.kind {
            NegativesKind::Uniform | NegativesKind::Popularity => {
                let d_logits = self.scratch("logits", dims.candidates);
                Op::from(SampledLoss { loss, d_logits })
            }
            NegativesKind::InBatch | NegativesKind::Mixed => {
                let columns = dims.candidates_padded() + dims.bank_padded();
                let rows = chunk_rows(dims.batch_padded(), columns);
                let logits = self.scratch("logits", rows * columns);
                let bank = run.handles.cbns.map(|cbns| cbns.bank);
                Op::from(SoftmaxLoss { loss, bank, logits, row_lse: run.step.row_lse })
            }
        }
    }
}
