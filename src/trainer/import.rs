//! Starts a run from the item embeddings of a file.

use super::Trainer;
use crate::error::{Error, Result};
use crate::exchange::{ItemEmbedding, read_items, refused_items};
use crate::formats::pieces::{Source, no_room};
use crate::model::Tower;

impl Trainer {
    /// Starts the run from the item embeddings of a file, matched by item id. Returns the number of
    /// items with an embedding in the file. Other items and all users keep their random start. The
    /// file is read in pieces: only rows of the run's items are in memory.
    ///
    /// # Errors
    /// [`Error::Data`] for a file of another format, of another width, or without any item of the
    /// training data; [`Error::Config`] for a run that has begun, for a tuned run, and for items
    /// without embeddings of their own; [`Error::OutOfMemory`].
    pub async fn start_items(&mut self, file: &dyn Source) -> Result<usize> {
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
        let width = self.config.dim;
        let (mut items, mut rows) = (Vec::new(), Vec::new());
        let mut take = |ItemEmbedding { item, vector }: ItemEmbedding| {
            let item = self.dataset.items.get(&item);
            let Some(item) = item.filter(|&item| (item as usize) < self.dataset.n_items) else {
                return Ok(());
            };
            let room = items.try_reserve(1).and_then(|()| rows.try_reserve(width));
            room.map_err(|_| no_room(4 * (rows.len() + width) as u64))?;
            items.push(item);
            rows.extend_from_slice(&vector);
            Ok(())
        };
        read_items(file, width, &mut take).await?;
        if items.is_empty() {
            return Err(refused_items("it contains none of the items in the training data".into()));
        }
        for (item, row) in items.iter().zip(rows.chunks_exact(width)) {
            self.model.set_row(Tower::Item, *item, row);
        }
        if self.backend.kind.is_gpu() {
            self.keep().await?;
        }
        Ok(items.len())
    }
}
