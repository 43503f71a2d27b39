//! Limits of records and of their cells.

use crate::config::FEATURE_COLUMNS;

/// Largest length of a record in bytes, and the number of first bytes that decide a file's format.
/// 256 KiB contain about ten thousand lines; their mean length predicts the number of lines within
/// 0.2%.
pub(super) const RECORD_LIMIT: usize = 256 * 1024;

/// Largest number of columns that are read from a file: id, title and features.
pub(super) const MAX_CELLS: usize = 2 + FEATURE_COLUMNS;

/// Cells of a record, in the order of the columns to find. A cell is empty if its column is missing
/// or contains no text.
pub(super) type Cells<'a> = [&'a [u8]; MAX_CELLS];
