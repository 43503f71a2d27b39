//! Exports a trained model in the formats of other tools.

use super::Trainer;
use crate::config::{History, HistoryTable};
use crate::data::{Dataset, Features};
use crate::error::Result;
use crate::exchange::{self as export, Export, Label, Piece, TowerWeights};
use crate::formats::pieces::{Length, Sink, Texts};
use crate::model::Tower;
use crate::plan::{Parameter, Part};

impl Trainer {
    /// Exports a file for other tools into memory: see [`Trainer::export_to`].
    ///
    /// # Errors
    /// Errors of [`Trainer::export_to`]; [`crate::Error::OutOfMemory`] if there is no room for the
    /// file.
    pub async fn export(&mut self, file: Export) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.export_to(file, &mut bytes).await?;
        Ok(bytes)
    }

    /// Writes a file for other tools: a tower's outputs, as used in scores, or the tower itself.
    /// Rows are in the order of `ids.json`. Writing needs a few megabytes besides the run.
    ///
    /// # Errors
    /// Errors of [`crate::executor::Executor::read`] and of the sink.
    pub async fn export_to(&mut self, file: Export, sink: &mut dyn Sink) -> Result<()> {
        self.ready().await?;
        let pieces = match file {
            Export::UsersNpy => self.npy(Tower::User),
            Export::ItemsNpy => self.npy(Tower::Item),
            Export::EmbeddingsSafetensors => {
                let start = export::safetensors(self.shape(Tower::User), self.shape(Tower::Item));
                let [users, items] = [Tower::User, Tower::Item].map(Piece::Outputs);
                vec![Piece::Bytes(start), users, items]
            }
            Export::UserTowerOnnx => self.tower("user_tower", Tower::User),
            Export::ItemTowerOnnx => self.tower("item_tower", Tower::Item),
            Export::VectorsTsv | Export::MetadataTsv | Export::ItemsJson | Export::IdsJson => {
                // The length of a text is known only after writing it: the first pass counts it.
                let mut length = Length::default();
                self.text(file, &mut length).await?;
                sink.begin(length.0)?;
                return self.text(file, sink).await;
            }
        };
        let bytes = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Outputs(tower) => {
                4 * self.shape(*tower).map(|n| n as u64).iter().product::<u64>()
            }
            Piece::Values(Parameter { rows, width, .. }) => 4 * (rows * width) as u64,
        };
        sink.begin(pieces.iter().map(bytes).sum())?;
        for piece in pieces {
            let mut push = |values: &[f32]| sink.push(bytemuck::cast_slice(values));
            match piece {
                Piece::Bytes(bytes) => sink.push(&bytes)?,
                Piece::Outputs(tower) => self.model.read_outputs(tower, &mut push).await?,
                Piece::Values(parameter) => self.model.read_values(&parameter, &mut push).await?,
            }
        }
        Ok(())
    }

    /// Returns the number of rows of a tower and the width of its outputs.
    fn shape(&self, tower: Tower) -> [usize; 2] {
        let dims = self.model.plan().dims;
        [if tower == Tower::User { dims.users } else { dims.items }, dims.out_width]
    }

    fn npy(&self, tower: Tower) -> Vec<Piece> {
        vec![Piece::Bytes(export::npy(self.shape(tower))), Piece::Outputs(tower)]
    }

    async fn text(&mut self, file: Export, sink: &mut dyn Sink) -> Result<()> {
        let [_, width] = self.shape(Tower::Item);
        let Self { dataset, model, config, .. } = self;
        let mut text = Texts::new(sink);
        match file {
            Export::VectorsTsv => {
                let mut push = |values: &[f32]| {
                    let mut rows = values.chunks_exact(width);
                    rows.try_for_each(|row| text.push(&export::vector_line(row)))
                };
                model.read_outputs(Tower::Item, &mut push).await?;
            }
            Export::ItemsJson => {
                text.push(&export::items_start(config.normalize))?;
                let mut labels = labels(dataset).enumerate();
                let mut push = |values: &[f32]| {
                    for (row, (n, label)) in values.chunks_exact(width).zip(&mut labels) {
                        text.push(if n == 0 { "" } else { "," })?;
                        text.push(&export::item_json(label, row))?;
                    }
                    Ok(())
                };
                model.read_outputs(Tower::Item, &mut push).await?;
                text.push(export::ITEMS_END)?;
            }
            Export::MetadataTsv => metadata(dataset, &mut text)?,
            _ => ids(dataset, &mut text)?,
        }
        text.finish()
    }

    fn tower(&self, name: &str, tower: Tower) -> Vec<Piece> {
        let part = |tower, part| self.model.plan().parameter(tower, part).copied();
        let history = match self.config.towers.user.history {
            Some(History { table, power, .. }) if tower == Tower::User => {
                let table = match table {
                    HistoryTable::Shared => part(Tower::Item, Part::Id),
                    HistoryTable::Separate => part(tower, Part::History),
                };
                table.map(|table| (table, power))
            }
            _ => None,
        };
        let mut layers = Vec::new();
        while let Some(weights) = part(tower, Part::Weights(layers.len())) {
            let bias = part(tower, Part::Bias(layers.len()));
            layers.push([weights, bias.expect("a layer has both")]);
        }
        let weights = TowerWeights {
            id: part(tower, Part::Id),
            features: part(tower, Part::Features),
            history,
            layers,
            normalize: self.config.normalize,
        };
        export::tower(name, &weights)
    }
}

/// Returns the labels of the item tower's rows.
fn labels(dataset: &Dataset) -> impl Iterator<Item = Label<'_>> {
    let items = 0..dataset.n_items as u32;
    items.map(|item| Label { id: dataset.items.name(item), title: dataset.title(item) })
}

/// Writes the items' titles, pair counts and features, as the Embedding Projector reads them.
fn metadata(dataset: &Dataset, text: &mut Texts<'_>) -> Result<()> {
    text.push(export::METADATA_START)?;
    for ((item, label), pairs) in (0..).zip(labels(dataset)).zip(dataset.item_counts()) {
        let features: Vec<&str> = match &dataset.item_features {
            Some(Features { lists, vocabulary, .. }) => {
                lists.row(item).iter().map(|&value| vocabulary.name(value)).collect()
            }
            None => Vec::new(),
        };
        text.push(&export::metadata_line(label, pairs, &features))?;
    }
    Ok(())
}

/// Writes the ids of the outputs' rows, and the values of the features.
fn ids(dataset: &Dataset, text: &mut Texts<'_>) -> Result<()> {
    let Dataset { users, items, n_users, n_items, .. } = dataset;
    text.push("{")?;
    export::list_json(text, "users", users.iter().take(*n_users))?;
    text.push(",")?;
    export::list_json(text, "items", items.iter().take(*n_items))?;
    if let Some(index) = export::index_for(*n_items) {
        text.push(&format!(",\"index\":\"{index}\""))?;
    }
    let sides =
        [("userFeatures", &dataset.user_features), ("itemFeatures", &dataset.item_features)];
    for (name, features) in sides {
        if let Some(features) = features {
            text.push(",")?;
            export::list_json(text, name, features.vocabulary.iter())?;
        }
    }
    text.push("}")
}
