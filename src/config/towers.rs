//! Typed options of the towers.

use serde::{Deserialize, Serialize};

/// Inputs and layers of the towers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Towers {
    /// The user tower.
    pub user: UserTower,
    /// The item tower.
    pub item: TowerConfig,
}

/// Inputs and layers of a tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TowerConfig {
    /// Whether each id has an embedding of its own.
    pub id: bool,
    /// Columns with features, which have embeddings.
    pub features: Vec<String>,
    /// Widths of the hidden layers.
    pub layers: Vec<usize>,
    /// Width of the output.
    pub out: Option<usize>,
}

impl TowerConfig {
    /// Returns the output widths of the layers for inputs of width `dim`.
    pub fn widths(&self, dim: usize) -> Vec<usize> {
        let last = (!self.layers.is_empty()).then_some(dim);
        self.layers.iter().copied().chain(self.out.or(last)).collect()
    }

    /// Returns the width of the output for inputs of width `dim`.
    pub fn out_width(&self, dim: usize) -> usize {
        self.out.unwrap_or(dim)
    }

    /// Returns whether features are the only input.
    pub fn is_features(&self) -> bool {
        !self.id && !self.features.is_empty()
    }

    /// Returns whether an embedding per id is the only input, without layers.
    pub fn is_table(&self) -> bool {
        self.id && self.features.is_empty() && self.layers.is_empty() && self.out.is_none()
    }
}

/// Inputs and layers of a user tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserTower {
    /// Inputs and layers that any tower can have.
    #[serde(flatten)]
    pub base: TowerConfig,
    /// The sum of a user's items, if it is an input.
    pub history: Option<History>,
}

impl UserTower {
    /// Returns whether an embedding per id is the only input, without layers.
    pub fn is_table(&self) -> bool {
        self.base.is_table() && self.history.is_none()
    }

    /// Returns whether features are the only input.
    pub fn is_features(&self) -> bool {
        self.base.is_features() && self.history.is_none()
    }
}

/// The sum of a user's items as an input of the user tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Table of the summed embeddings.
    pub table: HistoryTable,
    /// Power p: the sum is divided by the number of items to the power of p.
    pub power: f32,
    /// Maximum number of items in a history.
    pub cap: usize,
}

/// Tables that a history can sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryTable {
    /// The item tower's embeddings.
    Shared,
    /// Separate embeddings.
    Separate,
}
