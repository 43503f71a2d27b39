//! Passes over one row of logits, whose length is a multiple of 8.

use wide::f32x8;

use crate::vector::{Exponential, load};
use crate::{IMPOSSIBLE, NO_ID, TILE};

/// Turns scores into logits: divides by the temperature, subtracts log q, and masks accidental hits
/// and absent columns.
pub fn mask(
    logits: &mut [f32],
    correction: &[f32],
    ids: &[u32],
    row: usize,
    inverse_temperature: f32,
) {
    let positive = logits[row] * inverse_temperature - correction[row];
    for ((logit, correction), &id) in logits.iter_mut().zip(correction).zip(ids) {
        let corrected = *logit * inverse_temperature - correction;
        *logit = if id == ids[row] || id == NO_ID { IMPOSSIBLE } else { corrected };
    }
    logits[row] = positive;
}

/// Returns the row's loss and its log-sum-exp, and replaces the logits with the gradient of the
/// loss with respect to the scores.
pub fn softmax(logits: &mut [f32], positive: usize, scale: f32) -> (f32, f32) {
    let mut max = f32x8::splat(IMPOSSIBLE);
    for eight in logits.chunks_exact(TILE) {
        max = max.fast_max(load(eight));
    }
    let max = max.to_array().into_iter().fold(IMPOSSIBLE, f32::max);
    let logit = logits[positive];
    let exponential = Exponential::new();
    let mut sum = f32x8::ZERO;
    for eight in logits.chunks_exact_mut(TILE) {
        let exponentials = exponential.of(load(eight) - f32x8::splat(max));
        sum += exponentials;
        eight.copy_from_slice(exponentials.as_array());
    }
    let sum = sum.reduce_add();
    let factor = scale / sum;
    for element in logits.iter_mut() {
        *element *= factor;
    }
    logits[positive] -= scale;
    let lse = max + sum.ln();
    (lse - logit, lse)
}

/// Turns the scores of a banked user into its weights in the candidates' gradients:
/// `scale · exp(min(logit − offset, 0))`, or 0 if a candidate is absent or is the user's own item.
pub fn bank_weights(
    weights: &mut [f32],
    correction: &[f32],
    ids: &[u32],
    item: u32,
    inverse_temperature: f32,
    offset: f32,
    scale: f32,
) {
    for ((weight, correction), &id) in weights.iter_mut().zip(correction).zip(ids) {
        let logit = *weight * inverse_temperature - correction - offset;
        let is_absent = id == NO_ID || id == item;
        *weight = if is_absent { IMPOSSIBLE } else { logit.min(0.0) };
    }
    let exponential = Exponential::new();
    for eight in weights.chunks_exact_mut(TILE) {
        let weight = exponential.of(load(eight)) * f32x8::splat(scale);
        eight.copy_from_slice(weight.as_array());
    }
}
