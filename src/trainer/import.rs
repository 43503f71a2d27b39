//! A run that starts from item embeddings of elsewhere.

use super::Trainer;
use crate::error::{Error, Result};
use crate::import::ItemEmbeddings;
use crate::model::Tower;

impl Trainer {
    /// Starts the run from the item embeddings of a file, by the items' ids: how many items had one. The
    /// others start as they would have, and so do users.
    ///
    /// # Errors
    /// [`Error::Data`] for a file that is none, has another width or knows no item of the data;
    /// [`Error::Config`] for a run that has begun.
    pub async fn start_items(&mut self, file: &[u8]) -> Result<usize> {
        self.check()?;
        if self.config.tune.is_some() {
            return Err(Error::Config {
                key: "tune".into(),
                problem: "it starts models of its own, which know nothing of these embeddings"
                    .into(),
                allowed: "null, where a run starts from given embeddings".into(),
            });
        }
        if self.model.steps() > 0 {
            return Err(Error::Config {
                key: "start".into(),
                problem: "the run has begun".into(),
                allowed: "a run that has not, or a reset before".into(),
            });
        }
        if !self.config.towers.item.id {
            return Err(Error::Config {
                key: "towers.item.id".into(),
                problem: "items without embeddings of their own cannot start from any".into(),
                allowed: "true".into(),
            });
        }
        let given = ItemEmbeddings::parse(file, self.config.dim)?;
        let known = given.items.iter().filter_map(|given| {
            let item = self.dataset.items.get(&given.item)?;
            ((item as usize) < self.dataset.n_items).then_some((item, given.vector.as_slice()))
        });
        let known: Vec<(u32, &[f32])> = known.collect();
        if known.is_empty() {
            return Err(Error::Data {
                file: "item embeddings".into(),
                problem: "it has none of the items that are trained on".into(),
                lines: Vec::new(),
            });
        }
        for (item, embedding) in &known {
            self.model.set_row(Tower::Item, *item, embedding);
        }
        let known = known.len();
        if self.backend.backend.is_gpu() {
            self.keep().await?;
        }
        Ok(known)
    }
}
