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
use twotower::data::{Dataset, Extension, Loader};
use twotower::exchange::EXPORTS;
use twotower::trainer::Trainer;

/// Time between updates of the progress line.
const SLICE: Duration = Duration::from_millis(200);

/// Bytes passed to the loader at once.
const CHUNK: usize = 1 << 18;

/// Trains, calls `hear` with each event, and returns the run's JSON document.
pub fn train(run: &Run, hear: &mut impl FnMut(&str, &Value)) -> Result<Value> {
    pollster::block_on(async {
        let mut trainer = start(run, hear).await?;
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
        if let Some(file) = &run.save {
            save(&mut trainer, file).await?;
        }
        document(trainer.report())
    })
}

async fn start(run: &Run, hear: &mut impl FnMut(&str, &Value)) -> Result<Trainer> {
    let choice = run.backend.choice();
    match &run.start {
        Start::Fresh { tables, options } => {
            let config = Config::resolve(options)?;
            Ok(Trainer::new(read(tables, &config)?, config, choice).await?)
        }
        Start::Saved { file, tables, epochs } => {
            let bytes = std::fs::read(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let loaded = Trainer::load(&bytes, choice).await;
            let mut trainer = loaded.with_context(|| file.display().to_string())?;
            if !tables.is_empty() {
                hear("extension", &document(extend(&mut trainer, tables).await?)?);
            }
            if let Some(epochs) = epochs {
                trainer.set_epochs(Config::resolve(&json!({ "epochs": epochs }))?.epochs)?;
            }
            Ok(trainer)
        }
    }
}

/// Adds new data to a run.
pub async fn extend(trainer: &mut Trainer, tables: &[Table]) -> Result<Extension> {
    let loader = read_into(trainer.new_data()?, tables)?;
    Ok(trainer.extend(loader).await?)
}

/// Writes the run to a temporary file, then renames it, so that `file` never contains half a run.
async fn save(trainer: &mut Trainer, file: &Path) -> Result<()> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let written = std::fs::write(&part, trainer.save().await?);
    let named = written.and_then(|()| std::fs::rename(&part, file));
    named.with_context(|| format!("{} cannot be written", file.display()))
}

async fn export(trainer: &mut Trainer, folder: &Path) -> Result<()> {
    files::write(&folder.join(MODEL), &trainer.save().await?)?;
    for file in EXPORTS {
        files::write(&folder.join(file.name()), &trainer.export(file).await?)?;
    }
    Ok(())
}

/// Serializes through text, so that 32-bit numbers keep their short form: 0.1, not 0.10000000149.
pub fn document(told: impl Serialize) -> Result<Value> {
    Ok(serde_json::from_str(&serde_json::to_string(&told)?)?)
}

/// Reads the files of a fresh run.
pub fn read(tables: &[Table], config: &Config) -> Result<Dataset> {
    Ok(read_into(Loader::new(config), tables)?.finish()?)
}

fn read_into(mut loader: Loader, tables: &[Table]) -> Result<Loader> {
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
    Ok(loader)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Backend;
    use std::path::PathBuf;
    use twotower::data::Part;

    #[test]
    fn new_data_joins_a_saved_run() {
        let folder = std::env::temp_dir().join(format!("twotower-native-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("made");
        let file = |name: &str| folder.join(name);
        let pairs = |users: std::ops::Range<u32>| -> String {
            let lines = users
                .flat_map(|user| (0..8).map(move |n| format!("u{user},i{}\n", (user + n) % 12)));
            ["user,item\n".to_owned()].into_iter().chain(lines).collect()
        };
        std::fs::write(file("old.csv"), pairs(0..20)).expect("written");
        std::fs::write(file("new.csv"), pairs(19..25)).expect("written");
        let table = |name: &str| vec![Table::new(Part::All, file(name))];
        let run = |start: Start, save: PathBuf| {
            let run = Run { start, backend: Backend::Cpu, export: None, save: Some(save) };
            let mut told = Vec::new();
            train(&run, &mut |event, value| {
                if event == "extension" {
                    told.push(value.clone());
                }
            })
            .map(|report| (report, told))
        };
        let options = json!({ "dim": 8, "epochs": 5, "batchSize": 32 });
        let fresh = Start::Fresh { tables: table("old.csv"), options };
        run(fresh, file("run.safetensors")).expect("trains");
        let saved = |epochs| Start::Saved {
            file: file("run.safetensors"),
            tables: table("new.csv"),
            epochs,
        };
        let (report, told) = run(saved(None), file("more.safetensors")).expect("trains");
        assert_eq!((told[0]["users"].as_u64(), told[0]["known"].as_u64()), (Some(5), Some(8)));
        assert_eq!(report["extensions"][0], told[0]);
        assert_eq!(report["epochs"].as_array().map(Vec::len), Some(6));
        let (report, _) = run(saved(Some(8)), file("run.safetensors")).expect("writes over itself");
        assert_eq!(report["epochs"].as_array().map(Vec::len), Some(8));
        // The saved run contains the new data now.
        let told =
            run(saved(None), file("run.safetensors")).expect_err("nothing is new").to_string();
        let left: Vec<_> = std::fs::read_dir(&folder).expect("there").flatten().collect();
        assert_eq!(left.len(), 4, "{left:?}");
        std::fs::remove_dir_all(&folder).expect("removed");
        assert!(told.contains("are in the run already"), "{told}");
    }
}
