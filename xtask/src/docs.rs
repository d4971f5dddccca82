//! A site of the documents, to be read without a network: `mdbook` makes it of README, `docs` and whatever files of the
//! repository they name. Needs Node.js 20 and Chromium besides, to draw the diagrams ahead of reading; Chromium is Debian's, the
//! other programs are installed below `target`.
//!
//! | file | what it does |
//! |---|---|
//! | `links` | the links of Markdown files, and whether each leads somewhere |
//! | `index` | the pages, in the order of `docs/README.md` |
//! | `sources` | pages and the files that they name, as `mdbook` wants them |
//! | `diagrams` | Mermaid's text drawn as SVG |
//! | `site` | whether each link of the finished site leads somewhere within it |

mod diagrams;
mod index;
mod links;
mod site;
mod sources;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{part, run, say};
use crate::tools;
use index::Index;

const BOOK: &str = include_str!("docs/book.toml");
const STYLE: &str = include_str!("docs/site.css");

pub(crate) fn docs(_arguments: &[String]) -> Result<()> {
    let root = component_artifact::workspace();
    let folder = root.join("target/docs");
    let documents = links::documents(&root)?;
    part("links", || all_fine(&links::problems(&root, &documents)))?;
    let index = Index::read(&documents)?;
    let source = folder.join("src");
    if source.exists() {
        fs::remove_dir_all(&source).with_context(|| source.display().to_string())?;
    }
    part("diagrams", || diagrams::draw(&folder, &index.texts(&documents)))?;
    part("pages", || {
        write(&folder.join("book.toml"), BOOK)?;
        write(&folder.join("site.css"), STYLE)?;
        sources::write(&root, &folder, &index, &documents)?;
        run(Command::new(tools::mdbook()?).arg("build").arg(&folder))
    })?;
    part("links of the site", || all_fine(&site::problems(&folder.join("site"))?))?;
    say(format!("the site: {}", folder.join("site/index.html").display()));
    Ok(())
}

fn all_fine(problems: &[String]) -> Result<()> {
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Writes a file, and makes its folder where there is none.
fn write(path: &Path, text: &str) -> Result<()> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    written.with_context(|| path.display().to_string())
}
