//! CBNS (Wang, Zhu & He 2021): a ring of item outputs of earlier batches, used as additional
//! negatives. It is never copied or shifted. With both sides, banked users also push the batch's
//! items away, so that items do not drift towards the users (`docs/methods.md`, CBNS).

use super::dispatch::{Dispatch, Shader, shader, threads, tiles};
use super::softmax_loss::chunk_rows;
use super::{Buffer, Dims, Word, Work};

pub(super) const BANK_PUSH_WEIGHTS: Shader = shader!(
    "bank_push_weights",
    [
        step: Step, chunk: Chunk, bank_users: Read, bank_entries: Read, items: Read, item_ids: Read,
        log_q: Read, weights: Write,
    ]
);
pub(super) const BANK_PUSH_D_ITEM: Shader = shader!(
    "bank_push_d_item",
    [step: Step, chunk: Chunk, weights: Read, bank_users: Read, d_item: Write]
);
pub(super) const ENQUEUE_ROWS: Shader =
    shader!("enqueue_rows", [step: Step, rows: Read, bank: Write]);
pub(super) const ENQUEUE_ENTRIES: Shader = shader!(
    "enqueue_entries",
    [step: Step, item_ids: Read, log_q: Read, row_lse: Read, bank_entries: Write]
);

/// Entry of the bank: all that it keeps of an earlier batch's row except its outputs. Twin of
/// `shaders/shared/bank.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Entry {
    /// The positive's id.
    pub item: u32,
    /// log q of that item in the step of the row.
    pub log_q: f32,
    /// z: the row's log-sum-exp minus the log of its number of candidates.
    pub mean_logit: f32,
    /// Padding to a whole vec4.
    pub padding: u32,
}

impl Entry {
    /// Length of an entry in 32-bit words.
    pub const WORDS: usize = size_of::<Self>() / 4;

    /// Returns the allowed values of each word, for a catalogue of `items`.
    pub(super) fn words(items: usize) -> [Word; Self::WORDS] {
        [Word::Below(items as u32), Word::Real, Word::Real, Word::Below(1)]
    }
}

/// The buffers of the bank: M·(2D + 4) words with both sides.
#[derive(Debug, Clone, Copy)]
pub struct Bank {
    /// (MP, D) item outputs; MP is M padded to a multiple of 8.
    pub items: Buffer,
    /// (MP, D) user outputs; none if only items are banked.
    pub users: Option<Buffer>,
    /// (M) [`Entry`].
    pub entries: Buffer,
}

/// Adds the gradient of the batch's candidates from banked users, which count as constants.
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
    /// (MP, D) read.
    pub bank_users: Buffer,
    /// (M) read.
    pub bank_entries: Buffer,
    /// (KP, D) candidates' outputs, read.
    pub items: Buffer,
    /// (S, K) read.
    pub item_ids: Buffer,
    /// (I) read.
    pub log_q: Buffer,
    /// (C, KP) scratch.
    pub weights: Buffer,
    /// (KP, D) added to.
    pub d_item: Buffer,
}

impl BankPush {
    /// Returns the number of banked users whose weights are stored at once.
    pub(super) fn chunk_rows(dims: &Dims) -> usize {
        chunk_rows(dims.bank_padded(), dims.candidates_padded())
    }

    /// Returns the counted work with `bank` filled entries of the bank.
    pub(super) fn work(&self, bank: usize) -> Work {
        let Dims { candidates, out: dim, .. } = self.dims;
        let corrected = if self.corrected { candidates } else { 0 };
        let own = candidates + corrected + 3 * candidates * dim;
        Work::new(own + bank * (dim + Entry::WORDS), 2 * candidates * bank * dim)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { batch, candidates, bank, out: dim, .. } = self.dims;
        let (columns, bank_padded) = (self.dims.candidates_padded(), self.dims.bank_padded());
        let rows = Self::chunk_rows(&self.dims);
        let constants = vec![
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
        ];
        let dispatch = |shader, buffers: &[Buffer], groups, chunk: usize| Dispatch {
            shader,
            buffers: [&[self.step, self.step], buffers].concat(),
            constants: constants.clone(),
            groups,
            chunk: u32::try_from(chunk).expect("chunks are few"),
        };
        (0..bank_padded.div_ceil(rows))
            .flat_map(|chunk| {
                [
                    dispatch(
                        &BANK_PUSH_WEIGHTS,
                        &[
                            self.bank_users,
                            self.bank_entries,
                            self.items,
                            self.item_ids,
                            self.log_q,
                            self.weights,
                        ],
                        tiles(columns, rows),
                        chunk,
                    ),
                    dispatch(
                        &BANK_PUSH_D_ITEM,
                        &[self.weights, self.bank_users, self.d_item],
                        tiles(dim, columns),
                        chunk,
                    ),
                ]
            })
            .collect()
    }
}

/// Writes the outputs of a step's forward pass to the bank.
#[derive(Debug)]
pub struct Enqueue {
    /// Sizes of the run.
    pub dims: Dims,
    /// Whether log q is subtracted.
    pub corrected: bool,
    /// The step's record.
    pub step: Buffer,
    /// (BP, D) user outputs, read.
    pub users: Buffer,
    /// (KP, D) candidates' outputs, read: the positives come first.
    pub items: Buffer,
    /// (S, K) read.
    pub item_ids: Buffer,
    /// (I) read.
    pub log_q: Buffer,
    /// (B) read.
    pub row_lse: Buffer,
    /// Written at the places of the step's rows.
    pub bank: Bank,
}

impl Enqueue {
    pub(super) fn work(&self) -> Work {
        let Dims { batch, out: dim, .. } = self.dims;
        let sides = 1 + usize::from(self.bank.users.is_some());
        // An entry is made of an id, its log q and the row's log-sum-exp.
        Work::new(batch * (2 * sides * dim + 3 + Entry::WORDS), 0)
    }

    pub(super) fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { batch, candidates, bank, out: dim, .. } = self.dims;
        let dispatch = |shader, buffers, count: usize| Dispatch {
            shader,
            buffers,
            constants: vec![
                ("B", batch.into()),
                ("K", candidates.into()),
                ("M", bank.into()),
                ("D4", (dim / 4).into()),
                ("LOG_Q", self.corrected.into()),
            ],
            groups: threads(count),
            chunk: 0,
        };
        let rows = |from, to| dispatch(&ENQUEUE_ROWS, vec![self.step, from, to], batch * dim / 4);
        let mut dispatches = vec![
            rows(self.items, self.bank.items),
            dispatch(
                &ENQUEUE_ENTRIES,
                vec![self.step, self.item_ids, self.log_q, self.row_lse, self.bank.entries],
                batch,
            ),
        ];
        dispatches.extend(self.bank.users.map(|to| rows(self.users, to)));
        dispatches
    }
}
