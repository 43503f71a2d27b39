//! `cargo xtask demo`: the page, built and served.

use crate::{pages, setup, shell};
use anyhow::Result;
use std::process::ExitCode;

const HOST: &str = "127.0.0.1";

#[derive(clap::Args)]
pub struct Demo {
    /// Port to serve at
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

impl Demo {
    /// Serves until it is interrupted.
    pub fn run(self) -> Result<ExitCode> {
        pages::build()?;
        println!("http://{HOST}:{}", self.port);
        let port = self.port.to_string();
        let serve = ["exec", "--", "vite", "preview", "--host", HOST, "--strictPort", "--port"];
        shell::run(setup::npm().args(serve).arg(port))?;
        Ok(ExitCode::SUCCESS)
    }
}
