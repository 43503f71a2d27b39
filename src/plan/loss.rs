//! Inputs and outputs of every loss of a step.

use super::{Buffer, Dims, Work};

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
    /// (BP, O) user outputs, read.
    pub users: Buffer,
    /// (KP, O) candidates' outputs, read; the positives first, in the rows' order.
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
    /// (BP, O) written; none if the user tower has no gradient.
    pub user: Option<Buffer>,
    /// (KP, O) written.
    pub item: Buffer,
}

impl Loss {
    /// Returns the counted work of a loss over this number of scores.
    pub(super) fn work(&self, scores: usize) -> Work {
        let Dims { batch, candidates, out: dim, .. } = self.dims;
        let corrected = if self.corrected { candidates } else { 0 };
        let both = 1 + usize::from(self.gradients.user.is_some());
        // Reads outputs, writes gradients; the scores are one product, each gradient is another.
        let rows = batch * both + 2 * candidates;
        Work::new(rows * dim + candidates + corrected + batch, (1 + both) * scores * dim)
    }
}
