//! Installs missing requirements. Each function returns at once if its requirement is met, prints
//! what it installs, and fails with a sentence that says what to install by hand.

use crate::{root, shell};
use anyhow::{Context as _, Result, anyhow, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Target of the WebAssembly.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Environment variable with the path of Chromium.
pub const CHROMIUM: &str = "CHROMIUM";
/// Environment variable with the path of Firefox.
pub const FIREFOX: &str = "FIREFOX";

/// Oldest Node.js that the packages of `www/` support, as (major, minor).
const NODE: (u32, u32) = (20, 19);

/// Settings of cargo for compiling to [`WASM`].
pub struct WasmToolchain {
    env: Vec<(&'static str, PathBuf)>,
    build_std: bool,
}

impl WasmToolchain {
    /// Returns whether clippy belongs to this compiler.
    pub fn has_clippy(&self) -> bool {
        !self.build_std
    }

    /// Returns `cargo VERB` for the wasm target, in its own target directory, so that native and
    /// wasm builds do not wait for each other's lock or invalidate each other's features.
    pub fn cargo(&self, verb: &str) -> Command {
        let mut cargo = cargo();
        cargo.args([verb, "--target", WASM]).arg("--target-dir").arg(root().join("target/wasm"));
        // These variables would replace the flags in .cargo/config.toml, which enable SIMD.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo.envs(self.env.iter().map(|(name, value)| (name, value)));
        if self.build_std {
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        cargo
    }
}

/// Returns `cargo` in the repository.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Returns a compiler with the standard library for wasm: the toolchain's, else rustup's, else
/// Debian's.
pub fn wasm_toolchain() -> Result<WasmToolchain> {
    let own = WasmToolchain { env: Vec::new(), build_std: false };
    if has_wasm_target()? {
        return Ok(own);
    }
    if debian_wasm().is_none() && shell::find("rustup").is_some() {
        let added = shell::step(&format!("rustup target add {WASM}"), || {
            shell::quiet(Command::new("rustup").args(["target", "add", WASM]))
        });
        match added {
            Ok(_) => return Ok(own),
            Err(error) => eprintln!("  {error:#}"),
        }
    }
    if debian_wasm().is_none() {
        apt_install("a Rust standard library for wasm", &["rustc-web", "rust-web-src", "lld-22"])
            .with_context(|| {
            format!("the wasm target is missing: run `rustup target add {WASM}`")
        })?;
    }
    let (rustc, linker) =
        debian_wasm().ok_or_else(|| anyhow!("rustc-web and lld-22 contain no compiler"))?;
    Ok(WasmToolchain {
        env: vec![
            ("RUSTC", rustc),
            // Allows -Zbuild-std on a stable compiler.
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
        ],
        build_std: true,
    })
}

fn has_wasm_target() -> Result<bool> {
    let sysroot = shell::quiet(Command::new("rustc").args(["--print", "sysroot"]))?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib");
    // The folder alone may come from an interrupted installation.
    let std = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("libstd-");
    Ok(libraries.read_dir().is_ok_and(|entries| entries.flatten().any(std)))
}

/// Returns Debian's compiler and linker, if they and the sources of the standard library are
/// installed.
fn debian_wasm() -> Option<(PathBuf, PathBuf)> {
    let rustc = PathBuf::from("/usr/bin/rustc");
    let sources = Path::new("/usr/lib/rustlib/src/rust/library/std");
    (rustc.is_file() && sources.is_dir()).then_some(())?;
    Some((rustc, shell::find("wasm-ld-22")?))
}

/// Installs the npm packages of `www/`.
pub fn npm_packages() -> Result<()> {
    npm_packages_of(&root().join("www"))
}

/// Installs the npm packages of a folder, exactly as in its lock file.
pub fn npm_packages_of(folder: &Path) -> Result<()> {
    node_js()?;
    let lock = folder.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| lock.display().to_string())?;
    let stamp = folder.join("node_modules/.installed-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    shell::step("npm ci", || install(npm().current_dir(folder))).with_context(|| {
        let folder = folder.display();
        format!("the npm packages of {folder} could not be installed; this needs access to the npm registry")
    })?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// Runs `npm ci` without install scripts, which no package needs.
fn install(npm: &mut Command) -> Result<()> {
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    // Without a network, npm's defaults take minutes to fail.
    npm.args([
        "--fetch-retries=2",
        "--fetch-retry-mintimeout=1000",
        "--fetch-retry-maxtimeout=5000",
    ]);
    shell::quiet(npm).map_err(|error| match first_complaint(&error.to_string()) {
        Some(complaint) => anyhow!("{complaint}"),
        None => error,
    })?;
    Ok(())
}

/// Returns the line of npm's output with the reason of the failure.
fn first_complaint(output: &str) -> Option<String> {
    let complaints =
        output.lines().filter_map(|line| line.strip_prefix("npm error ")).map(str::trim);
    let told: Vec<&str> = complaints.filter(|line| !line.is_empty()).collect();
    let code = told.iter().find(|line| line.starts_with("code "))?;
    let why = told
        .iter()
        .find(|line| !["code ", "errno ", "syscall "].iter().any(|key| line.starts_with(key)))?;
    Some(format!("npm: {why} ({code})"))
}

/// Returns `npm` in `www/`.
pub fn npm() -> Command {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(root().join("www"));
    npm
}

/// Returns the command of a program of an npm package, in `www/`.
pub fn node(program: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(Path::new("node_modules").join(program)).current_dir(root().join("www"));
    node
}

/// Installs Node.js and npm.
pub fn node_js() -> Result<()> {
    let is_there = || node_version() >= Some(NODE) && shell::find("npm").is_some();
    if is_there() {
        return Ok(());
    }
    apt_install("Node.js", &["nodejs", "npm"])
        .and_then(|()| {
            if is_there() { Ok(()) } else { bail!("the version in the package archive is too old") }
        })
        .with_context(|| {
            let (major, minor) = NODE;
            format!("Node.js {major}.{minor} or newer with npm is missing: see https://nodejs.org")
        })
}

/// Returns (major, minor) of the installed Node.js.
fn node_version() -> Option<(u32, u32)> {
    let version = shell::quiet(Command::new("node").arg("--version")).ok()?;
    let mut numbers = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Installs the packages of a folder's `requirements.txt` in a virtual environment with the
/// folder's name. Returns the folder of their programs.
pub fn python_packages(folder: &Path) -> Result<PathBuf> {
    let wanted = std::fs::read(folder.join("requirements.txt"))?;
    let name = folder.file_name().context("a folder has a name")?;
    let venv = root().join("target/tools/python").join(name);
    let programs = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let stamp = venv.join("installed-requirements.txt");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    let python = python()?;
    shell::step("pip install -r requirements.txt", || {
        let _ = std::fs::remove_dir_all(&venv);
        let made = shell::quiet(Command::new(&python).args(["-m", "venv"]).arg(&venv));
        made.context("install Python's `venv` module (on Debian or Ubuntu: python3-venv)")?;
        let mut install = Command::new(programs.join("pip"));
        install.current_dir(folder).args([
            "install",
            "--quiet",
            "--requirement",
            "requirements.txt",
        ]);
        shell::quiet(&mut install)
            .context("the Python packages could not be installed; this needs access to PyPI")
    })?;
    std::fs::write(stamp, wanted)?;
    Ok(programs)
}

/// Oldest Python that the examples' packages support.
const PYTHON: (u32, u32) = (3, 11);

fn python() -> Result<PathBuf> {
    let found = || {
        let python = shell::find("python3").or_else(|| shell::find("python"))?;
        let printed = shell::quiet(Command::new(&python).arg("--version")).ok()?;
        let mut numbers = printed.trim().strip_prefix("Python ")?.split('.').map(str::parse);
        let version = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        (version >= PYTHON).then_some(python)
    };
    if let Some(python) = found() {
        return Ok(python);
    }
    apt_install("Python", &["python3", "python3-venv"])
        .and_then(|()| found().context("the version in the package archive is too old"))
        .with_context(|| {
            let (major, minor) = PYTHON;
            format!("Python {major}.{minor} or newer is missing: see https://www.python.org")
        })
}

/// Version of mdBook for the documentation and the example.
const MDBOOK: &str = "0.5.4";

/// Returns the installed mdBook if it has this version, else builds it.
pub fn mdbook() -> Result<PathBuf> {
    let tools = root().join("target/tools");
    let own = tools.join("bin").join(format!("mdbook{}", std::env::consts::EXE_SUFFIX));
    let fits = |path: &PathBuf| {
        let version = shell::quiet(Command::new(path).arg("--version"));
        version.is_ok_and(|version| version.trim() == format!("mdbook v{MDBOOK}"))
    };
    if let Some(found) = shell::find("mdbook").into_iter().chain([own.clone()]).find(fits) {
        return Ok(found);
    }
    // An unoptimised build without the server takes half the time, and the books are small.
    shell::step(&format!("cargo install mdbook@{MDBOOK}, a few minutes"), || {
        let mut install = cargo();
        install.args(["install", "mdbook", "--version", MDBOOK, "--locked", "--debug", "--force"]);
        install.args(["--no-default-features", "--features", "search", "--root"]).arg(&tools);
        shell::quiet(install.arg("--target-dir").arg(tools.join("build"))).with_context(|| {
            format!("mdBook is missing: run `cargo install mdbook@{MDBOOK} --locked`")
        })
    })?;
    Ok(own)
}

/// Returns the browser of [`CHROMIUM`], else the installed Chromium or Chrome; installs Chromium if
/// needed.
pub fn chromium() -> Result<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let on_mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    browser("Chromium or Chrome", CHROMIUM, "chromium", || installed(&names, on_mac))
}

/// Returns the browser of [`FIREFOX`], else the installed Firefox; installs it if needed.
pub fn firefox() -> Result<PathBuf> {
    let on_mac = "/Applications/Firefox.app/Contents/MacOS/firefox";
    browser("Firefox", FIREFOX, "firefox-esr", || installed(&["firefox-esr", "firefox"], on_mac))
}

fn browser(
    name: &str,
    variable: &str,
    package: &str,
    find: impl Fn() -> Option<PathBuf>,
) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(variable).map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        bail!("{variable} names {}, which does not exist", named.display());
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    apt_install(name, &[package])
        .and_then(|()| find().context("the package does not contain it"))
        .with_context(|| format!("{name} is missing: install it, or set {variable} to its path"))
}

fn installed(names: &[&str], on_mac: &str) -> Option<PathBuf> {
    let on_mac = Path::new(on_mac);
    let found = names.iter().copied().find_map(shell::find);
    found.or_else(|| on_mac.is_file().then(|| on_mac.to_owned()))
}

/// Installs WebKitGTK's driver with its browser, and a virtual screen. They exist only on Linux;
/// other systems skip these tests.
pub fn webkit() -> Result<()> {
    let is_there = ["WebKitWebDriver", "Xvfb"].iter().all(|name| shell::find(name).is_some());
    if !cfg!(target_os = "linux") || is_there {
        return Ok(());
    }
    apt_install("WebKitGTK", &["webkit2gtk-driver", "xvfb"])
        .context("WebKitGTK is missing: install WebKitWebDriver with MiniBrowser, and Xvfb")
}

/// Installs lavapipe, a Vulkan driver that computes on the CPU, if Linux has no Vulkan driver for
/// native WebGPU. Other systems have their own API.
pub fn vulkan() -> Result<()> {
    if !cfg!(target_os = "linux") || has_vulkan() {
        return Ok(());
    }
    apt_install("a Vulkan driver", &["mesa-vulkan-drivers", "libvulkan1"])
        .context("no Vulkan driver is installed: install your GPU's, or Mesa's lavapipe")
}

fn has_vulkan() -> bool {
    ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .any(|dir| std::fs::read_dir(dir).is_ok_and(|mut drivers| drivers.next().is_some()))
}

/// Environment variable with the Vulkan drivers to use.
const VULKAN: &str = "VK_DRIVER_FILES";

/// Returns environment variables with which Dawn finds a Vulkan driver: that of [`VULKAN`], else
/// SwiftShader, which is part of Chromium and computes on the CPU. Dawn rejects lavapipe. Only
/// Linux needs this.
pub fn dawn() -> Result<Vec<(&'static str, PathBuf)>> {
    if !cfg!(target_os = "linux") || std::env::var_os(VULKAN).is_some() {
        return Ok(Vec::new());
    }
    let program = chromium()?;
    let beside = program.canonicalize()?.parent().map(Path::to_owned).unwrap_or_default();
    let folders = [beside, "/usr/lib/chromium".into(), "/opt/google/chrome".into()];
    let driver = folders.map(|folder| folder.join("vk_swiftshader_icd.json"));
    let driver = driver.into_iter().find(|file| file.is_file()).with_context(|| {
        format!(
            "{} does not contain SwiftShader's Vulkan driver, vk_swiftshader_icd.json: install \
             Debian's `chromium`, or set {VULKAN} to a driver of your GPU",
            program.display()
        )
    })?;
    // Without a desktop, SwiftShader prints a warning unless this directory is set.
    Ok(vec![(VULKAN, driver), ("XDG_RUNTIME_DIR", std::env::temp_dir())])
}

fn apt_install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = || format!("on Debian or Ubuntu: `sudo apt-get install {}`", packages.join(" "));
    if shell::find("apt-get").is_none() {
        bail!("automatic installation works only on Debian and Ubuntu");
    }
    let root = shell::quiet(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let sudo = || shell::quiet(Command::new("sudo").args(["-n", "true"])).is_ok();
    if !root && !sudo() {
        bail!("the installation needs root; {}", by_hand());
    }
    let as_root = |program: &[&str]| {
        // `env` passes the setting through sudo.
        let mut command = Command::new(if root { "env" } else { "sudo" });
        command.args(if root { &[][..] } else { &["-n", "env"] });
        command.arg("DEBIAN_FRONTEND=noninteractive").args(program);
        shell::quiet(&mut command)
    };
    let apt = |args: &[&str]| {
        as_root(&[&["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"], args].concat())
    };
    shell::step(&format!("{what}: apt-get install {}", packages.join(" ")), || {
        // Completes an installation that was interrupted: apt-get would refuse to begin another.
        as_root(&["dpkg", "--configure", "-a"])?;
        apt(&["update"])?;
        apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
    })
    .with_context(by_hand)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_without_a_network_is_one_line() {
        let output = "`npm ci` failed (exit status: 1)\nnpm error code ECONNREFUSED\nnpm error errno ECONNREFUSED\n\
            npm error FetchError: request to http://127.0.0.1:9/lit failed, reason: \nnpm error     at ClientRequest\n";
        let told = first_complaint(output).expect("a complaint");
        assert_eq!(
            told,
            "npm: FetchError: request to http://127.0.0.1:9/lit failed, reason: (code ECONNREFUSED)"
        );
        assert_eq!(first_complaint("something else"), None);
    }
}
