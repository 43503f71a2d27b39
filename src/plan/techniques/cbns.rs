//! CBNS (Wang, Zhu & He 2021): a ring of item outputs of earlier batches, used as additional
//! negatives. It is never copied or shifted. With both sides, banked users also push the batch's
//! items away, so that items do not drift towards the users (`docs/methods.md`, CBNS).
//!
//! If there is a bank, [`super::super::SoftmaxLoss`] reads its items as additional columns.

use super::super::builder::Builder;
use super::super::run::Run;
use super::super::{Bank, BankPush, Buffer, Dims, Enqueue, Entry, Handles, ItemDrift, Op, Program};
use super::{Part, Technique};
use crate::config::{LogQ, Sides};

/// Buffers of CBNS.
#[derive(Debug, Clone, Copy)]
pub struct CbnsHandles {
    /// The bank.
    pub bank: Bank,
    /// (IP, O) outputs of all items in the snapshot that drift is measured from.
    pub before: Buffer,
    /// (I) distance that each item's output has moved since, and its length.
    pub drift: Buffer,
}

struct Cbns {
    dims: Dims,
    temperature: f32,
    corrected: bool,
    handles: CbnsHandles,
    /// (C, KP) scratch, if banked users push items.
    push_weights: Option<Buffer>,
}

pub(super) fn add(builder: &mut Builder<'_>) -> Option<Part> {
    let cbns = builder.config.cbns.as_ref()?;
    let dims = builder.dims;
    let (outputs, entry) = (dims.bank_padded(), Entry::words(dims.items));
    let before = builder.state_rows("drift_before", dims.items_padded());
    let both = cbns.sides == Sides::Both;
    let bank = Bank {
        items: builder.state_rows("bank_items", outputs),
        users: both.then(|| builder.state_rows("bank_users", outputs)),
        entries: builder.state("bank_entries", cbns.capacity, &entry),
    };
    let drift = builder.buffer("drift", 2 * dims.items);
    let weights = BankPush::chunk_rows(&dims) * dims.candidates_padded();
    Some(Box::new(Cbns {
        dims,
        temperature: builder.config.temperature,
        corrected: builder.config.negatives.log_q != LogQ::Known(false),
        handles: CbnsHandles { bank, before, drift },
        push_weights: both.then(|| builder.scratch("push_weights", weights)),
    }))
}

impl Technique for Cbns {
    fn publish(&self, handles: &mut Handles) {
        handles.cbns = Some(self.handles);
    }

    /// Pushes the batch's items away from the banked users, then writes the batch to the bank.
    fn after_loss(&self, run: &Run) -> Vec<Op> {
        let Self { dims, temperature, corrected, handles, .. } = *self;
        let (step, item_ids, log_q) = (run.step.records, run.handles.item_ids, run.handles.log_q);
        let (users, items) = (run.user.pass.out, run.item.pass.out);
        let mut ops = Vec::new();
        if let (Some(bank_users), Some(weights)) = (handles.bank.users, self.push_weights) {
            ops.push(Op::from(BankPush {
                dims,
                temperature,
                corrected,
                step,
                bank_users,
                bank_entries: handles.bank.entries,
                items,
                item_ids,
                log_q,
                weights,
                d_item: run.item.gradient().out,
            }));
        }
        ops.push(Op::from(Enqueue {
            dims,
            corrected,
            step,
            users,
            items,
            item_ids,
            log_q,
            row_lse: run.step.row_lse,
            bank: handles.bank,
        }));
        ops
    }

    fn programs(&self, _: &mut Builder<'_>, run: &Run) -> Vec<(Program, Vec<Op>)> {
        let CbnsHandles { before, drift, .. } = self.handles;
        let now = run.handles.item_outputs;
        let measure = ItemDrift { dims: self.dims, before, now, drift };
        vec![(Program::MeasureDrift, vec![Op::from(measure)])]
    }
}
