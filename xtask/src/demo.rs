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
    /// Serves until it is interrupted; the server prints its address once it answers.
    pub fn run(self) -> Result<ExitCode> {
        pages::build()?;
        let port = self.port.to_string();
        let mut serve = setup::node("vite/bin/vite.js");
        serve.args(["preview", "--host", HOST, "--strictPort", "--port", &port]);
        shell::hand_over(&mut serve)?;
        Ok(ExitCode::SUCCESS)
    }
}
