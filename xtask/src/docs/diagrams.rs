//! Mermaid's text drawn as SVG, so that the site runs no program: Chromium runs Mermaid once, when the site is made.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{links, write};
use crate::process::{output, run};
use crate::tools;

/// The version that was looked at.
const MERMAID: &str = "mermaid@12.3.0";

const FENCE: &str = "```mermaid\n";

/// Draws each diagram of these texts into `src/diagrams` below the folder.
///
/// # Errors
///
/// Node.js or Chromium is missing, or a diagram can't be drawn. The message holds Mermaid's.
pub(super) fn draw(folder: &Path, texts: &[&str]) -> Result<()> {
    let diagrams: BTreeSet<&str> = texts.iter().flat_map(|text| found(text).into_iter().map(move |place| &text[place])).collect();
    if diagrams.is_empty() {
        return Ok(());
    }
    let tool = folder.join("mermaid");
    install(&tool)?;
    tools::debian_packages(&["chromium"])?;
    for diagram in diagrams {
        let drawn = drawn(&tool, source(diagram))?;
        write(&folder.join("src").join(address(diagram)), &drawn)?;
    }
    Ok(())
}

/// The text with an image in place of each diagram; `page` is the file that it goes to.
///
/// # Errors
///
/// A diagram wasn't drawn.
pub(super) fn replace(folder: &Path, page: &Path, text: &str) -> Result<String> {
    let depth = page.strip_prefix(folder.join("src"))?.components().count().saturating_sub(1);
    let (mut replaced, mut copied) = (String::with_capacity(text.len()), 0);
    for place in found(text) {
        let diagram = &text[place.clone()];
        let drawn = address(diagram);
        ensure!(folder.join("src").join(&drawn).is_file(), "a diagram wasn't drawn: {diagram}");
        let (up, about) = ("../".repeat(depth), about(diagram));
        replaced.push_str(&text[copied..place.start]);
        replaced.push_str(&format!("<img class=\"diagram\" src=\"{up}{}\" alt=\"{about}\">\n", drawn.display()));
        copied = place.end;
    }
    replaced.push_str(&text[copied..]);
    Ok(replaced)
}

/// Where the diagrams of a text are, their fences included.
fn found(text: &str) -> Vec<Range<usize>> {
    links::fences(text).into_iter().filter(|block| text[block.clone()].starts_with(FENCE)).collect()
}

fn source(diagram: &str) -> &str {
    diagram.trim_start_matches(FENCE).trim_end().trim_end_matches('`')
}

/// What `accTitle` says, for who can't see it.
fn about(diagram: &str) -> &str {
    diagram.lines().find_map(|line| line.trim().strip_prefix("accTitle: ")).unwrap_or("A diagram")
}

/// By what it is about, so that a diagram that is edited stays where it is.
fn address(diagram: &str) -> PathBuf {
    let name: String =
        about(diagram).chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    Path::new("diagrams").join(name).with_extension("svg")
}

/// Mermaid's package holds a script without dependencies: nothing but that is taken, and nothing of it is run by Node.js.
fn install(tool: &Path) -> Result<()> {
    if tool.join("package/dist/mermaid.min.js").is_file() {
        return Ok(());
    }
    fs::create_dir_all(tool).with_context(|| tool.display().to_string())?;
    let mut npm = Command::new("npm");
    npm.current_dir(tool).args(["pack", "--silent", MERMAID]);
    let archive = output(&mut npm).context("Node.js 20 is missing, or Mermaid can't be had")?;
    let mut tar = Command::new("tar");
    run(tar.current_dir(tool).args(["--extract", "--file", archive.trim(), "package/dist/mermaid.min.js"]))
}

fn drawn(tool: &Path, source: &str) -> Result<String> {
    let page = tool.join("diagram.html");
    let source = serde_json::to_string(source)?.replace('<', "\\u003c");
    write(&page, &PAGE.replace("SOURCE", &source))?;
    let mut chromium = Command::new("chromium");
    chromium.args([
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--virtual-time-budget=20000",
    ]);
    if tools::is_root() {
        // Chromium's own doesn't run as root. What is run here is Mermaid, on diagrams of this repository.
        chromium.arg("--no-sandbox");
    }
    let profile = tool.join("profile");
    chromium.arg(format!("--user-data-dir={}", profile.display())).arg("--dump-dom").arg(format!("file://{}", page.display()));
    let printed = chromium.stderr(Stdio::null()).output().context("Chromium is missing")?;
    let text = String::from_utf8_lossy(&printed.stdout);
    let drawn = text.split_once("<body>").and_then(|(_, rest)| rest.split_once("</body>")).map(|(body, _)| body.trim());
    let drawn = drawn
        .context("Chromium printed no page")?
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    ensure!(drawn.starts_with("<svg"), "Mermaid says: {drawn}");
    Ok(drawn)
}

const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<script src="package/dist/mermaid.min.js"></script>
<body></body>
<script>
mermaid.initialize({ startOnLoad: false, theme: "neutral", fontFamily: "Helvetica, Arial, sans-serif", htmlLabels: false,
  flowchart: { htmlLabels: false, useMaxWidth: false, wrappingWidth: 260 }, sequence: { useMaxWidth: false } });
mermaid.render("diagram", SOURCE).then(({ svg }) => { document.body.textContent = svg; }, (error) => { document.body.textContent = error; });
</script>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "before\n\n```mermaid\nflowchart TD\n    accTitle: A & b\n    a --> b\n```\n\nafter\n";

    #[test]
    fn a_diagram_is_told_from_other_blocks() {
        assert_eq!(found("```rust\nlet a = 1;\n```\n"), []);
        let places = found(TEXT);
        let [place] = places.as_slice() else { panic!("{places:?}") };
        let diagram = &TEXT[place.clone()];
        assert_eq!(source(diagram), "flowchart TD\n    accTitle: A & b\n    a --> b\n");
        assert_eq!(address(diagram), Path::new("diagrams/a---b.svg"));
    }

    /// The image's text is all that some readers have of it, and its file's name.
    #[test]
    fn each_diagram_of_the_documents_says_what_it_is_about_as_no_other_does() {
        let documents = links::documents(&component_artifact::workspace()).unwrap();
        let all: Vec<PathBuf> =
            documents.values().flat_map(|text| found(text).into_iter().map(move |place| address(&text[place]))).collect();
        let apart: BTreeSet<_> = all.iter().collect();
        assert!(all.len() >= 3 && apart.len() == all.len(), "{all:?}");
        assert!(!apart.contains(&PathBuf::from("diagrams/a-diagram.svg")), "{all:?}");
    }

    #[test]
    fn what_was_not_drawn_is_not_replaced() {
        let folder = Path::new("/nowhere");
        assert!(replace(folder, &folder.join("src/docs/page.md"), TEXT).is_err());
        assert_eq!(replace(folder, &folder.join("src/page.md"), "no diagram\n").unwrap(), "no diagram\n");
    }
}
