//! Training compiled for this machine.

use crate::train::{MODEL, Run, Start, Table};
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
use twotower::export::EXPORTS;
use twotower::trainer::Trainer;

/// How often the progress line moves.
const SLICE: Duration = Duration::from_millis(200);

/// Bytes handed to the loader at once.
const CHUNK: usize = 1 << 18;

/// Trains, tells `hear` what happens, and returns the run's document.
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
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        std::fs::write(&file, bytes)
            .with_context(|| format!("{} cannot be written", file.display()))
    };
    write(MODEL, &trainer.save().await?)?;
    for file in EXPORTS {
        write(file.name(), &trainer.export(file).await?)?;
    }
    Ok(())
}

/// A document as its text says it: a number of 32 bits keeps its few digits.
fn document(told: impl Serialize) -> Result<Value> {
    Ok(serde_json::from_str(&serde_json::to_string(&told)?)?)
}

fn read(tables: &[Table], config: &Config) -> Result<Dataset> {
    let mut loader = Loader::new(config);
    let mut chunk = vec![0; CHUNK];
    for table in tables {
        let unreadable = || format!("{} cannot be read", table.file.display());
        let mut text = Text::open(&table.file).with_context(unreadable)?;
        loader.begin(table.part, &table.name(), text.bytes)?;
        loop {
            match text.read.read(&mut chunk).with_context(unreadable)? {
                0 => break,
                length => loader.push(&chunk[..length])?,
            }
        }
    }
    Ok(loader.finish()?)
}

/// A file's text, with gzip undone.
struct Text {
    read: Box<dyn Read>,
    /// Its length, where the file tells it.
    bytes: Option<u64>,
}

impl Text {
    /// Whether a file is gzip is told by its first bytes, not by its name.
    fn open(file: &Path) -> std::io::Result<Self> {
        const GZIP: [u8; 2] = [0x1f, 0x8b];
        let mut file = BufReader::new(File::open(file)?);
        Ok(if file.fill_buf()?.starts_with(&GZIP) {
            Self { read: Box::new(MultiGzDecoder::new(file)), bytes: None }
        } else {
            let bytes = file.get_ref().metadata()?.len();
            Self { read: Box::new(file), bytes: Some(bytes) }
        })
    }
}
