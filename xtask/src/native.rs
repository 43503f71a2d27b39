//! Training compiled for this machine.

use crate::train::Run;
use anyhow::{Context as _, Result};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Duration;
use twotower::Config;
use twotower::data::{Dataset, Loader};
use twotower::trainer::Trainer;

/// How often the progress line moves.
const SLICE: Duration = Duration::from_millis(200);

/// Bytes handed to the loader at once.
const CHUNK: usize = 1 << 18;

/// Trains, tells `hear` what happens, and returns the run's document.
pub fn train(run: &Run, hear: &mut impl FnMut(&str, &Value)) -> Result<Value> {
    let config = Config::resolve(&run.options)?;
    let dataset = read(run, &config)?;
    pollster::block_on(async {
        let mut trainer = Trainer::new(dataset, config, run.backend.choice()).await?;
        hear("about", &serde_json::to_value(trainer.about())?);
        loop {
            let progress = trainer.advance(SLICE).await?;
            hear("progress", &serde_json::to_value(&progress)?);
            if progress.done {
                return Ok(serde_json::to_value(trainer.report())?);
            }
        }
    })
}

fn read(run: &Run, config: &Config) -> Result<Dataset> {
    let mut loader = Loader::new(config);
    let mut chunk = vec![0; CHUNK];
    for table in &run.tables {
        let mut text = open(&table.file)
            .with_context(|| format!("{} cannot be read", table.file.display()))?;
        loader.begin(table.part, &table.name(), None)?;
        loop {
            let length = text
                .read(&mut chunk)
                .with_context(|| format!("{} cannot be read", table.file.display()))?;
            if length == 0 {
                break;
            }
            loader.push(&chunk[..length])?;
        }
    }
    Ok(loader.finish()?)
}

/// Opens a text, with gzip undone; whether it is gzip is told by its first bytes.
fn open(file: &Path) -> std::io::Result<Box<dyn Read>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let mut head = Vec::with_capacity(GZIP.len());
    let mut file = File::open(file)?;
    file.by_ref().take(GZIP.len() as u64).read_to_end(&mut head)?;
    let gzip = head == GZIP;
    let whole = BufReader::new(std::io::Cursor::new(head).chain(file));
    Ok(if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}
