//! Columns of the logits: the id and log q of each candidate. The twins of `softmax_loss` and
//! `bank_push` use them to mask and correct the logits.

use crate::plan::{Entry, NO_ID};

pub struct Columns<'a> {
    pub ids: &'a mut [u32],
    /// log q that is subtracted from a logit; 0 without a correction.
    pub correction: &'a mut [f32],
}

impl<'a> Columns<'a> {
    /// Returns the size of the scratch memory of a number of columns.
    pub fn room(columns: usize) -> usize {
        2 * columns
    }

    /// Sets the columns to the batch's candidates; `log_q` is by item. Columns after the candidates have no id.
    pub fn new(scratch: &'a mut [f32], columns: usize, ids: &[u32], log_q: Option<&[f32]>) -> Self {
        let (correction, rest) = scratch.split_at_mut(columns);
        let own: &mut [u32] = bytemuck::cast_slice_mut(&mut rest[..columns]);
        own.fill(NO_ID);
        own[..ids.len()].copy_from_slice(ids);
        correction.fill(0.0);
        if let Some(log_q) = log_q {
            for (correction, &id) in correction.iter_mut().zip(ids) {
                *correction = if id == NO_ID { 0.0 } else { log_q[id as usize] };
            }
        }
        Self { ids: own, correction }
    }

    /// Sets the columns from `first` on to the bank's entries.
    pub fn add_bank(&mut self, first: usize, entries: &[Entry]) {
        let places = self.correction[first..].iter_mut().zip(&mut self.ids[first..]);
        for ((correction, id), entry) in places.zip(entries) {
            (*correction, *id) = (entry.log_q, entry.item);
        }
    }
}
