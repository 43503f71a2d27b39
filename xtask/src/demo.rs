//! `cargo xtask demo`: builds and serves the page.

use anyhow::{Context as _, Result};
use std::net::TcpListener;
use std::process::ExitCode;
use xtask::{pages, setup, shell};

const HOST: &str = "127.0.0.1";

#[derive(clap::Args)]
pub struct Demo {
    /// Port to serve at
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

impl Demo {
    /// Builds the page and serves it until it is interrupted; the server prints its address.
    pub fn run(self) -> Result<ExitCode> {
        // Checks the port first, since a build may take minutes.
        check(self.port)?;
        pages::build()?;
        let port = self.port.to_string();
        let mut serve = setup::node("vite/bin/vite.js");
        serve.args(["preview", "--host", HOST, "--strictPort", "--port", &port]);
        shell::hand_over(&mut serve)
    }
}

/// Fails if the port is not available.
fn check(port: u16) -> Result<()> {
    TcpListener::bind((HOST, port)).with_context(|| {
        format!("port {port} is not available: choose another one with `--port`")
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_refused_with_what_to_do() {
        let other = TcpListener::bind((HOST, 0)).expect("a free port");
        let port = other.local_addr().expect("an address").port();
        let error = format!("{:#}", check(port).expect_err("taken"));
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
        drop(other);
        check(port).expect("free again");
    }
}
