//! Reads item embeddings to start a run from, in the format of the export `items.json`.

use serde::Deserialize;

use crate::error::{Error, Result, clip};

/// The embeddings of some items.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEmbeddings {
    /// The embeddings of the items.
    pub items: Vec<ItemEmbedding>,
}

/// The embedding of an item; other fields are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEmbedding {
    /// Its id.
    pub item: String,
    /// Its embedding.
    pub vector: Vec<f32>,
}

impl ItemEmbeddings {
    /// Reads a file of embeddings of this width.
    ///
    /// # Errors
    /// [`Error::Data`] if the file has another format, or an embedding has another width.
    pub fn parse(file: &[u8], width: usize) -> Result<Self> {
        let refused = |problem: String| Error::Data {
            file: "item embeddings".into(),
            problem,
            lines: Vec::new(),
        };
        let shape = "it does not match `{ items: [{ item, vector }] }`";
        let given: Self = serde_json::from_slice(file)
            .map_err(|error| refused(format!("{shape} ({})", clip(&error.to_string()))))?;
        for ItemEmbedding { item, vector } in &given.items {
            if vector.len() != width {
                let found = vector.len();
                let item = clip(item);
                return Err(refused(format!("`{item}` has {found} numbers, but `dim` is {width}")));
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_embeddings_are_rejected_by_name() {
        let problem = |text: &str| match ItemEmbeddings::parse(text.as_bytes(), 2) {
            Err(Error::Data { problem, .. }) => problem,
            other => panic!("{text} gave {other:?}"),
        };
        assert!(problem("").contains("{ items:"));
        assert!(problem(r#"{"items":[{"item":"a","vector":[1]}]}"#).contains("`a` has 1 numbers"));
        assert!(problem(r#"{"items":[{"item":"a","vector":[1,1e99]}]}"#).contains("out of range"));
        assert!(problem(r#"{"items":[{"item":"a","vector":[1,null]}]}"#).contains("{ items:"));
        let more = r#"{"normalized":true,"items":[{"item":"a","title":null,"vector":[1,0.5]}]}"#;
        let given = ItemEmbeddings::parse(more.as_bytes(), 2).expect("is one");
        assert_eq!(given.items[0].vector, [1.0, 0.5]);
    }
}
