//! Files of other tools: makes the pieces of an export from ids, titles and shapes, and reads item
//! embeddings. Nothing here reads a model.

mod embeddings;
mod items;
mod npy;
mod onnx;
mod text;

use std::str::FromStr;

use crate::error::{Error, Result, clip};
use crate::plan::{Parameter, Tower};
pub use embeddings::safetensors;
pub use items::{ItemEmbedding, read as read_items, refused as refused_items};
pub use npy::npy;
pub use onnx::{TowerWeights, tower};
pub use text::{
    ITEMS_END, Label, METADATA_START, index_for, item_json, items_start, list_json, metadata_line,
    vector_line,
};

/// Files that can be exported, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names its file")]
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

/// All files that can be exported.
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
    /// Returns the name of its file.
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
                problem: format!("\"{}\" is not allowed", clip(name)),
                allowed: names.join(" or "),
            }
        })
    }
}

/// A piece of a file: bytes, or numbers that are read from the model when the file is written.
#[derive(Debug)]
pub enum Piece {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A tower's outputs.
    Outputs(Tower),
    /// Parameters that training changes.
    Values(Parameter),
}
