//! Trained parameters: tables of rows, and layers.

use super::{Buffer, Buffers};

/// One of the two towers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the two towers")]
pub enum Tower {
    User,
    Item,
}

impl Tower {
    /// Returns its name in the names of buffers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Item => "item",
        }
    }
}

/// Part of a tower that a parameter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Table with a row for each id.
    Id,
    /// Table with a row for each feature.
    Features,
    /// Table with a row for each item of histories, if they do not share the item tower's table.
    History,
    /// A layer's matrix, with a row for each input.
    Weights(usize),
    /// A layer's bias, with a row of one element for each output.
    Bias(usize),
}

/// A matrix that training updates.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// The tower that it belongs to.
    pub tower: Tower,
    /// The part of the tower.
    pub part: Part,
    /// Number of rows.
    pub rows: usize,
    /// Number of elements of a row.
    pub width: usize,
    /// Number of elements of a stored row: those past `width` are zero.
    pub dim: usize,
    /// (at least `rows`, `dim`) its elements; rows past the last are zero.
    pub table: Buffer,
    /// The tensors that the optimiser keeps for it.
    pub state: Buffers,
    /// The elements in the best epoch, if the best epoch is kept.
    pub best: Option<Buffer>,
}
