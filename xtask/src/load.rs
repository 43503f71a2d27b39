//! `cargo xtask load`: a large generated file, read in headless Chromium.

use crate::browser::Browser;
use crate::wasm;
use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Load {
    /// Lines of `user,item,timestamp` to generate
    #[arg(long, default_value_t = 25_000_000)]
    lines: u32,
}

impl Load {
    pub fn run(self) -> Result<ExitCode> {
        wasm::build(wasm::Variant::Verify)?;
        let mut browser = Browser::new("load");
        browser.mount("/verify/", wasm::Variant::Verify.folder());
        browser.request(json!({ "lines": self.lines }));
        let loaded = browser.run_one(|_, _| {})?;
        let number = |key: &str| loaded[key].as_f64().unwrap_or_default();
        let (bytes, seconds, peak) = (number("bytes"), number("seconds"), number("peak"));
        println!("{}", loaded["data"]);
        println!(
            "{:.0} MB in {seconds:.1} s: {:.1} MB/s; wasm memory at most {:.0} MB, {:.1} bytes a line",
            bytes / 1e6,
            bytes / 1e6 / seconds,
            peak / 1e6,
            peak / f64::from(self.lines),
        );
        Ok(ExitCode::SUCCESS)
    }
}
