//! A model in the formats of other tools. Pure: from ids, titles and rows of numbers to a file's bytes.

mod npy;
mod onnx;
mod safetensors;
mod text;

use std::str::FromStr;

use crate::error::{Error, Result};
pub use npy::npy;
pub use onnx::{TowerWeights, tower};
pub use safetensors::safetensors;
pub use text::{Ids, Label, ids_json, items_json, metadata_tsv, vectors_tsv};

/// What can be given away, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the file of its name")]
pub enum Export {
    UsersNpy,
    ItemsNpy,
    EmbeddingsSafetensors,
    VectorsTsv,
    MetadataTsv,
    ItemsJson,
    IdsJson,
    UserTowerOnnx,
    ItemTowerOnnx,
}

/// All of them.
pub const EXPORTS: [Export; 9] = [
    Export::UsersNpy,
    Export::ItemsNpy,
    Export::EmbeddingsSafetensors,
    Export::VectorsTsv,
    Export::MetadataTsv,
    Export::ItemsJson,
    Export::IdsJson,
    Export::UserTowerOnnx,
    Export::ItemTowerOnnx,
];

impl Export {
    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::UsersNpy => "users.npy",
            Self::ItemsNpy => "items.npy",
            Self::EmbeddingsSafetensors => "embeddings.safetensors",
            Self::VectorsTsv => "vectors.tsv",
            Self::MetadataTsv => "metadata.tsv",
            Self::ItemsJson => "items.json",
            Self::IdsJson => "ids.json",
            Self::UserTowerOnnx => "user_tower.onnx",
            Self::ItemTowerOnnx => "item_tower.onnx",
        }
    }
}

impl FromStr for Export {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        EXPORTS.into_iter().find(|export| export.name() == name).ok_or_else(|| {
            let names = EXPORTS.map(|export| format!("\"{}\"", export.name()));
            Error::Config {
                key: "file".into(),
                problem: format!("\"{name}\" is not allowed"),
                allowed: names.join(" or "),
            }
        })
    }
}

/// Rows of numbers, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// All rows.
    pub values: Vec<f32>,
    /// Numbers in a row.
    pub width: usize,
}

impl Matrix {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The rows.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
    }
}
