//! Sampled softmax over the step's candidates: the loss of each row, and the gradients of both
//! towers' outputs. Only the logits of one chunk of rows are stored at a time, never the whole
//! matrix.

use crate::plan::dispatch::{Chunk, Constant, Dispatch, Kernel, folded, lanes, shader, tiles};
use crate::plan::{Bank, Buffer, Dims, Entry, Loss, MATRIX_WORDS, Operation, TILE, Work};

shader!(
    SoftmaxLossLogitsShader,
    "softmax_loss_logits",
    [step: Step, chunk: Chunk, users: Read, items: Read, item_ids: Read, log_q: Read, logits: Write]
);
shader!(
    BankLogitsShader,
    "bank_logits",
    [
        step: Step, chunk: Chunk, users: Read, item_ids: Read, bank_items: Read, bank_entries: Read,
        logits: Write,
    ]
);
shader!(
    SoftmaxLossRowsShader,
    "softmax_loss_rows",
    [step: Step, chunk: Chunk, logits: Write, row_loss: Write, row_lse: Write]
);
shader!(
    SoftmaxLossDUserShader,
    "softmax_loss_d_user",
    [step: Step, chunk: Chunk, d_logits: Read, items: Read, d_user: Write]
);
shader!(
    SoftmaxLossDItemShader,
    "softmax_loss_d_item",
    [step: Step, chunk: Chunk, d_logits: Read, users: Read, d_item: Write]
);

/// Returns the number of rows of logits that are stored at once.
pub fn chunk_rows(batch_padded: usize, columns: usize) -> usize {
    (MATRIX_WORDS / columns / TILE * TILE).clamp(TILE, batch_padded)
}

/// Returns the dispatch of the rows' softmax alone, over logits of `rows` × `columns`; used to
/// measure an adapter.
pub(crate) fn softmax_rows_alone(rows: usize, columns: usize) -> Dispatch {
    Dispatch {
        shader: SoftmaxLossRowsShader::SHADER,
        bindings: Vec::new(),
        constants: vec![
            ("B", rows.into()),
            ("COLUMNS", columns.into()),
            ("C", rows.into()),
            ("LANES", lanes(columns / 4)),
            ("TEMPERATURE", 1.0.into()),
        ],
        groups: folded(rows),
    }
}

/// See the module.
#[derive(Debug)]
pub struct SoftmaxLoss {
    /// Inputs and outputs that every loss has.
    pub loss: Loss,
    /// Items of earlier batches, which are further negatives without a gradient.
    pub bank: Option<Bank>,
    /// (C, KP + MP) scratch.
    pub logits: Buffer,
    /// (B) log-sum-exp of each row, written.
    pub row_lse: Buffer,
}

impl Operation for SoftmaxLoss {
    fn work(&self, bank: usize) -> Work {
        let Dims { batch, out: dim, .. } = self.loss.dims;
        let own = self.loss.work(batch * self.loss.dims.candidates);
        let products = 1 + usize::from(self.loss.gradients.user.is_some());
        let banked = Work::new(bank * (dim + Entry::WORDS), products * batch * bank * dim);
        own + Work::new(batch, 0) + banked
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let dims = self.loss.dims;
        let columns = dims.candidates_padded() + dims.bank_padded();
        let rows = chunk_rows(dims.batch_padded(), columns);
        let chunks = dims.batch_padded().div_ceil(rows);
        (0..chunks).flat_map(|chunk| self.chunk(Chunk::new(chunk), rows, columns)).collect()
    }
}

impl SoftmaxLoss {
    /// Returns the dispatches of a chunk of `rows` rows of `columns` logits.
    fn chunk(&self, chunk: Chunk, rows: usize, columns: usize) -> Vec<Dispatch> {
        let Loss { dims, step, users, items, item_ids, log_q, row_loss, .. } = self.loss;
        let Self { logits, row_lse, .. } = *self;
        let (dim, own_columns) = (dims.out, dims.candidates_padded());
        let constants = || self.constants(rows, columns);
        let own_logits =
            SoftmaxLossLogitsShader { step, chunk, users, items, item_ids, log_q, logits };
        let mut dispatches = vec![own_logits.dispatch(tiles(own_columns, rows), constants())];
        if let Some(Bank { items: bank_items, entries: bank_entries, .. }) = self.bank {
            let banked =
                BankLogitsShader { step, chunk, users, item_ids, bank_items, bank_entries, logits };
            dispatches.push(banked.dispatch(tiles(columns - own_columns, rows), constants()));
        }
        let softmax = SoftmaxLossRowsShader { step, chunk, logits, row_loss, row_lse };
        dispatches.push(softmax.dispatch(folded(rows), constants()));
        if let Some(d_user) = self.loss.gradients.user {
            let own = (items, 0, own_columns);
            let banked = self.bank.map(|bank| (bank.items, own_columns, columns));
            for (items, first, last) in [Some(own), banked].into_iter().flatten() {
                let mut constants = constants();
                constants.extend([("FIRST", first.into()), ("LAST", last.into())]);
                let part = SoftmaxLossDUserShader { step, chunk, d_logits: logits, items, d_user };
                dispatches.push(part.dispatch(tiles(dim, rows), constants));
            }
        }
        let d_item = self.loss.gradients.item;
        let d_item = SoftmaxLossDItemShader { step, chunk, d_logits: logits, users, d_item };
        dispatches.push(d_item.dispatch(tiles(dim, own_columns), constants()));
        dispatches
    }

    fn constants(&self, rows: usize, columns: usize) -> Vec<(&'static str, Constant)> {
        let dims = self.loss.dims;
        vec![
            ("B", dims.batch.into()),
            ("K", dims.candidates.into()),
            ("KP", dims.candidates_padded().into()),
            ("M", dims.bank.into()),
            ("MP", dims.bank_padded().into()),
            ("COLUMNS", columns.into()),
            ("C", rows.into()),
            ("D4", (dims.out / 4).into()),
            ("LANES", lanes(columns / 4)),
            ("TEMPERATURE", self.loss.temperature.into()),
            ("LOG_Q", self.loss.corrected.into()),
        ]
    }
}
