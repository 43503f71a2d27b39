//! Brings what a fresh machine lacks. Each function returns at once when its thing is there,
//! announces what it installs, and ends in one sentence that says what to install by hand.

use crate::{root, shell};
use anyhow::{Context as _, Result, anyhow, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const WASM: &str = "wasm32-unknown-unknown";

/// The variables that name the browsers to use.
pub const CHROMIUM: &str = "CHROMIUM";
pub const FIREFOX: &str = "FIREFOX";

/// The oldest Node.js that the packages of `www/` run on, as (major, minor).
const NODE: (u32, u32) = (20, 19);

/// How to call cargo so that it compiles to [`WASM`].
pub struct WasmToolchain {
    env: Vec<(&'static str, PathBuf)>,
    build_std: bool,
}

impl WasmToolchain {
    /// Whether the compiler is the one that cargo's other tools, such as clippy, belong to.
    pub fn has_clippy(&self) -> bool {
        !self.build_std
    }

    /// `cargo VERB` for the wasm target, in a target directory of its own: native and wasm builds
    /// neither wait for each other's lock nor push each other's features out.
    pub fn cargo(&self, verb: &str) -> Command {
        let mut cargo = cargo();
        cargo.args([verb, "--target", WASM]).arg("--target-dir").arg(root().join("target/wasm"));
        // Either would take the place of the flags in .cargo/config.toml, and SIMD would be off.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo.envs(self.env.iter().map(|(name, value)| (name, value)));
        if self.build_std {
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        cargo
    }
}

/// `cargo`, in the repository.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// A compiler and standard library for wasm: the toolchain's own, else rustup's, else Debian's.
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
        debian_wasm().ok_or_else(|| anyhow!("rustc-web and lld-22 did not bring a compiler"))?;
    Ok(WasmToolchain {
        env: vec![
            ("RUSTC", rustc),
            // -Zbuild-std is for nightly compilers unless this is set.
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
        ],
        build_std: true,
    })
}

fn has_wasm_target() -> Result<bool> {
    let sysroot = shell::quiet(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).is_dir())
}

/// Debian's compiler and linker, where its packages lie and the sources beside them.
fn debian_wasm() -> Option<(PathBuf, PathBuf)> {
    let rustc = PathBuf::from("/usr/bin/rustc");
    let sources = Path::new("/usr/lib/rustlib/src/rust/library/std");
    (rustc.is_file() && sources.is_dir()).then_some(())?;
    Some((rustc, shell::find("wasm-ld-22")?))
}

/// The npm packages of `www/`.
pub fn npm_packages() -> Result<()> {
    npm_packages_of(&root().join("www"))
}

/// The npm packages of a folder, exactly as its lock file has them.
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
        format!("the npm packages of {folder} could not be installed: the npm registry has to be within reach")
    })?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// Runs `npm ci`. No package needs its scripts.
fn install(npm: &mut Command) -> Result<()> {
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    // By default it takes minutes to give up where there is no network.
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

/// The sentence of npm's that tells why it failed, among dozens of lines.
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

/// `npm`, in `www/`.
pub fn npm() -> Command {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(root().join("www"));
    npm
}

/// A program of an npm package, in `www/`.
pub fn node(program: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(Path::new("node_modules").join(program)).current_dir(root().join("www"));
    node
}

/// Node.js with npm.
pub fn node_js() -> Result<()> {
    let is_there = || node_version() >= Some(NODE) && shell::find("npm").is_some();
    if is_there() {
        return Ok(());
    }
    apt_install("Node.js", &["nodejs", "npm"])
        .and_then(|()| if is_there() { Ok(()) } else { bail!("the packaged one is too old") })
        .with_context(|| {
            let (major, minor) = NODE;
            format!("Node.js {major}.{minor} or newer with npm is missing: see https://nodejs.org")
        })
}

/// (major, minor) of the installed one.
fn node_version() -> Option<(u32, u32)> {
    let version = shell::quiet(Command::new("node").arg("--version")).ok()?;
    let mut numbers = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The packages of a folder's `requirements.txt`, in a virtual environment of the folder's name. Returns where their
/// programs are.
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
            .context("the Python packages could not be installed: PyPI has to be within reach")
    })?;
    std::fs::write(stamp, wanted)?;
    Ok(programs)
}

