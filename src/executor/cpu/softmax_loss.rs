//! Twin of `shaders/softmax_loss_*.wgsl`: one pass over chunks of rows whose logits fit in the
//! cache; each chunk's gradients are computed before the next chunk's logits.

use twotower_simd::{
    STAGGER, add_by_rows, by_columns, by_rows, mask, pack_columns, pack_rows, softmax,
};

use super::Twin;
use super::columns::Columns;
use super::memory::{Memory, view};
use crate::plan::{Entry, SoftmaxLoss, Step, TILE};

/// Number of rows of logits at once: with 1,024 columns they take 256 KB, a part of a core's L2
/// cache.
pub const CHUNK: usize = 64;

/// Sizes of the logits of a step.
#[derive(Clone, Copy)]
struct Sizes {
    rows: usize,
    rows_padded: usize,
    /// Columns of the batch's candidates; those of the bank follow.
    own: usize,
    /// Entries of the bank that are negatives.
    live: usize,
    columns: usize,
    /// Distance from one row of logits to the next, in elements.
    stride: usize,
    dim: usize,
}

impl Sizes {
    fn of(op: &SoftmaxLoss, step: Step) -> Self {
        let dims = &op.loss.dims;
        let rows_padded = (step.rows as usize).next_multiple_of(TILE);
        // If the candidates are only positives, a smaller batch has fewer columns.
        let is_square = dims.candidates == dims.batch;
        let own = if is_square { rows_padded } else { dims.candidates.next_multiple_of(TILE) };
        let live = step.bank as usize;
        let columns = own + live.next_multiple_of(TILE);
        let (rows, stride, dim) = (step.rows as usize, columns + STAGGER, dims.out);
        Self { rows, rows_padded, own, live, columns, stride, dim }
    }

    /// Returns the length of the scratch memory of a [`Pass`], in elements.
    fn packed(self) -> usize {
        (2 * self.columns + self.rows_padded) * self.dim + CHUNK * self.stride
    }
}

/// The packed factors of a step and room for a chunk of its logits.
struct Pass<'a> {
    sizes: Sizes,
    item_rows: &'a mut [f32],
    item_columns: &'a mut [f32],
    user_columns: &'a mut [f32],
    logits: &'a mut [f32],
}

impl<'a> Pass<'a> {
    fn new(sizes: Sizes, scratch: &'a mut [f32]) -> Self {
        let (item_rows, rest) = scratch.split_at_mut(sizes.columns * sizes.dim);
        let (item_columns, rest) = rest.split_at_mut(sizes.columns * sizes.dim);
        let (user_columns, logits) = rest.split_at_mut(sizes.rows_padded * sizes.dim);
        Self { sizes, item_rows, item_columns, user_columns, logits }
    }

    /// Packs the users, the batch's candidates and the bank's items. `with_columns` also packs the
    /// items by columns, which the users' gradients need.
    fn pack(&mut self, users: &[f32], items: [&[f32]; 2], with_columns: bool) {
        pack_rows(&items, self.sizes.dim, self.item_rows);
        if with_columns {
            pack_columns(&items, self.sizes.dim, self.item_columns);
        }
        pack_columns(&[users], self.sizes.dim, self.user_columns);
    }

    /// Computes the logits of the chunk from row `first` on, and calls `softmax` with each row that
    /// belongs to a pair. Sets the other rows to zero.
    fn score(&mut self, first: usize, users: &[f32], mut softmax: impl FnMut(usize, &mut [f32])) {
        let Sizes { rows, columns, stride, dim, .. } = self.sizes;
        let chunk = &mut self.logits[..users.len() / dim * stride];
        by_rows(users, dim, self.item_rows, stride, chunk);
        for (row, logits) in (first..).zip(chunk.chunks_exact_mut(stride)) {
            let logits = &mut logits[..columns];
            if row < rows { softmax(row, logits) } else { logits.fill(0.0) }
        }
    }

    /// Adds the chunk's part to the gradients of the items, and sets the gradients of the chunk's
    /// users, if they have any.
    fn propagate(
        &self,
        first: usize,
        d_item: &mut [f32],
        d_users: Option<&mut [f32]>,
        rows: usize,
    ) {
        let Sizes { rows_padded, own, columns, stride, dim, .. } = self.sizes;
        let chunk = &self.logits[..rows * stride];
        let user_panels = self.user_columns.chunks_exact(rows_padded * TILE);
        let mut user_panels = user_panels.map(|panel| &panel[first * TILE..]);
        add_by_rows(chunk, stride, own, &mut user_panels, dim, d_item);
        if let Some(d_users) = d_users {
            let item_panels = &mut self.item_columns.chunks_exact(columns * TILE);
            by_columns(chunk, stride, item_panels, dim, d_users);
        }
    }
}

impl Twin for SoftmaxLoss {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let loss = &self.loss;
        let step = memory.step(loss.step, slot);
        if step.rows == 0 {
            return;
        }
        let sizes = Sizes::of(self, step);
        let Sizes { rows, rows_padded, own, columns, dim, .. } = sizes;
        let mut scratch = memory.take_scratch(sizes.packed() + Columns::room(columns));
        let (packed, rest) = scratch.split_at_mut(sizes.packed());
        let mut pass = Pass::new(sizes, packed);
        let wanted = [
            loss.users,
            loss.items,
            loss.item_ids,
            loss.log_q,
            loss.row_loss,
            self.row_lse,
            loss.gradients.item,
        ];
        let optional = [
            loss.gradients.user,
            self.bank.map(|bank| bank.items),
            self.bank.map(|bank| bank.entries),
        ];
        let ([users, items, ids, log_q, row_loss, row_lse, d_item], [mut d_user, banked, entries]) =
            memory.many_and(wanted, optional);
        let candidates = loss.dims.candidates;
        let ids = &ids[slot * candidates..][..candidates.min(own)];
        let mut named = Columns::new(rest, columns, ids, loss.corrected.then(|| &*view(log_q)));
        let users = &view::<f32>(users)[..rows_padded * dim];
        let mut parts = [&view::<f32>(items)[..own * dim], &[]];
        if let (Some(banked), Some(entries)) = (banked, entries) {
            parts[1] = &view::<f32>(banked)[..(columns - own) * dim];
            named.add_bank(own, &view::<Entry>(entries)[..sizes.live]);
        }
        pass.pack(users, parts, d_user.is_some());

        let losses = &mut view::<f32>(row_loss)[slot * loss.dims.batch..][..rows];
        let row_lse = view::<f32>(row_lse);
        let d_item = view::<f32>(d_item);
        d_item[..loss.dims.candidates_padded() * dim].fill(0.0);
        let scale = 1.0 / (loss.temperature * rows as f32);
        for (n, users) in users.chunks(CHUNK * dim).enumerate() {
            let first = n * CHUNK;
            pass.score(first, users, |row, logits| {
                mask(logits, named.correction, named.ids, row, 1.0 / loss.temperature);
                (losses[row], row_lse[row]) = softmax(logits, row, scale);
            });
            let d_users =
                d_user.as_mut().map(|d| &mut view::<f32>(d)[first * dim..][..users.len()]);
            pass.propagate(first, &mut d_item[..own * dim], d_users, users.len() / dim);
        }
        memory.give_scratch(scratch);
    }
}
