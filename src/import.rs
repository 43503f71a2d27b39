//! Item embeddings from a file, to start from: what [`crate::export`] writes as `items.json`.

use serde::Deserialize;

use crate::error::{Error, Result, clip};

/// The embeddings of some items.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEmbeddings {
    /// One for each item.
    pub items: Vec<ItemEmbedding>,
}

/// The embedding of an item; whatever else is told of it does not matter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEmbedding {
    /// Its id.
    pub item: String,
    /// Its numbers.
    pub vector: Vec<f32>,
}

impl ItemEmbeddings {
    /// Reads a file of embeddings of some width.
    ///
    /// # Errors
    /// [`Error::Data`] if it is none, or has another width.
    pub fn parse(file: &[u8], width: usize) -> Result<Self> {
        let refused = |problem: String| Error::Data {
            file: "item embeddings".into(),
            problem,
            lines: Vec::new(),
        };
        let shape = "it is not as `{ items: [{ item, vector }] }`";
        let given: Self = serde_json::from_slice(file)
            .map_err(|error| refused(format!("{shape} ({})", clip(&error.to_string()))))?;
        for ItemEmbedding { item, vector } in &given.items {
            if vector.len() != width {
                let found = vector.len();
                let item = clip(item);
                return Err(refused(format!("`{item}` has {found} numbers, and `dim` is {width}")));
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_embedding_is_refused_by_name() {
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
