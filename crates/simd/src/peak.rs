//! Peak performance of a core, for the benchmark: measured with the same lanes and optimisation
//! level as the loops that are compared with it.

use std::hint::black_box;

use wide::f32x8;

use crate::TILE;

/// Runs `rounds` multiply-adds on each lane of six chains, without access to memory, and returns
/// the number of multiply-adds. A chain has eight lanes: two registers. Six chains hide the latency
/// of a multiplication and an addition, and leave four of sixteen registers to the operands. Each
/// chain is a separate variable: the compiler would keep an array of sums in memory.
pub fn multiply_adds(rounds: usize) -> usize {
    let [factor, addend] = black_box([0.999, 0.001]).map(f32x8::splat);
    let step = |sum: f32x8| sum * factor + addend;
    let (mut a, mut b, mut c) = (addend, step(addend), step(factor));
    let (mut d, mut e, mut f) = (step(a + b), step(b + c), step(c + a));
    for _ in 0..rounds {
        (a, b, c) = (step(a), step(b), step(c));
        (d, e, f) = (step(d), step(e), step(f));
    }
    black_box(a + b + c + d + e + f);
    6 * TILE * rounds
}
