//! What training moves: tables of rows, and the layers over them.

use super::Buffer;

/// Which tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the two towers")]
pub enum Tower {
    User,
    Item,
}

impl Tower {
    /// Its name in those of buffers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Item => "item",
        }
    }
}

/// What of a tower a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A row for each id.
    Id,
    /// A row for each feature.
    Features,
    /// A row for each item that a history may have, where they are not the item tower's.
    History,
    /// A layer's matrix, a row for each input.
    Weights(usize),
    /// A layer's bias, a row of one element for each output.
    Bias(usize),
}

/// A matrix that training moves.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Whose it is.
    pub tower: Tower,
    /// What it is.
    pub part: Part,
    /// Its rows.
    pub rows: usize,
    /// Elements of a row.
    pub width: usize,
    /// Elements of a stored row: those past the width are zero.
    pub dim: usize,
    /// (`rows` and more, `dim`) its elements; rows past the last are zero.
    pub table: Buffer,
    /// Optimiser state, if its rule has any.
    pub state: [Option<Buffer>; 2],
    /// The same of the best epoch, where one is chosen.
    pub best: Option<Buffer>,
}