/// The oldest Python that the examples' packages run on.
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
        .and_then(|()| found().context("the packaged one is too old"))
        .with_context(|| {
            let (major, minor) = PYTHON;
            format!("Python {major}.{minor} or newer is missing: see https://www.python.org")
        })
}

/// The version of mdBook that the example is built with.
const MDBOOK: &str = "0.5.4";

/// mdBook: the installed one if it has the version, else one built here.
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
    // Unoptimised and without its server: that halves the time, and the book has two pages.
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

/// The installed Chromium or Chrome, unless [`CHROMIUM`] names another.
pub fn chromium() -> Result<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let on_mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    browser("Chromium or Chrome", CHROMIUM, "chromium", || installed(&names, on_mac))
}

/// The installed Firefox, unless [`FIREFOX`] names another.
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
        bail!("{variable} names {}, which is not there", named.display());
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    apt_install(name, &[package])
        .and_then(|()| find().context("the package did not bring it"))
        .with_context(|| format!("{name} is missing: install it, or set {variable} to its path"))
}

fn installed(names: &[&str], on_mac: &str) -> Option<PathBuf> {
    let on_mac = Path::new(on_mac);
    let found = names.iter().copied().find_map(shell::find);
    found.or_else(|| on_mac.is_file().then(|| on_mac.to_owned()))
}

/// WebKitGTK's driver with its browser, and a screen for it. Other systems than Linux have none: their tests skip it.
pub fn webkit() -> Result<()> {
    let is_there = ["WebKitWebDriver", "Xvfb"].iter().all(|name| shell::find(name).is_some());
    if !cfg!(target_os = "linux") || is_there {
        return Ok(());
    }
    apt_install("WebKitGTK", &["webkit2gtk-driver", "xvfb"])
        .context("WebKitGTK is missing: install WebKitWebDriver with MiniBrowser, and Xvfb")
}

/// A Vulkan driver for native WebGPU: a GPU's, else lavapipe, which computes on the CPU. Other
/// systems than Linux bring their own API.
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

/// The variable that names the Vulkan drivers to use.
const VULKAN: &str = "VK_DRIVER_FILES";

/// The environment in which Dawn finds a Vulkan driver: the one that [`VULKAN`] names, else SwiftShader, which comes
/// with Chromium and computes on the CPU. Dawn refuses lavapipe. Other systems than Linux bring their own API.
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
            "{} came without SwiftShader's Vulkan driver, vk_swiftshader_icd.json: install \
             Debian's `chromium`, or set {VULKAN} to a driver of your GPU",
            program.display()
        )
    })?;
    // SwiftShader complains where there is no desktop.
    Ok(vec![(VULKAN, driver), ("XDG_RUNTIME_DIR", std::env::temp_dir())])
}

fn apt_install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = || format!("on Debian or Ubuntu: `sudo apt-get install {}`", packages.join(" "));
    if shell::find("apt-get").is_none() {
        bail!("this is not Debian or Ubuntu, where it would have been installed");
    }
    let root = shell::quiet(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let sudo = || shell::quiet(Command::new("sudo").args(["-n", "true"])).is_ok();
    if !root && !sudo() {
        bail!("installing needs root; {}", by_hand());
    }
    let apt = |args: &[&str]| {
        // `env` passes the setting through sudo.
        let mut command = Command::new(if root { "env" } else { "sudo" });
        command.args(if root { &[][..] } else { &["-n", "env"] });
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]);
        command.args(["-o", "DPkg::Lock::Timeout=300"]).args(args);
        shell::quiet(&mut command)
    };
    shell::step(&format!("{what}: apt-get install {}", packages.join(" ")), || {
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
