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
    let module = variant.folder().join(MODULE);
    if is_newer(&module, &compiled) {
        return Ok(());
    }
    put_in_place(&variant.folder(), |aside| {
        shell::step("wasm-bindgen", || bind(&compiled, variant, aside))?;
        // For the checks alone it would take longer than all that they compute.
        if variant != Variant::Verify {
            shell::step("wasm-opt", || optimise(&aside.join(MODULE)))?;
        }
        Ok(())
    })
}

/// The file that the others load. Its time tells whether they are up to date.
const MODULE: &str = "twotower_bg.wasm";

/// Makes files aside and moves them to `folder` once all are made: a build that fails or is interrupted leaves the
/// folder as it was. The module is moved last.
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
        // The two folders may be on different disks; only a rename within one is done at once.
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

fn bind(compiled: &Path, variant: Variant, folder: &Path) -> Result<()> {
    // The package says itself where its module is: bundlers would follow a second address, too.
    let omit = variant == Variant::Package;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).typescript(true).omit_default_module_path(omit).web(true)?;
    bindgen.generate(folder).context("wasm-bindgen")
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
    use super::*;

    /// Otherwise a module that is not optimised, or torn, would count as up to date.
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

    /// The generator refuses what another version of the library wrote.
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
