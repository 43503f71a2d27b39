//! Compiles the crate to WebAssembly and makes the JavaScript that loads it.

use crate::setup::WasmToolchain;
use crate::{root, setup, shell};
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use wasm_bindgen_cli_support::Bindgen;

/// The profile of Cargo.toml that makes it small.
const PROFILE: &str = "download";

/// What the WebAssembly is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The package: what `www/` is built with.
    Package,
    /// The package and the checks behind the feature `verify`.
    Verify,
    /// The same for the benchmark, optimised as the package is.
    Bench,
}

impl Variant {
    /// Where the JavaScript, its types and the WebAssembly go.
    pub fn folder(self) -> PathBuf {
        root().join(match self {
            Self::Package => "www/src/wasm",
            Self::Verify => "target/verify",
            Self::Bench => "target/bench/crate",
        })
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Package => &[],
            Self::Verify | Self::Bench => &["--features", "verify"],
        }
    }
}

/// Brings `variant` up to date.
pub fn build(variant: Variant) -> Result<()> {
    let toolchain = setup::wasm_toolchain()?;
    setup::npm_packages()?;
    let compiled = compile(&toolchain, variant)?;
    let module = variant.folder().join("twotower_bg.wasm");
    if is_newer(&module, &compiled) {
        return Ok(());
    }
    shell::step("wasm-bindgen", || bind(&compiled, variant))?;
    // For the checks alone it would take longer than all that they compute.
    if variant != Variant::Verify {
        shell::step("wasm-opt", || optimise(&module))?;
    }
    Ok(())
}

fn compile(toolchain: &WasmToolchain, variant: Variant) -> Result<PathBuf> {
    let mut build = toolchain.cargo("build");
    build.args(["--profile", PROFILE, "--lib"]).args(variant.features());
    shell::run(without_paths(&mut build)?)?;
    let compiled = root().join("target/wasm").join(setup::WASM).join(PROFILE).join("twotower.wasm");
    let bytes = std::fs::read(&compiled)?;
    // As the `target_features` section of a module writes it: used, length of the name, name.
    let simd = b"+\x07simd128";
    ensure!(
        bytes.windows(simd.len()).any(|window| window == simd),
        "the module was compiled without SIMD: do the flags of .cargo/config.toml reach the compiler?"
    );
    Ok(compiled)
}

/// Names the crates of a registry by themselves in messages of panics: a page need not download where
/// they lie on the machine that built it.
fn without_paths(build: &mut Command) -> Result<&mut Command> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let Ok(registries) = home.context("no home folder")?.join("registry/src").read_dir() else {
        return Ok(build);
    };
    let mut flags = Vec::new();
    for registry in registries {
        flags.push(format!("--remap-path-prefix={}/=", registry?.path().display()));
    }
    // Added to the flags of .cargo/config.toml, where the variable RUSTFLAGS would replace them.
    let flags = serde_json::to_string(&flags)?;
    Ok(build.arg("--config").arg(format!("target.{}.rustflags={flags}", setup::WASM)))
}

fn bind(compiled: &Path, variant: Variant) -> Result<()> {
    // The package says itself where its module is: bundlers would follow a second address, too.
    let omit = variant == Variant::Package;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).typescript(true).omit_default_module_path(omit).web(true)?;
    bindgen.generate(variant.folder()).context("wasm-bindgen")
}

/// Runs the `wasm-opt` of the npm package binaryen over a module, in place. Functions of like names are alike: a
/// page's server packs them better side by side.
fn optimise(module: &Path) -> Result<()> {
    let mut wasm_opt = setup::node("binaryen/bin/wasm-opt");
    wasm_opt.args(["-O3", "--reorder-functions-by-name"]);
    shell::quiet(wasm_opt.arg(module).arg("-o").arg(module))?;
    Ok(())
}

/// Whether `made` exists and was made after `from`.
pub fn is_newer(made: &Path, from: &Path) -> bool {
    let time = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
    time(made).is_some_and(|made| made > time(from).unwrap_or(SystemTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    /// The generator refuses what another version of the library wrote.
    #[test]
    fn generator_and_library_have_one_version() {
        let lock = std::fs::read_to_string(crate::root().join("Cargo.lock")).expect("a lock file");
        let version = |package: &str| {
            let (_, rest) =
                lock.split_once(&format!("name = \"{package}\"\nversion = ")).expect(package);
            rest.lines().next().expect("a version").to_owned()
        };
        assert_eq!(version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
    }
}
