//! Sampled softmax over the step's candidates: the loss of each row, and the gradients of both
//! towers' outputs. Only the logits of one chunk of rows are stored at a time, never the whole
//! matrix.

use super::dispatch::{Dispatch, Shader, folded, lanes, shader, tiles};
use super::{Bank, Buffer, Dims, Entry, Loss, MATRIX_WORDS, TILE, Work};

pub(super) const LOGITS: Shader = shader!(
    "softmax_loss_logits",
    [step: Step, chunk: Chunk, users: Read, items: Read, item_ids: Read, log_q: Read, logits: Write]
);
pub(super) const BANK_LOGITS: Shader = shader!(
    "bank_logits",
    [
        step: Step, chunk: Chunk, users: Read, item_ids: Read, bank_items: Read, bank_entries: Read,
        logits: Write,
    ]
);
pub(super) const ROWS: Shader = shader!(
    "softmax_loss_rows",
    [step: Step, chunk: Chunk, logits: Write, row_loss: Write, row_lse: Write]
);
pub(super) const D_USER: Shader = shader!(
    "softmax_loss_d_user",
    [step: Step, chunk: Chunk, d_logits: Read, items: Read, d_user: Write]
);
pub(super) const D_ITEM: Shader = shader!(
    "softmax_loss_d_item",
    [step: Step, chunk: Chunk, d_logits: Read, users: Read, d_item: Write]
);

/// Returns the number of rows of logits that are stored at once.
pub(super) fn chunk_rows(batch_padded: usize, columns: usize) -> usize {
    (MATRIX_WORDS / columns / TILE * TILE).clamp(TILE, batch_padded)
}

/// Returns the dispatch of the rows' softmax alone, over logits of `rows` × `columns`; used to
/// measure an adapter.
pub(crate) fn softmax_rows_alone(rows: usize, columns: usize) -> Dispatch {
    Dispatch {
        shader: &ROWS,
        buffers: Vec::new(),
        constants: vec![
            ("B", rows.into()),
            ("COLUMNS", columns.into()),
            ("C", rows.into()),
            ("LANES", lanes(columns / 4)),
            ("TEMPERATURE", 1.0.into()),
        ],
        groups: folded(rows),
        chunk: 0,
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

impl SoftmaxLoss {
    /// Returns the counted work with `bank` filled entries of the bank.
    pub(super) fn work(&self, bank: usize) -> Work {
        let Dims { batch, out: dim, .. } = self.loss.dims;
        let own = self.loss.work(batch * self.loss.dims.candidates);
        let products = 1 + usize::from(self.loss.gradients.user.is_some());
        let banked = Work::new(bank * (dim + Entry::WORDS), products * batch * bank * dim);
        own + Work::new(batch, 0) + banked
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let loss = &self.loss;
        let Dims { batch, candidates, bank, out: dim, .. } = loss.dims;
        let batch_padded = loss.dims.batch_padded();
        let own_columns = loss.dims.candidates_padded();
        let columns = own_columns + loss.dims.bank_padded();
        let chunk_rows = chunk_rows(batch_padded, columns);
        let constants = vec![
            ("B", batch.into()),
            ("K", candidates.into()),
            ("KP", own_columns.into()),
            ("M", bank.into()),
            ("MP", loss.dims.bank_padded().into()),
            ("COLUMNS", columns.into()),
            ("C", chunk_rows.into()),
            ("D4", (dim / 4).into()),
            ("LANES", lanes(columns / 4)),
            ("TEMPERATURE", loss.temperature.into()),
            ("LOG_Q", loss.corrected.into()),
        ];
        let chunks = batch_padded.div_ceil(chunk_rows);
        let dispatch = |shader, buffers: &[Buffer], groups, chunk: usize| Dispatch {
            shader,
            buffers: [&[loss.step, loss.step], buffers].concat(),
            constants: constants.clone(),
            groups,
            chunk: u32::try_from(chunk).expect("chunks are few"),
        };
        let mut dispatches = Vec::new();
        for chunk in 0..chunks {
            dispatches.push(dispatch(
                &LOGITS,
                &[loss.users, loss.items, loss.item_ids, loss.log_q, self.logits],
                tiles(own_columns, chunk_rows),
                chunk,
            ));
            if let Some(bank) = self.bank {
                dispatches.push(dispatch(
                    &BANK_LOGITS,
                    &[loss.users, loss.item_ids, bank.items, bank.entries, self.logits],
                    tiles(columns - own_columns, chunk_rows),
                    chunk,
                ));
            }
            dispatches.push(dispatch(
                &ROWS,
                &[self.logits, loss.row_loss, self.row_lse],
                folded(chunk_rows),
                chunk,
            ));
            if let Some(d_user) = loss.gradients.user {
                let own = (loss.items, 0, own_columns);
                let banked = self.bank.map(|bank| (bank.items, own_columns, columns));
                for (items, first, last) in [Some(own), banked].into_iter().flatten() {
                    let mut part = dispatch(
                        &D_USER,
                        &[self.logits, items, d_user],
                        tiles(dim, chunk_rows),
                        chunk,
                    );
                    part.constants.extend([("FIRST", first.into()), ("LAST", last.into())]);
                    dispatches.push(part);
                }
            }
            dispatches.push(dispatch(
                &D_ITEM,
                &[self.logits, loss.users, loss.gradients.item],
                tiles(dim, own_columns),
                chunk,
            ));
        }
        dispatches
    }
}
