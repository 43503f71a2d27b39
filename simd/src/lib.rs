//! The loops over numbers that a training step on the CPU spends its time in. They are a crate of their own
//! because a compiler's level is a crate's: these are compiled for speed, the rest of a page's download for
//! size. So what takes time is neither generic nor `inline`: it would be compiled where it is called.

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

/// Stands for "no id" in every buffer of ids.
pub const NO_ID: u32 = u32::MAX;

/// Logit of what must not be chosen: finite, since WGSL may assume that no infinity exists, and low
/// enough that its exponential is 0 beside any real logit.
pub const IMPOSSIBLE: f32 = -3.0e38;

/// Rows and columns of a register tile of a product, on both executors: what rows are padded to.
pub const TILE: usize = 8;
