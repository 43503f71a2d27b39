//! The loss of a step: inputs and outputs that every loss has, and the choice between them.

use super::builder::Builder;
use super::operations::softmax_loss::chunk_rows;
use super::run::Run;
use super::{Buffer, Dims, Op, SampledLoss, SoftmaxLoss, Work};
use crate::config::{LogQ, NegativesKind};

/// The inputs and outputs of a loss. BP and KP are B and K padded to a multiple of 8.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
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
    /// (KP, D) candidates' outputs, read; the positives first, in the rows' order.
    pub items: Buffer,
    /// (S, K) candidates' ids, read.
    pub item_ids: Buffer,
    /// (S, B) written.
    pub row_loss: Buffer,
    /// Written for the rows of the step.
    pub gradients: Gradients,
}

/// Gradients of the towers' outputs.
#[derive(Debug, Clone, Copy)]
pub struct Gradients {
    /// (BP, D) written; none if the user tower has no gradient.
    pub user: Option<Buffer>,
    /// (KP, D) written.
    pub item: Buffer,
}

impl Loss {
    /// Returns the counted work if `scores` scores are computed.
    pub(super) fn work(&self, scores: usize) -> Work {
        let Dims { batch, candidates, out: dim, .. } = self.dims;
        let corrected = if self.corrected { candidates } else { 0 };
        let both = 1 + usize::from(self.gradients.user.is_some());
        // Reads outputs, writes gradients; the scores are one product, each gradient is another.
        let rows = batch * both + 2 * candidates;
        Work::new(rows * dim + candidates + corrected + batch, (1 + both) * scores * dim)
    }
}

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
