//! Starts a run from the item embeddings of a file.

use super::Trainer;
use crate::error::{Error, Result};
use crate::exchange::ItemEmbeddings;
use crate::model::Tower;

impl Trainer {
    /// Starts the run from the item embeddings of a file, matched by item id. Returns the number of
    /// items with an embedding in the file. Other items and all users keep their random start.
    ///
    /// # Errors
    /// [`Error::Data`] for a file of another format, of another width, or without any item of the
    /// training data; [`Error::Config`] for a run that has begun, for a tuned run, and for items
    /// without embeddings of their own.
    pub async fn start_items(&mut self, file: &[u8]) -> Result<usize> {
        self.check()?;
        self.check_trains()?;
        if self.config.tune.is_some() {
            return Err(Error::Config {
                key: "tune".into(),
                problem: "tuning starts new models, which do not use these embeddings".into(),
                allowed: "null, to start from given embeddings".into(),
            });
        }
        if self.model.steps() > 0 {
            return Err(Error::Config {
                key: "start".into(),
                problem: "the run has begun".into(),
                allowed: "a new run, or a reset before this call".into(),
            });
        }
        if !self.config.towers.item.id {
            return Err(Error::Config {
                key: "towers.item.id".into(),
                problem: "this run has no item embeddings, so it cannot start from a file".into(),
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
                problem: "it contains none of the items in the training data".into(),
                lines: Vec::new(),
            });
        }
        for (item, embedding) in &known {
            self.model.set_row(Tower::Item, *item, embedding);
        }
        let known = known.len();
        if self.backend.kind.is_gpu() {
            self.keep().await?;
        }
        Ok(known)
    }
}
