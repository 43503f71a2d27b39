//! Peak performance of this core, for the benchmark only.

use std::hint::black_box;

use twotower_simd::{STAGGER, by_columns, by_rows, pack_columns, pack_rows};

use super::super::timing::Limits;
use super::{milliseconds, softmax_loss};
use crate::plan::TILE;

/// Measures the peak of one core, with the SIMD lanes that the executor uses.
pub fn limits() -> Limits {
    Limits { multiply_adds: multiply_adds(), bytes: bytes() }
}

/// Number of runs of a measurement, each short enough to be undisturbed. The fastest counts: noise
/// only slows a loop down.
const RUNS: usize = 20;

/// Measures multiply-adds per second. V8 optimises a function while it runs, but only for its next
/// call. So the function must not be inlined: it is called through a pointer.
fn multiply_adds() -> f64 {
    const ROUNDS: usize = 1 << 19;
    let chains = black_box(twotower_simd::multiply_adds as fn(usize) -> usize);
    let mut count = 0;
    let least = least(|| count = chains(ROUNDS));
    count as f64 / least * 1e3
}

/// Measures the bytes per second that a copy reads and writes; it copies about as much as a step
/// moves.
fn bytes() -> f64 {
    const WORDS: usize = 1 << 20;
    const ROUNDS: usize = 16;
    let (from, mut to) = (vec![1u32; WORDS], vec![0u32; WORDS]);
    let least = least(|| {
        for _ in 0..ROUNDS {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
    });
    (2 * 4 * WORDS * ROUNDS) as f64 / least * 1e3
}

/// Measures the milliseconds of the products that additional columns without a gradient cost a
/// batch: scores, and the gradient of the users, in the loops and chunks of `softmax_loss`.
pub fn products(rows: usize, columns: usize, dim: usize) -> f64 {
    let (users, items) = (vec![0.5; rows * dim], vec![0.5; columns * dim]);
    let (mut panels, mut scores) =
        (vec![0.0; columns * dim], vec![0.0; softmax_loss::CHUNK * (columns + STAGGER)]);
    let mut transposed = panels.clone();
    let mut d_user = vec![0.0; rows * dim];
    let stride = columns + STAGGER;
    let mut run = || {
        pack_rows(&[&items], dim, &mut panels);
        pack_columns(&[&items], dim, &mut transposed);
        let chunks = users.chunks(softmax_loss::CHUNK * dim);
        for (users, d_user) in chunks.zip(d_user.chunks_mut(softmax_loss::CHUNK * dim)) {
            let scores = &mut scores[..users.len() / dim * stride];
            by_rows(users, dim, &panels, stride, scores);
            by_columns(scores, stride, &mut transposed.chunks_exact(columns * TILE), dim, d_user);
        }
        black_box(&d_user);
    };
    // The first run brings the memory into the caches.
    run();
    milliseconds(run)
}

/// Returns the milliseconds of the fastest run.
fn least(mut work: impl FnMut()) -> f64 {
    (0..RUNS).map(|_| milliseconds(&mut work)).fold(f64::INFINITY, f64::min)
}
