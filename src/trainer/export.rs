//! A trained model in the formats of other tools.

use super::Trainer;
use crate::error::{Error, Result};
use crate::export::{self, Export, Label, Matrix};
use crate::model::Tower;

impl Trainer {
    /// A file for other tools: a tower's outputs, as they are scored, or the tower itself. Rows are in the
    /// order of `ids.json`.
    ///
    /// # Errors
    /// [`Error::Config`] for the ONNX of a tower of more than ids; those of
    /// [`crate::executor::Executor::read`].
    pub async fn export(&mut self, file: Export) -> Result<Vec<u8>> {
        self.check()?;
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
                let users: Vec<&str> =
                    self.dataset.users.iter().take(self.dataset.n_users).collect();
                let items: Vec<&str> = self.labels().map(|label| label.id).collect();
                export::ids_json(&users, &items)
            }
            Export::UserTowerOnnx => self.tower("user_tower", Tower::User).await?,
            Export::ItemTowerOnnx => self.tower("item_tower", Tower::Item).await?,
        })
    }

    async fn outputs(&mut self, tower: Tower) -> Result<Matrix> {
        let values = self.model.outputs(tower).await?;
        Ok(self.matrix(values))
    }

    async fn tower(&mut self, name: &str, tower: Tower) -> Result<Vec<u8>> {
        let (key, is_table) = match tower {
            Tower::User => ("towers.user", self.config.towers.user.is_table()),
            Tower::Item => ("towers.item", self.config.towers.item.is_table()),
        };
        if !is_table {
            return Err(Error::Config {
                key: key.into(),
                problem: "only a tower of ids alone is written as ONNX yet".into(),
                allowed: "the other exports, which have its outputs".into(),
            });
        }
        let values = self.model.table(tower).await?;
        Ok(export::id_tower(name, &self.matrix(values), self.config.normalize))
    }

    /// Rows of a tower's outputs; those of a table that is the whole tower are as wide.
    fn matrix(&self, values: Vec<f32>) -> Matrix {
        Matrix { values, width: self.model.plan().dims.out_width }
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
