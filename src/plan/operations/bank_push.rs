//! Adds the gradient that the bank's users give to the batch's candidates; the users' vectors count
//! as constants. Without this part, items drift towards the users (`docs/methods.md`, CBNS).

use super::softmax_loss::chunk_rows;
use crate::plan::dispatch::{Chunk, Dispatch, Kernel, shader, tiles};
use crate::plan::{Buffer, Dims, Entry, Operation, Work};

shader!(
    BankPushWeightsShader,
    "bank_push_weights",
    [
        step: Step, chunk: Chunk, bank_users: Read, bank_entries: Read, items: Read, item_ids: Read,
        log_q: Read, weights: Write,
    ]
);
shader!(
    BankPushDItemShader,
    "bank_push_d_item",
    [step: Step, chunk: Chunk, weights: Read, bank_users: Read, d_item: Write]
);

/// See the module.
#[derive(Debug)]
pub struct BankPush {
    /// Sizes of the run.
    pub dims: Dims,
    /// τ.
    pub temperature: f32,
    /// Whether log q is subtracted.
    pub corrected: bool,
    /// The step's record.
    pub step: Buffer,
    /// (MP, O) read.
    pub bank_users: Buffer,
    /// (M) read.
    pub bank_entries: Buffer,
    /// (KP, O) candidates' outputs, read.
    pub items: Buffer,
    /// (S, K) read.
    pub item_ids: Buffer,
    /// (I) read.
    pub log_q: Buffer,
    /// (C, KP) scratch.
    pub weights: Buffer,
    /// (KP, O) added to.
    pub d_item: Buffer,
}

impl BankPush {
    /// Returns the number of banked users whose weights are stored at once.
    pub fn chunk_rows(dims: &Dims) -> usize {
        chunk_rows(dims.bank_padded(), dims.candidates_padded())
    }
}

impl Operation for BankPush {
    fn work(&self, bank: usize) -> Work {
        let Dims { candidates, out: dim, .. } = self.dims;
        let corrected = if self.corrected { candidates } else { 0 };
        let own = candidates + corrected + 3 * candidates * dim;
        Work::new(own + bank * (dim + Entry::WORDS), 2 * candidates * bank * dim)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { batch, candidates, bank, out: dim, .. } = self.dims;
        let (columns, bank_padded) = (self.dims.candidates_padded(), self.dims.bank_padded());
        let rows = Self::chunk_rows(&self.dims);
        let constants = || {
            vec![
                ("B", batch.into()),
                ("K", candidates.into()),
                ("KP", columns.into()),
                ("COLUMNS", columns.into()),
                ("M", bank.into()),
                ("MP", bank_padded.into()),
                ("C", rows.into()),
                ("D4", (dim / 4).into()),
                ("TEMPERATURE", self.temperature.into()),
                ("LOG_Q", self.corrected.into()),
            ]
        };
        let Self {
            step, bank_users, bank_entries, items, item_ids, log_q, weights, d_item, ..
        } = *self;
        let dispatches = |chunk| {
            let chunk = Chunk::new(chunk);
            let pushes = BankPushWeightsShader {
                step,
                chunk,
                bank_users,
                bank_entries,
                items,
                item_ids,
                log_q,
                weights,
            };
            let d_item = BankPushDItemShader { step, chunk, weights, bank_users, d_item };
            [
                pushes.dispatch(tiles(columns, rows), constants()),
                d_item.dispatch(tiles(dim, columns), constants()),
            ]
        };
        (0..bank_padded.div_ceil(rows)).flat_map(dispatches).collect()
    }
}
