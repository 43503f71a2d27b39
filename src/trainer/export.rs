//! A trained model in the formats of other tools.

use super::Trainer;
use crate::config::{History, HistoryTable};
use crate::data::Features;
use crate::error::Result;
use crate::export::{self, Export, Ids, Label, Matrix, TowerWeights};
use crate::model::Tower;
use crate::plan::Part;

impl Trainer {
    /// A file for other tools: a tower's outputs, as they are scored, or the tower itself. Rows are in the
    /// order of `ids.json`.
    ///
    /// # Errors
    /// Those of [`crate::executor::Executor::read`].
    pub async fn export(&mut self, file: Export) -> Result<Vec<u8>> {
        self.check_model()?;
        Ok(match file {
            Export::UsersNpy => export::npy(&self.outputs(Tower::User).await?),
            Export::ItemsNpy => export::npy(&self.outputs(Tower::Item).await?),
            Export::EmbeddingsSafetensors => {
                let users = self.outputs(Tower::User).await?;
                export::safetensors(&users, &self.outputs(Tower::Item).await?)
            }
            Export::VectorsTsv => export::vectors_tsv(&self.outputs(Tower::Item).await?),
            Export::MetadataTsv => export::metadata_tsv(self.labels()),
            Export::ItemsJson => {
                let items = self.outputs(Tower::Item).await?;
                export::items_json(&items, self.labels(), self.config.normalize)
            }
            Export::IdsJson => {
                let dataset = &self.dataset;
                export::ids_json(&Ids {
                    users: dataset.users.iter().take(dataset.n_users).collect(),
                    items: dataset.items.iter().take(dataset.n_items).collect(),
                    user_features: words(&dataset.user_features),
                    item_features: words(&dataset.item_features),
                })
            }
            Export::UserTowerOnnx => self.tower("user_tower", Tower::User).await?,
            Export::ItemTowerOnnx => self.tower("item_tower", Tower::Item).await?,
        })
    }

    async fn outputs(&mut self, tower: Tower) -> Result<Matrix> {
        let values = self.model.outputs(tower).await?;
        Ok(Matrix { values, width: self.model.plan().dims.out_width })
    }

    async fn tower(&mut self, name: &str, tower: Tower) -> Result<Vec<u8>> {
        let history = match self.config.towers.user.history {
            Some(History { table, power, .. }) if tower == Tower::User => {
                let table = match table {
                    HistoryTable::Shared => self.part(Tower::Item, Part::Id).await?,
                    HistoryTable::Separate => self.part(tower, Part::History).await?,
                };
                table.map(|table| (table, power))
            }
            _ => None,
        };
        let mut layers = Vec::new();
        while let Some(weights) = self.part(tower, Part::Weights(layers.len())).await? {
            let bias = self.part(tower, Part::Bias(layers.len())).await?;
            layers.push([weights, bias.expect("a layer has both")]);
        }
        let weights = TowerWeights {
            id: self.part(tower, Part::Id).await?,
            features: self.part(tower, Part::Features).await?,
            history,
            layers,
            normalize: self.config.normalize,
        };
        Ok(export::tower(name, &weights))
    }

    /// What training moves of a part of a tower, if it has that part.
    async fn part(&mut self, tower: Tower, part: Part) -> Result<Option<Matrix>> {
        let Some(&parameter) = self.model.plan().parameter(tower, part) else { return Ok(None) };
        let values = self.model.values(&parameter).await?;
        Ok(Some(Matrix { values, width: parameter.width }))
    }

    /// The items of the tower.
    fn labels(&self) -> impl Iterator<Item = Label<'_>> {
        let items = 0..self.dataset.n_items as u32;
        items.map(|item| Label {
            id: self.dataset.items.name(item),
            title: self.dataset.title(item),
        })
    }
}

fn words(features: &Option<Features>) -> Option<Vec<&str>> {
    features.as_ref().map(|features| features.vocabulary.iter().collect())
}
