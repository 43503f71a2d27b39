//! Passes over one row, eight elements at a time. The length of a row is a multiple of 8.

use std::hint::black_box;

use bytemuck::cast;
use wide::{f32x8, i32x8};

/// Loads eight elements.
#[inline(always)]
pub fn load(eight: &[f32]) -> f32x8 {
    f32x8::new(<[f32; 8]>::try_from(eight).expect("a chunk of eight"))
}

/// Returns Σ a·b.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = f32x8::ZERO;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        sum += load(a) * load(b);
    }
    sum.reduce_add()
}

/// Computes `to += from`.
pub fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Computes `to += factor · from`.
pub fn add_scaled(to: &mut [f32], factor: f32, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// e^x for x ≤ 0, for a softmax. The relative error is at most 3e-7. For x ≤ −87, where e^x is near
/// the smallest normal f32, the result is 0. It omits the cases that cannot occur here, so it takes
/// a third of the instructions of a library's function. This matters, because after the products the
/// softmax is the slowest part of a step.
#[derive(Debug)]
pub struct Exponential {
    lowest: f32x8,
    /// Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
    round: f32x8,
    log2_e: f32x8,
    /// ln 2 as the sum of two numbers. The first has 9 significant bits, so that n times it is
    /// exact.
    ln_2: [f32x8; 2],
    /// Coefficients 1/n! of Taylor's series. For |r| ≤ ln 2 / 2, the terms after the sixth power
    /// add up to about 1.2e-7.
    taylor: [f32x8; 7],
}

impl Exponential {
    /// Returns the constants, hidden from the compiler: V8 creates a known constant again at each
    /// use, which takes longer than the arithmetic. Create one `Exponential` per row.
    #[inline]
    pub fn new() -> Self {
        let splat = |constant: f32| f32x8::splat(black_box(constant));
        Self {
            lowest: splat(-87.0),
            round: splat(12_582_912.0),
            log2_e: splat(std::f32::consts::LOG2_E),
            ln_2: [0.693_359_4, -2.121_944_4e-4].map(splat),
            taylor: [1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0].map(splat),
        }
    }

    /// Returns e^x of eight elements.
    #[inline(always)]
    pub fn of(&self, x: f32x8) -> f32x8 {
        let in_range = x.fast_max(self.lowest);
        let rounded = in_range * self.log2_e + self.round;
        let n = rounded - self.round;
        let r = in_range - n * self.ln_2[0] - n * self.ln_2[1];
        // Estrin's scheme: half as many dependent operations as Horner's.
        let [c0, c1, c2, c3, c4, c5, c6] = self.taylor;
        let square = r * r;
        let last = c4 + c5 * r + c6 * square;
        let sum = c0 + c1 * r + square * (c2 + c3 * r + square * last);
        let exponent: i32x8 = cast::<f32x8, i32x8>(rounded) << 23;
        let value: f32x8 = cast(cast::<f32x8, i32x8>(sum) + exponent);
        x.simd_gt(self.lowest) & value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_f64() {
        let exponential = Exponential::new();
        for n in 0..870_000 {
            let x = -(n as f32) * 1e-4;
            let ours = exponential.of(f32x8::splat(x)).to_array()[3];
            let reference = f64::from(x).exp();
            assert!((f64::from(ours) - reference).abs() <= 3e-7 * reference, "e^{x} is {ours}");
        }
        for x in [-87.5, -1e5, crate::IMPOSSIBLE] {
            assert_eq!(exponential.of(f32x8::splat(x)), f32x8::ZERO);
        }
        assert_eq!(exponential.of(f32x8::ZERO), f32x8::ONE);
    }
}
