//! Passes over one row, eight elements at a time. Rows are whole eights long.

use wide::f32x8;

/// Eight elements of a slice.
#[inline(always)]
pub fn load(eight: &[f32]) -> f32x8 {
    f32x8::new(<[f32; 8]>::try_from(eight).expect("a chunk of eight"))
}

/// Σ a·b.
#[inline]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = f32x8::ZERO;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        sum += load(a) * load(b);
    }
    sum.reduce_add()
}

/// `to += from`.
#[inline]
pub fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// `to += factor · from`.
#[inline]
pub fn add_scaled(to: &mut [f32], factor: f32, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}
