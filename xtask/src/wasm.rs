//! Compiles the crate to WebAssembly and generates the JavaScript that loads it.

use crate::setup::WasmToolchain;
use crate::{root, setup, shell};
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use wasm_bindgen_cli_support::Bindgen;

/// Profile in Cargo.toml for a small size.
const PROFILE: &str = "download";

/// Variant of the WebAssembly, by its use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// For the package of `www/`.
    Package,
    /// For tests: with the feature `verify`, not optimised.
    Verify,
    /// For the benchmark: with the feature `verify`, optimised like the package.
    Bench,
}

impl Variant {
    /// Returns the folder of the JavaScript, its types and the WebAssembly.
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

/// Builds `variant` if its sources have changed.
pub fn build(variant: Variant) -> Result<()> {
    let toolchain = setup::wasm_toolchain()?;
    setup::npm_packages()?;
    let compiled = compile(&toolchain, variant)?;
    let module = variant.folder().join(MODULE);
    if is_newer(&module, &compiled) {
        return Ok(());
    }
    put_in_place(&variant.folder(), |aside| {
        shell::step("wasm-bindgen", || bind(&compiled, variant, aside))?;
        // For tests, optimising would take longer than the tests.
        if variant != Variant::Verify {
            shell::step("wasm-opt", || optimise(&aside.join(MODULE)))?;
        }
        Ok(())
    })
}

/// The WebAssembly. Its modification time decides whether the folder is up to date.
const MODULE: &str = "twotower_bg.wasm";

/// Creates files in another folder, then moves them to `folder`, so that a failed or interrupted
/// build does not change `folder`. The module is moved last.
fn put_in_place(folder: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = folder.file_name().context("a folder has a name")?;
    let aside = root().join("target/wasm/aside").join(name);
    if aside.exists() {
        std::fs::remove_dir_all(&aside)?;
    }
    std::fs::create_dir_all(&aside)?;
    make(&aside)?;
    std::fs::create_dir_all(folder)?;
    let mut made = Vec::new();
    for entry in aside.read_dir()? {
        made.push(entry?.path());
    }
    made.sort_by_key(|path| path.ends_with(MODULE));
    for path in made {
        let target = folder.join(path.file_name().context("a file has a name")?);
        // The folders may be on different disks, but only a rename on one disk is atomic.
        let beside = target.with_extension("part");
        std::fs::copy(&path, &beside)?;
        std::fs::rename(&beside, &target)?;
    }
    Ok(std::fs::remove_dir_all(aside)?)
}

fn compile(toolchain: &WasmToolchain, variant: Variant) -> Result<PathBuf> {
    let mut build = toolchain.cargo("build");
    build.args(["--profile", PROFILE, "--lib"]).args(variant.features());
    shell::run(without_paths(&mut build)?)?;
    let compiled = root().join("target/wasm").join(setup::WASM).join(PROFILE).join("twotower.wasm");
    let bytes = std::fs::read(&compiled)?;
    // Entry in the module's `target_features` section: used, length of the name, name.
    let simd = b"+\x07simd128";
    ensure!(
        bytes.windows(simd.len()).any(|window| window == simd),
        "the module was compiled without SIMD: check that the flags of .cargo/config.toml reach the compiler"
    );
    Ok(compiled)
}

/// Removes the registry's path from crate names in panic messages, so that pages do not download
/// paths of the machine that built them.
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
    // Adds to the flags of .cargo/config.toml; the variable RUSTFLAGS would replace them.
    let flags = serde_json::to_string(&flags)?;
    Ok(build.arg("--config").arg(format!("target.{}.rustflags={flags}", setup::WASM)))
}

fn bind(compiled: &Path, variant: Variant, folder: &Path) -> Result<()> {
    // The package sets the module's address itself; bundlers would also copy a default one.
    let omit = variant == Variant::Package;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).typescript(true).omit_default_module_path(omit).web(true)?;
    bindgen.generate(folder).context("wasm-bindgen")
}

/// Optimises a module in place with `wasm-opt` of the npm package binaryen. Functions with similar
/// names have similar code, so sorting them by name improves compression.
fn optimise(module: &Path) -> Result<()> {
    let mut wasm_opt = setup::node("binaryen/bin/wasm-opt");
    wasm_opt.args(["-O3", "--reorder-functions-by-name"]);
    shell::quiet(wasm_opt.arg(module).arg("-o").arg(module))?;
    Ok(())
}

/// Returns whether `made` exists and is newer than `from`.
pub fn is_newer(made: &Path, from: &Path) -> bool {
    let time = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
    time(made).is_some_and(|made| made > time(from).unwrap_or(SystemTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise an incomplete or unoptimised module would count as up to date.
    #[test]
    fn a_build_that_fails_midway_leaves_the_folder_as_it_was() {
        let folder = std::env::temp_dir().join(format!("twotower-aside-{}", std::process::id()));
        let module = folder.join(MODULE);
        let write = |aside: &Path, text: &str| {
            std::fs::write(aside.join(MODULE), text)?;
            std::fs::write(aside.join("twotower.js"), text).map_err(anyhow::Error::from)
        };
        let fail =
            |aside: &Path| write(aside, "not optimised").and_then(|()| anyhow::bail!("stopped"));
        assert!(put_in_place(&folder, fail).is_err());
        assert!(!module.exists(), "nothing counts as up to date");
        put_in_place(&folder, |aside| write(aside, "whole")).expect("made");
        assert!(put_in_place(&folder, fail).is_err());
        let left: Vec<_> = folder.read_dir().expect("a folder").collect();
        assert_eq!(
            (std::fs::read_to_string(&module).expect("there"), left.len()),
            ("whole".into(), 2)
        );
        std::fs::remove_dir_all(folder).expect("removed");
    }

    /// The generator rejects modules of another version of the library.
    #[test]
    fn generator_and_library_have_one_version() {
        let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
        let version = |package: &str| {
            let (_, rest) =
                lock.split_once(&format!("name = \"{package}\"\nversion = ")).expect(package);
            rest.lines().next().expect("a version").to_owned()
        };
        assert_eq!(version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
    }
}
