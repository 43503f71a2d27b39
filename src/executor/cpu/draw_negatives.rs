//! Twin of `shaders/draw_negatives_*.wgsl`.

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{DrawNegatives, NO_ID, Pool, STEP_STRIDE, STEP_WORDS, Step};
use crate::random::{self, below, stream};

impl Twin for DrawNegatives {
    fn run(&self, memory: &mut Memory, _: usize) {
        let items = self.dims.items as u32;
        match self.pool {
            Pool::Uniform { offsets, items: train_items } => {
                let [steps, users, offsets, train_items, ids] =
                    memory.many([self.steps, self.user_ids, offsets, train_items, self.item_ids]);
                each_draw(self, steps, users, ids, |user, _, bits| {
                    let span = offsets[user as usize] as usize..offsets[user as usize + 1] as usize;
                    unseen(&train_items[span], items, bits)
                });
            }
            Pool::Popularity { cumulative } => {
                let [steps, users, cumulative, ids] =
                    memory.many([self.steps, self.user_ids, cumulative, self.item_ids]);
                let cumulative = &cumulative[..self.dims.items];
                each_draw(self, steps, users, ids, |_, positive, bits| {
                    other(cumulative, positive, bits)
                });
            }
            Pool::Mixed => {
                let [steps, ids] = memory.many([self.steps, self.item_ids]);
                each_step(self, steps, ids, |step, _, shared, key| {
                    for (n, id) in (0..).zip(shared) {
                        let is_present = step.rows > 0;
                        *id = if is_present { below(random::keyed(key, n), items) } else { NO_ID };
                    }
                });
            }
        }
    }
}

/// Calls `draw(user, positive, bits)` for each negative of each row.
fn each_draw(
    op: &DrawNegatives,
    steps: &mut [u32],
    user_ids: &[u32],
    item_ids: &mut [u32],
    draw: impl Fn(u32, u32, u32) -> u32,
) {
    let per_row = op.dims.per_row();
    each_step(op, steps, item_ids, |step, positives, negatives, key| {
        let users = &user_ids[step.slot as usize * op.dims.batch..];
        let rows = users.iter().zip(positives).zip(negatives.chunks_exact_mut(per_row));
        for (row, ((&user, &mut positive), negatives)) in rows.enumerate() {
            for (n, id) in (row * per_row..).zip(negatives) {
                let bits = random::keyed(key, n as u32);
                *id = if user == NO_ID { NO_ID } else { draw(user, positive, bits) };
            }
        }
    });
}

/// Calls `fill(step, positives, negatives, key)` for each step of the window.
fn each_step(
    op: &DrawNegatives,
    steps: &mut [u32],
    item_ids: &mut [u32],
    mut fill: impl FnMut(Step, &mut [u32], &mut [u32], u32),
) {
    let records = steps.chunks_exact_mut(STEP_STRIDE);
    for (record, ids) in records.zip(item_ids.chunks_exact_mut(op.dims.candidates)) {
        let step = view::<Step>(&mut record[..STEP_WORDS])[0];
        let (positives, negatives) = ids.split_at_mut(op.dims.batch);
        fill(step, positives, negatives, random::hash(op.seed, stream::NEGATIVES, step.number));
    }
}

/// Returns an item that is not among those the user has; any item if they have all.
fn unseen(had: &[u32], items: u32, bits: u32) -> u32 {
    let count = had.len() as u32;
    if count >= items {
        return below(bits, items);
    }
    let rank = below(bits, items - count);
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        if had[middle as usize] <= rank + middle {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    rank + low
}

/// Returns an item other than the positive, by weight.
fn other(cumulative: &[u32], positive: u32, bits: u32) -> u32 {
    let end = cumulative[positive as usize];
    let start = if positive > 0 { cumulative[positive as usize - 1] } else { 0 };
    let last = cumulative.len() - 1;
    let mut x = below(bits, cumulative[last] - (end - start));
    if x >= start {
        x += end - start;
    }
    cumulative[..last].partition_point(|&weight| weight <= x) as u32
}
