//! Trains on a file and prints recommendations: `cargo run --release --example train --
//! ratings.csv`.
//!
//! Without a file, it trains on the Goodbooks data set of this project.

use std::io::Read as _;
use std::time::Duration;

use twotower::Config;
use twotower::data::{Loader, Part};
use twotower::executor::BackendRequest;
use twotower::trainer::{Choice, Query, Trainer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::resolve(&serde_json::json!({ "epochs": 3, "dim": 32 }))?;
    let mut loader = Loader::new(&config);
    match std::env::args().nth(1) {
        Some(path) => read(&mut loader, Part::All, &path, &std::fs::read(&path)?)?,
        None => {
            let packed = include_bytes!("../www/data/goodbooks/train.csv.gz").as_slice();
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(packed).read_to_end(&mut text)?;
            read(&mut loader, Part::All, "train.csv", &text)?;
            read(
                &mut loader,
                Part::Items,
                "items.csv",
                include_bytes!("../www/data/goodbooks/items.csv"),
            )?;
        }
    }
    pollster::block_on(async {
        // `AUTO` uses a GPU if there is one, otherwise the CPU.
        let mut trainer = Trainer::new(loader.finish()?, config, BackendRequest::AUTO).await?;
        loop {
            let progress = trainer.advance(Duration::from_millis(200)).await?;
            if let Some(epoch) = progress.epoch_report {
                println!("epoch {}: loss {:.3}", epoch.epoch, epoch.loss);
            }
            if progress.done {
                break;
            }
        }
        let user = Query::User(trainer.users("", 1).remove(0));
        for book in trainer.recommend(&user, 10, &Choice::default()).await?.found {
            println!("{:.3}  {}", book.score, book.title.unwrap_or(book.item));
        }
        Ok(())
    })
}

fn read(loader: &mut Loader, part: Part, name: &str, bytes: &[u8]) -> twotower::Result<()> {
    loader.begin(part, name, Some(bytes.len() as u64))?;
    loader.push(bytes)
}
