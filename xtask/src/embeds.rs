//! `cargo xtask embeds`: builds the examples with their hosts' tools from the packed package, and
//! tests them in headless Chromium with `browser/embeds.mjs`.

use crate::package;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use xtask::{pages, root, setup, shell};

#[derive(clap::Args)]
pub struct Embeds {
    /// Names of the examples to check [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<String>,
    /// Folder for screenshots of each: light, dark, phone, print
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// An example: a site or an app that contains the element.
struct Example {
    name: &'static str,
    /// Folder or file in `examples/`.
    source: &'static str,
    /// Builds it and returns the folder to serve.
    build: fn(&Site) -> Result<PathBuf>,
    /// Content security policy that it is served with.
    policy: &'static str,
}

const EXAMPLES: [Example; 11] = [
    Example {
        name: "plain",
        source: "plain.html",
        build: |site| Ok(site.folder.clone()),
        policy: "default-src 'none'; \
             script-src https://cdn.jsdelivr.net 'wasm-unsafe-eval'; \
             worker-src blob: https://cdn.jsdelivr.net; \
             connect-src https://cdn.jsdelivr.net",
    },
    Example { name: "mdbook", source: "docs/mdbook", build: mdbook, policy: INLINE },
    Example {
        name: "vitepress",
        source: "docs/vitepress",
        build: |site| site.npm_build(".vitepress/dist"),
        policy: INLINE,
    },
    Example {
        name: "docusaurus",
        source: "docs/docusaurus",
        build: |site| site.npm_build("build"),
        policy: INLINE,
    },
    Example {
        name: "mkdocs",
        source: "docs/mkdocs",
        build: mkdocs,
        policy: "default-src 'none'; \
             script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; \
             worker-src 'self'; \
             style-src 'self' 'unsafe-inline' https://fonts.googleapis.com; \
             connect-src 'self'; \
             img-src 'self' data:; \
             font-src https://fonts.gstatic.com",
    },
    Example { name: "sphinx", source: "docs/sphinx", build: sphinx, policy: INLINE },
    Example { name: "rustdoc", source: "docs/rustdoc", build: rustdoc, policy: INLINE },
    Example {
        name: "jupyter",
        source: "docs/jupyter",
        build: jupyter,
        policy: "default-src 'none'; \
             script-src 'unsafe-inline' https: 'wasm-unsafe-eval'; \
             worker-src blob: https:; \
             style-src 'unsafe-inline'; \
             connect-src https:; \
             img-src data: https:; \
             font-src data: https:",
    },
    Example {
        name: "react",
        source: "react",
        build: |site| site.npm_build("dist"),
        policy: STRICT,
    },
    Example { name: "vue", source: "vue", build: |site| site.npm_build("dist"), policy: STRICT },
    Example {
        name: "svelte",
        source: "svelte",
        build: |site| site.npm_build("dist"),
        policy: STRICT,
    },
];

/// Policy of a site that serves the package itself and has no inline scripts.
const STRICT: &str = "default-src 'none'; \
             script-src 'self' 'wasm-unsafe-eval'; \
             worker-src 'self'; \
             style-src 'self'; \
             connect-src 'self'; \
             img-src 'self' data:; \
             font-src 'self'";

/// Policy of a site with inline scripts and styles of its own.
const INLINE: &str = "default-src 'none'; \
             script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; \
             worker-src 'self'; \
             style-src 'self' 'unsafe-inline'; \
             connect-src 'self'; \
             img-src 'self' data:; \
             font-src 'self'";

/// Examples that `cargo xtask test` checks: their tools install quickly.
pub const QUICK: [&str; 3] = ["plain", "mdbook", "vitepress"];

impl Embeds {
    /// Builds and checks the examples; fails if one of them cannot be built or breaks.
    pub fn run(self) -> Result<ExitCode> {
        let only: Vec<&str> = self.only.iter().map(String::as_str).collect();
        let (passed, failed) = check(&only, self.screenshots.as_deref())?;
        println!("{passed} passed, {failed} failed");
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Builds the named examples, or all if `only` is empty, and opens them in Chromium. Returns the
/// numbers of passed and failed checks.
pub fn check(only: &[&str], screenshots: Option<&Path>) -> Result<(usize, usize)> {
    let names = EXAMPLES.map(|example| example.name);
    if let Some(unknown) = only.iter().find(|name| !names.contains(name)) {
        bail!("unknown example `{unknown}`; use some of: {}", names.join(", "));
    }
    let package = pack()?;
    let mut sites = Vec::new();
    let mut failed = 0;
    for example in EXAMPLES {
        if !only.is_empty() && !only.contains(&example.name) {
            continue;
        }
        match shell::step(&format!("build {}", example.name), || example.build(&package)) {
            Ok(folder) => sites.push(json!({
                "name": example.name,
                "folder": folder,
                "policy": example.policy,
            })),
            Err(error) => {
                println!("{}: {error:#}", example.name);
                failed += 1;
            }
        }
    }
    let (passed, broken) = visit(&sites, &package, screenshots)?;
    Ok((passed, failed + broken))
}

/// The npm package, as it is published.
struct Package {
    tarball: PathBuf,
    /// Folder of its unpacked files.
    folder: PathBuf,
}

fn pack() -> Result<Package> {
    pages::build()?;
    let out = work().join("package");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out)?;
    let tarball = package::tarball(&out)?;
    shell::quiet(Command::new("tar").arg("-xzf").arg(&tarball).arg("-C").arg(&out))?;
    Ok(Package { tarball, folder: out.join("package") })
}

/// Returns the folder where examples are built and their tools are installed.
fn work() -> PathBuf {
    root().join("target/embeds")
}

/// A copy of an example, to build in.
struct Site<'a> {
    folder: PathBuf,
    package: &'a Package,
}

impl Example {
    fn build(&self, package: &Package) -> Result<PathBuf> {
        let source = root().join("examples").join(self.source);
        let folder = work().join(self.name);
        std::fs::create_dir_all(&folder)?;
        for entry in folder.read_dir()? {
            let path = entry?.path();
            if path.ends_with("node_modules") {
                continue;
            }
            if path.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
        }
        if source.is_dir() {
            shell::copy(&source, &folder)?;
        } else {
            std::fs::copy(&source, folder.join("index.html"))?;
        }
        (self.build)(&Site { folder, package })
    }
}

impl Site<'_> {
    /// Copies the package's files to a folder of the site, as its guide says.
    fn copy_package(&self, to: &str) -> Result<()> {
        shell::copy(&self.package.folder.join("dist"), &self.folder.join(to))
    }

