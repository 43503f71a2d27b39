//! Cache-blocked matrix products on register tiles of 4 rows × 8 columns: eight SSE or wasm
//! registers of sums, two of the panel and one of a broadcast element fit in the available sixteen.

use wide::{f32x4, f32x8};

use crate::TILE;
use crate::vector::{add, load};

/// Number of elements added between the rows of a stored matrix: rows a power of two apart would
/// all fall into one set of the L1 cache.
pub const STAGGER: usize = 16;

/// Stacks matrices (rows, width) and regroups them into one panel for every eight *rows*:
/// (rows/8, width, 8). The number of rows of each matrix is a multiple of 8.
pub fn pack_rows(parts: &[&[f32]], width: usize, panels: &mut [f32]) {
    let eights = parts.iter().flat_map(|part| part.chunks_exact(TILE * width));
    for (rows, panel) in eights.zip(panels.chunks_exact_mut(TILE * width)) {
        let four = |row: usize, k: usize| {
            let four = &rows[row * width + k..][..4];
            f32x4::new(four.try_into().expect("a chunk of four"))
        };
        for (n, columns) in panel.chunks_exact_mut(4 * TILE).enumerate() {
            for half in [0, 4] {
                let turned = f32x4::transpose([0, 1, 2, 3].map(|row| four(half + row, 4 * n)));
                for (column, four) in columns.chunks_exact_mut(TILE).zip(turned) {
                    column[half..half + 4].copy_from_slice(&four.to_array());
                }
            }
        }
    }
}

/// Stacks matrices (rows, width) and regroups them into one panel for every eight *columns*:
/// (width/8, rows, 8).
pub fn pack_columns(parts: &[&[f32]], width: usize, panels: &mut [f32]) {
    let rows = parts.iter().map(|part| part.len() / width).sum::<usize>();
    for (column, panel) in panels.chunks_exact_mut(rows * TILE).enumerate() {
        let rows = parts.iter().flat_map(|part| part.chunks_exact(width));
        for (eight, row) in panel.chunks_exact_mut(TILE).zip(rows) {
            eight.copy_from_slice(&row[column * TILE..][..TILE]);
        }
    }
}

/// Computes A Bᵀ: `out[r, j] = a_r·b_j`, from panels of eight of B's rows; rows of `out` are
/// `stride` apart.
pub fn by_rows(a: &[f32], width: usize, panels: &[f32], stride: usize, out: &mut [f32]) {
    for (tile, panel) in panels.chunks_exact(TILE * width).enumerate() {
        for row in (0..a.len() / width).step_by(4) {
            let sums = rows_by_panel(four_rows(a, width, row), panel);
            for (n, sum) in sums.iter().enumerate() {
                let at = (row + n) * stride + tile * TILE;
                out[at..][..TILE].copy_from_slice(sum.as_array());
            }
        }
    }
}

/// Computes A Bᵀ for one row a, to the same bits as [`by_rows`]: `out[j] = a·b_j`, from one panel.
pub fn row_by_rows(a: &[f32], panel: &[f32], out: &mut [f32]) {
    let [sum] = rows_by_panel([a], panel);
    out.copy_from_slice(sum.as_array());
}

/// Computes A B: `out[r] = Σ_j a[r, j] b_j`, from panels of eight of B's columns; rows of `a` are
/// `stride` apart.
pub fn by_columns(
    a: &[f32],
    stride: usize,
    panels: &mut dyn Iterator<Item = &[f32]>,
    width: usize,
    out: &mut [f32],
) {
    for (tile, panel) in panels.enumerate() {
        for row in (0..out.len() / width).step_by(4) {
            let sums = rows_by_panel(four_rows(a, stride, row), panel);
            for (n, sum) in sums.iter().enumerate() {
                let at = (row + n) * width + tile * TILE;
                out[at..][..TILE].copy_from_slice(sum.as_array());
            }
        }
    }
}

/// Adds Aᵀ B: `out[j] += Σ_r a[r, j] b_r` for the first `columns` of A, from panels of eight of B's
/// columns; rows of `a` are `stride` apart.
pub fn add_by_rows(
    a: &[f32],
    stride: usize,
    columns: usize,
    panels: &mut dyn Iterator<Item = &[f32]>,
    width: usize,
    out: &mut [f32],
) {
    for (tile, panel) in panels.enumerate() {
        for column in (0..columns).step_by(4) {
            let sums = columns_by_panel(a, stride, column, panel);
            for (n, sum) in sums.iter().enumerate() {
                add(&mut out[(column + n) * width + tile * TILE..][..TILE], sum.as_array());
            }
        }
    }
}

/// Multiplies rows by a panel: `out[r] = Σ_k a[r][k] · panel[k]`.
#[inline]
fn rows_by_panel<const R: usize>(a: [&[f32]; R], panel: &[f32]) -> [f32x8; R] {
    let len = panel.len() / TILE;
    let a = a.map(|row| &row[..len]);
    let mut sums = [f32x8::ZERO; R];
    for (k, eight) in panel.chunks_exact(TILE).enumerate() {
        let eight = load(eight);
        for (sum, row) in sums.iter_mut().zip(a) {
            *sum += f32x8::splat(row[k]) * eight;
        }
    }
    sums
}

/// Multiplies four columns by a panel: `out[c] = Σ_k a[k][column + c] · panel[k]` over the rows of
/// `a`, which are `stride` apart.
#[inline]
fn columns_by_panel(a: &[f32], stride: usize, column: usize, panel: &[f32]) -> [f32x8; 4] {
    let mut sums = [f32x8::ZERO; 4];
    for (row, eight) in a.chunks_exact(stride).zip(panel.chunks_exact(TILE)) {
        let eight = load(eight);
        let four = &row[column..column + 4];
        sums[0] += f32x8::splat(four[0]) * eight;
        sums[1] += f32x8::splat(four[1]) * eight;
        sums[2] += f32x8::splat(four[2]) * eight;
        sums[3] += f32x8::splat(four[3]) * eight;
    }
    sums
}

/// Returns four neighbouring rows of a matrix.
#[inline]
fn four_rows(matrix: &[f32], width: usize, first: usize) -> [&[f32]; 4] {
    [0, 1, 2, 3].map(|n| &matrix[(first + n) * width..][..width])
}
