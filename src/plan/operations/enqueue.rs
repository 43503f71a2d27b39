//! Writes the outputs of a step's forward pass to the bank: a ring, written in place.

use crate::plan::dispatch::{Dispatch, Kernel, shader, threads};
use crate::plan::{Buffer, Dims, Operation, Word, Work};

shader!(EnqueueRowsShader, "enqueue_rows", [step: Step, rows: Read, bank: Write]);
shader!(
    EnqueueEntriesShader,
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
    pub(in crate::plan) fn words(items: usize) -> [Word; Self::WORDS] {
        [Word::Below(items as u32), Word::Real, Word::Real, Word::Below(1)]
    }
}

/// The buffers of the bank: 2·MP·O + 4·M words with both sides.
#[derive(Debug, Clone, Copy)]
pub struct Bank {
    /// (MP, O) item outputs; MP is M padded to a multiple of 8.
    pub items: Buffer,
    /// (MP, O) user outputs; none if only items are banked.
    pub users: Option<Buffer>,
    /// (M) [`Entry`].
    pub entries: Buffer,
}

/// See the module.
#[derive(Debug)]
pub struct Enqueue {
    /// Sizes of the run.
    pub dims: Dims,
    /// Whether log q is subtracted.
    pub corrected: bool,
    /// The step's record.
    pub step: Buffer,
    /// (BP, O) user outputs, read.
    pub users: Buffer,
    /// (KP, O) candidates' outputs, read: the positives come first.
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

impl Operation for Enqueue {
    fn work(&self, _: usize) -> Work {
        let Dims { batch, out: dim, .. } = self.dims;
        let sides = 1 + usize::from(self.bank.users.is_some());
        // An entry is made of an id, its log q and the row's log-sum-exp.
        Work::new(batch * (2 * sides * dim + 3 + Entry::WORDS), 0)
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Dims { batch, candidates, bank, out: dim, .. } = self.dims;
        let constants = || {
            vec![
                ("B", batch.into()),
                ("K", candidates.into()),
                ("M", bank.into()),
                ("D4", (dim / 4).into()),
                ("LOG_Q", self.corrected.into()),
            ]
        };
        let Self { step, item_ids, log_q, row_lse, .. } = *self;
        let outputs = |rows, bank| {
            EnqueueRowsShader { step, rows, bank }.dispatch(threads(batch * dim / 4), constants())
        };
        let bank_entries = self.bank.entries;
        let entries = EnqueueEntriesShader { step, item_ids, log_q, row_lse, bank_entries };
        let mut dispatches = vec![
            outputs(self.items, self.bank.items),
            entries.dispatch(threads(batch), constants()),
        ];
        dispatches.extend(self.bank.users.map(|to| outputs(self.users, to)));
        dispatches
    }
}
