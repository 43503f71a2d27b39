//! The numeric loops that take most of the time of a training step on the CPU. They are a separate
//! crate because the optimisation level is set per crate: this one is compiled for speed, the rest
//! of a page's download for size. A generic or `inline` function is compiled in the crate that
//! calls it, so the functions with long loops are neither.

mod adam;
mod peak;
mod product;
mod softmax;
mod sort;
mod vector;

pub use adam::Adam;
pub use peak::multiply_adds;
pub use product::{
    STAGGER, add_by_rows, by_columns, by_rows, pack_columns, pack_rows, row_by_rows,
};
pub use softmax::{bank_weights, mask, softmax};
pub use sort::sort_pairs;
pub use vector::{add, add_scaled, dot};

/// Marks a missing id in every buffer of ids.
pub const NO_ID: u32 = u32::MAX;

/// Logit of an item that must not be chosen. It is finite, because WGSL may assume that there are
/// no infinities, and so low that its exponential is 0 next to any real logit.
pub const IMPOSSIBLE: f32 = -3.0e38;

/// Number of columns of a register tile of a product, on both executors; a GPU's wide variant has
/// twice as many. Widths and numbers of rows are padded to a multiple of this number.
pub const TILE: usize = 8;
