//! Training in a native build.

use crate::run::{MODEL, Run, Start, Table};
use crate::{archive, files};
use anyhow::{Context as _, Result};
use flate2::read::MultiGzDecoder;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::time::Duration;
use twotower::Config;
use twotower::data::{Dataset, Loader};
use twotower::exchange::EXPORTS;
use twotower::trainer::Trainer;

/// Time between updates of the progress line.
const SLICE: Duration = Duration::from_millis(200);

/// Bytes passed to the loader at once.
const CHUNK: usize = 1 << 18;

/// Trains, calls `hear` with each event, and returns the run's JSON document.
pub fn train(run: &Run, hear: &mut impl FnMut(&str, &Value)) -> Result<Value> {
    pollster::block_on(async {
        let mut trainer = start(run).await?;
        hear("about", &document(trainer.about())?);
        loop {
            let progress = trainer.advance(SLICE).await?;
            hear("progress", &document(&progress)?);
            if progress.done {
                break;
            }
        }
        if let Some(folder) = &run.export {
            export(&mut trainer, folder).await?;
        }
        document(trainer.report())
    })
}

async fn start(run: &Run) -> Result<Trainer> {
    let choice = run.backend.choice();
    match &run.start {
        Start::Fresh { tables, options } => {
            let config = Config::resolve(options)?;
            Ok(Trainer::new(read(tables, &config)?, config, choice).await?)
        }
        Start::Saved { file, epochs } => {
            let bytes = std::fs::read(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let loaded = Trainer::load(&bytes, choice).await;
            let mut trainer = loaded.with_context(|| file.display().to_string())?;
            if let Some(epochs) = epochs {
                trainer.set_epochs(Config::resolve(&json!({ "epochs": epochs }))?.epochs)?;
            }
            Ok(trainer)
        }
    }
}

async fn export(trainer: &mut Trainer, folder: &Path) -> Result<()> {
    files::write(&folder.join(MODEL), &trainer.save().await?)?;
    for file in EXPORTS {
        files::write(&folder.join(file.name()), &trainer.export(file).await?)?;
    }
    Ok(())
}

/// Serializes through text, so that 32-bit numbers keep their short form: 0.1, not 0.10000000149.
fn document(told: impl Serialize) -> Result<Value> {
    Ok(serde_json::from_str(&serde_json::to_string(&told)?)?)
}

fn read(tables: &[Table], config: &Config) -> Result<Dataset> {
    let mut loader = Loader::new(config);
    let mut chunk = vec![0; CHUNK];
    for table in tables {
        let unreadable = || format!("{} cannot be read", table.file.display());
        let mut text = Text::open(table).with_context(unreadable)?;
        loader.begin(table.part, &text.name, text.bytes)?;
        loop {
            match text.read.read(&mut chunk).with_context(unreadable)? {
                0 => break,
                length => loader.push(&chunk[..length])?,
            }
        }
    }
    Ok(loader.finish()?)
}

/// A file's text, decompressed.
struct Text {
    name: String,
    read: Box<dyn Read>,
    /// Length of the text, if known.
    bytes: Option<u64>,
}

impl Text {
    /// Opens a file. Its first bytes decide whether it is compressed, not its name.
    fn open(table: &Table) -> Result<Self> {
        const GZIP: [u8; 2] = [0x1f, 0x8b];
        let name = table.name();
        let mut file = BufReader::new(File::open(&table.file)?);
        let first = file.fill_buf()?;
        if first.starts_with(&GZIP) {
            return Ok(Self { name, read: Box::new(MultiGzDecoder::new(file)), bytes: None });
        }
        if first.starts_with(&archive::ZIP) {
            let archive::Unpacked { name: inner, bytes, read } = archive::open(file, table.part)?;
            return Ok(Self { name: format!("{name}/{inner}"), read, bytes: Some(bytes) });
        }
        let bytes = file.get_ref().metadata()?.len();
        Ok(Self { name, read: Box::new(file), bytes: Some(bytes) })
    }
}
