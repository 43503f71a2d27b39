//! `cargo xtask load`: reads a large generated file in headless Chromium.

use crate::browser::Browser;
use anyhow::Result;
use serde_json::{Value, json};
use std::process::ExitCode;
use xtask::wasm::{self, Variant};

#[derive(clap::Args)]
pub struct Load {
    /// Number of generated lines, `user,item,timestamp`
    #[arg(long, default_value_t = 25_000_000)]
    lines: u32,
}

impl Load {
    pub fn run(self) -> Result<ExitCode> {
        let mut browser = Browser::new("load");
        for (variant, path) in [(Variant::Package, "/crate/"), (Variant::Verify, "/verify/")] {
            wasm::build(variant)?;
            browser.mount(path, variant.folder());
        }
        // This split keeps the times, so it needs the most memory.
        let options = json!({ "split": { "kind": "temporal" } });
        browser.request(json!({ "lines": self.lines, "options": options }));
        let loaded = browser.run_one(|_, _| {})?;
        let number = |value: &Value| value.as_f64().unwrap_or_default();
        let megabytes = |key: &str| number(&loaded[key]) / 1e6;
        let pairs = ["train", "validation", "test"].map(|part| number(&loaded["data"][part]));
        let pairs: f64 = pairs.iter().sum();
        println!(
            "{} users, {} items, {pairs} pairs",
            loaded["data"]["users"], loaded["data"]["items"]
        );
        println!(
            "{:.0} MB in {:.1} s: {:.1} MB/s; peak wasm memory {:.0} MB, {:.1} bytes a pair",
            megabytes("bytes"),
            number(&loaded["seconds"]),
            megabytes("bytes") / number(&loaded["seconds"]),
            megabytes("peak"),
            number(&loaded["peak"]) / pairs,
        );
        Ok(ExitCode::SUCCESS)
    }
}
