//! `cargo xtask docs`: builds the documentation site from `docs/` with mdBook, and serves it.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitCode};
use xtask::{pages, root, setup, shell};

const HOST: &str = "127.0.0.1";

/// Address of the repository's files, for links that leave `docs/`.
const REPOSITORY: &str = "https://github.com/twotower/twotower/blob/main/";

#[derive(clap::Args)]
pub struct Docs {
    /// Port to serve at
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Build the site, but do not serve it
    #[arg(long)]
    build: bool,
}

impl Docs {
    /// Builds the site and serves it until it is interrupted.
    pub fn run(self) -> Result<ExitCode> {
        let site = build()?;
        if self.build {
            println!("{}", site.display());
            return Ok(ExitCode::SUCCESS);
        }
        let port = self.port.to_string();
        let mut serve = setup::node("vite/bin/vite.js");
        serve.args(["preview", "--host", HOST, "--strictPort", "--port", &port, "--outDir"]);
        shell::hand_over(serve.arg(site))
    }
}

/// Builds the site and returns its folder.
pub fn build() -> Result<PathBuf> {
    pages::build()?;
    let site = root().join("target/book");
    shell::step("mdbook build", || {
        let book = root().join("docs/book");
        shell::quiet(Command::new(setup::mdbook()?).arg("build").arg(book))
    })?;
    shell::copy(&pages::folder(), &site.join("twotower"))?;
    shell::step("typedoc", || {
        shell::quiet(setup::node("typedoc/bin/typedoc").arg("--out").arg(site.join("api")))
    })?;
    mend_links(&site, &site)?;
    Ok(site)
}

/// Rewrites links that leave the site, so that they lead to the repository, and links to pages that
/// mdBook has renamed.
fn mend_links(site: &Path, folder: &Path) -> Result<()> {
    for entry in folder.read_dir().with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("api") && !path.ends_with("twotower") {
            mend_links(site, &path)?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            let text = fs::read_to_string(&path)?;
            let page = path.strip_prefix(site).context("a page of the site")?;
            fs::write(&path, rewritten(&text, page))?;
        }
    }
    Ok(())
}

/// Returns a page's text with its links rewritten.
fn rewritten(text: &str, page: &Path) -> String {
    let mut parts = text.split("href=\"");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (address, rest) = part.split_once('"').unwrap_or((part, ""));
        let address = outside(address, page).unwrap_or_else(|| inside(address));
        out += &format!("href=\"{address}\"{rest}");
    }
    out
}

/// Returns the address of a page of the site: mdBook makes `index.html` of `README.md`, but links
/// name `README.html`.
fn inside(address: &str) -> String {
    let is_relative = !address.contains(':');
    if is_relative { address.replace("README.html", "index.html") } else { address.to_owned() }
}

/// Returns the repository's address of a relative link that leaves the site, if it does.
fn outside(address: &str, page: &Path) -> Option<String> {
    if address.contains(':') || address.starts_with(['#', '/']) {
        return None;
    }
    let (file, anchor) = address.split_once('#').unwrap_or((address, ""));
    // A page of the site is a document in `docs/`.
    let mut place = vec!["docs"];
    let folder = page.parent().into_iter().flat_map(Path::components);
    for component in folder.chain(Path::new(file).components()) {
        match component {
            Component::ParentDir => drop(place.pop()),
            Component::Normal(name) => place.push(name.to_str()?),
            _ => {}
        }
    }
    if place.first() == Some(&"docs") {
        return None;
    }
    // mdBook has renamed the documents that a link names.
    let path = place.join("/").replace(".html", ".md");
    let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
    Some(format!("{REPOSITORY}{path}{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_repository_or_to_the_pages_of_the_site() {
        let page = Path::new("guide/errors.html");
        let same =
            r#"<a href="../element.html#styles">a</a><a href="https://a.example/../..">b</a>"#;
        assert_eq!(rewritten(same, page), same);
        let index = rewritten(r##"<a href="../embed/README.html#b">a</a>"##, page);
        assert_eq!(index, r##"<a href="../embed/index.html#b">a</a>"##);
        let out = rewritten(r#"<a href="../../README.html#options">a</a>"#, page);
        assert_eq!(out, format!(r#"<a href="{REPOSITORY}README.md#options">a</a>"#));
        let out = rewritten(r#"<a href="../examples/train.rs">a</a>"#, Path::new("scale.html"));
        assert_eq!(out, format!(r#"<a href="{REPOSITORY}examples/train.rs">a</a>"#));
    }
}