    /// Installs the packages of the lock file and the packed package, then builds.
    fn npm_build(&self, to: &str) -> Result<PathBuf> {
        setup::node_js()?;
        let mut install = setup::npm();
        install.current_dir(&self.folder).args(["install", "--no-audit", "--no-fund"]);
        shell::quiet(
            install.args(["--prefer-offline", "--ignore-scripts"]).arg(&self.package.tarball),
        )
        .context(
            "the npm packages could not be installed; this needs access to the npm registry",
        )?;
        shell::quiet(setup::npm().current_dir(&self.folder).args(["run", "build"]))?;
        Ok(self.folder.join(to))
    }

    /// Returns the command of a program from the packages in the site's `requirements.txt`.
    fn python(&self, program: &str) -> Result<Command> {
        let packages = setup::python_packages(&self.folder)?;
        let mut command = Command::new(packages.join(program));
        command.current_dir(&self.folder);
        Ok(command)
    }
}

fn mdbook(site: &Site) -> Result<PathBuf> {
    site.copy_package("src/twotower")?;
    shell::quiet(Command::new(setup::mdbook()?).arg("build").arg(&site.folder))?;
    Ok(site.folder.join("book"))
}

fn mkdocs(site: &Site) -> Result<PathBuf> {
    site.copy_package("docs/twotower")?;
    // Suppresses a coloured notice about MkDocs 2.
    let mut mkdocs = site.python("mkdocs")?;
    shell::quiet(mkdocs.args(["build", "--strict", "--quiet"]).env("NO_MKDOCS_2_WARNING", "1"))?;
    Ok(site.folder.join("site"))
}

fn sphinx(site: &Site) -> Result<PathBuf> {
    site.copy_package("_static/twotower")?;
    shell::quiet(site.python("sphinx-build")?.args(["-W", "-b", "html", ".", "_build"]))?;
    Ok(site.folder.join("_build"))
}

fn rustdoc(site: &Site) -> Result<PathBuf> {
    let mut doc = setup::cargo();
    doc.current_dir(&site.folder).arg("doc").env("CARGO_TARGET_DIR", "target");
    shell::quiet(doc.env("RUSTDOCFLAGS", "--html-in-header two-tower.html -D warnings"))?;
    site.copy_package("target/doc/twotower")?;
    Ok(site.folder.join("target/doc"))
}

fn jupyter(site: &Site) -> Result<PathBuf> {
    let mut export = site.python("jupyter-nbconvert")?;
    export.args([
        "--execute",
        "--to",
        "html",
        "--output-dir",
        "site",
        "train.ipynb",
        "other.ipynb",
    ]);
    shell::quiet(&mut export)?;
    Ok(site.folder.join("site"))
}

