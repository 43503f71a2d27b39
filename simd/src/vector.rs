//! Passes over one row, eight elements at a time. Rows are whole eights long.

use bytemuck::cast;
use wide::{f32x8, i32x8};

/// Eight elements of a slice.
#[inline(always)]
pub fn load(eight: &[f32]) -> f32x8 {
    f32x8::new(<[f32; 8]>::try_from(eight).expect("a chunk of eight"))
}

/// Σ a·b.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = f32x8::ZERO;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        sum += load(a) * load(b);
    }
    sum.reduce_add()
}

/// `to += from`.
pub fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// `to += factor · from`.
pub fn add_scaled(to: &mut [f32], factor: f32, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// e^x for x ≤ 0, as a softmax takes it: within 3e-7 of the value, and 0 below −87, where f32 runs out.
/// Without the cases that cannot come up here it takes a third of a library's instructions, and the
/// softmax is the dearest part of a step after its products.
#[inline]
pub fn exp_of_negative(x: f32x8) -> f32x8 {
    /// Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first exact in 9 bits, so that n·LN_2_HIGH is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const LOWEST: f32 = -87.0;
    let rounded = x.fast_max(f32x8::splat(LOWEST)) * f32x8::splat(std::f32::consts::LOG2_E)
        + f32x8::splat(ROUND);
    let n = rounded - f32x8::splat(ROUND);
    let r =
        x.fast_max(f32x8::splat(LOWEST)) - n * f32x8::splat(LN_2_HIGH) - n * f32x8::splat(LN_2_LOW);
    // Taylor's series: |r| ≤ ln 2 / 2 leaves 1.2e-7 after the sixth power.
    let mut sum = f32x8::splat(1.0 / 720.0);
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * r + f32x8::splat(coefficient);
    }
    let exponent: i32x8 = cast::<f32x8, i32x8>(rounded) << 23;
    let value: f32x8 = cast(cast::<f32x8, i32x8>(sum) + exponent);
    x.simd_gt(f32x8::splat(LOWEST)) & value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_f64() {
        for n in 0..870_000 {
            let x = -(n as f32) * 1e-4;
            let ours = exp_of_negative(f32x8::splat(x)).to_array()[3];
            let reference = f64::from(x).exp();
            assert!((f64::from(ours) - reference).abs() <= 3e-7 * reference, "e^{x} is {ours}");
        }
        for x in [-87.5, -1e5, crate::IMPOSSIBLE] {
            assert_eq!(exp_of_negative(f32x8::splat(x)), f32x8::ZERO);
        }
        assert_eq!(exp_of_negative(f32x8::ZERO), f32x8::ONE);
    }
}