/// Opens the sites in Chromium, one after another. Returns the numbers of passed and failed checks.
fn visit(sites: &[Value], package: &Package, screenshots: Option<&Path>) -> Result<(usize, usize)> {
    if let Some(folder) = screenshots {
        std::fs::create_dir_all(folder)?;
    }
    let screenshots = screenshots.map(std::path::absolute).transpose()?;
    let mut driver = Command::new("node")
        .arg(root().join("xtask/browser/embeds.mjs"))
        .env(setup::CHROMIUM, setup::chromium()?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    let order = json!({ "sites": sites, "package": package.folder, "screenshots": screenshots });
    driver.stdin.take().context("stdin is piped")?.write_all(order.to_string().as_bytes())?;
    let output = driver.wait_with_output()?;
    ensure!(output.status.success(), "the browser's driver ended early ({})", output.status);
    let counts: [usize; 2] = serde_json::from_slice(&output.stdout)?;
    Ok((counts[0], counts[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the guides in `docs/embed` with their names.
    fn guides() -> Vec<(String, String)> {
        let folder = root().join("docs/embed");
        let mut guides = Vec::new();
        for entry in folder.read_dir().expect("docs/embed is there") {
            let path = entry.expect("docs/embed can be read").path();
            let name = path.file_stem().expect("a guide has a name").to_string_lossy().into_owned();
            guides.push((name, std::fs::read_to_string(path).expect("a guide is text")));
        }
        guides
    }

    /// Returns the fenced blocks of a guide that follow a line with a link to a file: the file and
    /// the text.
    fn snippets(guide: &str) -> Vec<(&str, String)> {
        let mut lines = guide.lines();
        let mut before = "";
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            if line.starts_with("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                let link = before.strip_prefix('[').and_then(|rest| rest.strip_suffix("):"));
                if let Some((_, file)) = link.and_then(|link| link.split_once("](")) {
                    found.push((file, block.join("\n")));
                }
            }
            if !line.is_empty() {
                before = line;
            }
        }
        found
    }

    #[test]
    fn each_example_has_a_guide_that_quotes_it() {
        let guides = guides();
        for example in EXAMPLES {
            let (_, guide) = guides
                .iter()
                .find(|(name, _)| name == example.name)
                .unwrap_or_else(|| panic!("docs/embed/{}.md is missing", example.name));
            assert!(
                guide.contains(example.policy),
                "docs/embed/{}.md lacks its policy",
                example.name
            );
            let source = format!("../../examples/{}", example.source);
            assert!(
                snippets(guide).iter().any(|(file, _)| file.starts_with(&source)),
                "docs/embed/{}.md quotes nothing of {source}",
                example.name
            );
        }
    }

    #[test]
    fn guides_quote_the_examples_as_they_are() {
        for (name, guide) in guides() {
            for (file, snippet) in snippets(&guide) {
                let path = root().join("docs/embed").join(file);
                let mut text = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("docs/embed/{name}.md: {file}: {error}"));
                if file.ends_with(".ipynb") {
                    text = cells(&text);
                }
                assert!(
                    quotes(&text, &snippet),
                    "docs/embed/{name}.md: this is not in {file}:\n{snippet}"
                );
            }
        }
    }

    /// Returns the text of a notebook's cells.
    fn cells(notebook: &str) -> String {
        let notebook: Value = serde_json::from_str(notebook).expect("a notebook is JSON");
        let mut text = String::new();
        for cell in notebook["cells"].as_array().expect("a notebook has cells") {
            let lines = cell["source"].as_array().expect("a cell has lines");
            text.extend(lines.iter().filter_map(Value::as_str));
            text.push('\n');
        }
        text
    }

    /// Returns whether the snippet consists of consecutive whole lines of the file.
    fn quotes(text: &str, snippet: &str) -> bool {
        !snippet.is_empty() && format!("\n{text}").contains(&format!("\n{snippet}\n"))
    }

    #[test]
    fn a_snippet_is_whole_lines_of_its_file() {
        let guide = "[a.md](a.md):\n\n```md\none\ntwo\n```\n\nText:\n\n```\nfree\n```\n";
        assert_eq!(snippets(guide), [("a.md", "one\ntwo".to_owned())]);
        assert!(quotes("zero\none\ntwo\n", "one\ntwo"));
        assert!(!quotes("zero\none\ntwo\n", "ne\ntwo"));
        assert!(!quotes("zero\none\ntwo\n", "one\ntw"));
    }
}
