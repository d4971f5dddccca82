//! Pages and the files that they name, as `mdbook` wants them: in the folders that they have in the repository, each file a page,
//! each link to a page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::index::{Entry, Index};
use super::{diagrams, links, write as write_file};

/// Where the list of the named files is.
const FILES: &str = "files.md";

/// A folder is shown with what is in its files, as long as these are no more bytes in all.
const SHOWN_WHOLE: usize = 64 << 10;

/// Writes them below `src` in this folder, with the summary that `mdbook` starts from.
///
/// # Errors
///
/// A file can't be read or written.
pub(super) fn write(root: &Path, folder: &Path, index: &Index, documents: &BTreeMap<PathBuf, String>) -> Result<()> {
    let source = folder.join("src");
    let mut named = BTreeSet::new();
    for path in index.pages() {
        let text = documents.get(path).with_context(|| path.display().to_string())?;
        let page = relinked(root, index, path, text, &mut named);
        write_file(&source.join(address(path)), &diagrams::replace(folder, &source.join(path), &page)?)?;
    }
    let mut summary = String::from("# Summary\n\n");
    for entry in index.entries() {
        match entry {
            Entry::Part(name) => write!(summary, "\n# {name}\n\n")?,
            Entry::Page { title, path } => writeln!(summary, "- [{title}]({})", address(path).display())?,
        }
    }
    write!(summary, "\n---\n\n- [Files that are named]({FILES})\n")?;
    let mut list =
        String::from("# Files that are named\n\nFiles and folders of the repository that these pages lead to, as they are.\n\n");
    for path in &named {
        let (name, address) = (path.display(), file_address(root, path));
        if is_image(path) {
            let copy = source.join(path);
            copy.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::copy(root.join(path), copy))
                .with_context(|| name.to_string())?;
            continue;
        }
        writeln!(summary, "  - [{name}]({})", address.display())?;
        writeln!(list, "- [`{name}`]({})", address.display())?;
        write_file(&source.join(&address), &shown(root, path)?)?;
    }
    write_file(&source.join(FILES), &list)?;
    write_file(&source.join("SUMMARY.md"), &summary)
}

/// Where a page is: a README is its folder's first page.
fn address(page: &Path) -> PathBuf {
    if page.ends_with("README.md") { page.with_file_name("index.md") } else { page.to_owned() }
}

/// Where the page of a file or folder is.
fn file_address(root: &Path, path: &Path) -> PathBuf {
    if root.join(path).is_dir() {
        return path.join(FILES);
    }
    path.with_file_name(format!("{}.md", path.file_name().unwrap_or_default().to_string_lossy()))
}

fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["png", "svg"].iter().any(|known| extension == *known))
}

/// A page whose links lead to pages; whatever else they lead to is named.
fn relinked(root: &Path, index: &Index, from: &Path, text: &str, named: &mut BTreeSet<PathBuf>) -> String {
    let mut page = String::with_capacity(text.len());
    let mut copied = 0;
    for place in links::targets(text) {
        page.push_str(&text[copied..place.start]);
        copied = place.end;
        let target = &text[place];
        let Ok(Some(local)) = links::Local::of(from, target) else {
            page.push_str(target);
            continue;
        };
        let (file, heading) = target.split_once('#').map_or((target, ""), |(file, _)| (file, &target[file.len()..]));
        let leads_to = if index.has(&local.path) {
            address(&local.path)
        } else if index.has(&local.path.join("README.md")) {
            local.path.join("index.md")
        } else {
            named.insert(local.path.clone());
            if is_image(&local.path) { local.path.clone() } else { file_address(root, &local.path) }
        };
        if !file.is_empty() {
            page.push_str(&relative(from, &leads_to));
        }
        page.push_str(heading);
    }
    page.push_str(&text[copied..]);
    page
}

/// The way from a page to another file.
fn relative(from: &Path, to: &Path) -> String {
    let up = "../".repeat(from.components().count().saturating_sub(1));
    format!("{up}{}", to.display())
}

/// A file, or a folder with the files in it, as a page.
fn shown(root: &Path, path: &Path) -> Result<String> {
    let name = path.display();
    if !root.join(path).is_dir() {
        return Ok(format!("# {name}\n\n{}", fenced(path, &read(root, path)?)));
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(path)).with_context(|| name.to_string())? {
        files.push(entry?.path().strip_prefix(root)?.to_owned());
    }
    files.sort();
    let texts: Vec<_> = files.iter().filter(|file| root.join(file).is_file()).map(|file| (file, read(root, file))).collect();
    let mut page = format!("# {name}\n\n");
    if texts.iter().all(|(_, text)| text.is_ok())
        && texts.iter().flat_map(|(_, text)| text).map(String::len).sum::<usize>() < SHOWN_WHOLE
    {
        for (file, text) in texts {
            write!(page, "## {}\n\n{}", file.display(), fenced(file, &text?))?;
        }
        files.retain(|file| root.join(file).is_dir());
    }
    for file in files {
        writeln!(page, "- `{}`", file.display())?;
    }
    Ok(page)
}

fn read(root: &Path, path: &Path) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| path.display().to_string())
}

fn fenced(path: &Path, text: &str) -> String {
    // The names of those languages that the site has colours for; it complains about others.
    let language = match path.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => "rust",
        Some("mjs") => "javascript",
        Some("py") => "python",
        Some(known @ ("json" | "md" | "sql" | "toml" | "yaml")) => known,
        _ => "text",
    };
    format!("~~~~~~{language}\n{}\n~~~~~~\n\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_and_what_else_they_name_is_collected() {
        let root = component_artifact::workspace();
        let index = Index::read(&links::documents(&root).unwrap()).unwrap();
        let mut named = BTreeSet::new();
        let text = "[a](../README.md#try-it) [b](host.md) [c](../wit) [d](../Cargo.toml) [e](#f) [g](https://example.com/x.md) \
                    ![h](images/logged-in.png) [i](../examples) `[j](k.md)`";
        let expected = "[a](../index.md#try-it) [b](../docs/host.md) [c](../wit/files.md) [d](../Cargo.toml.md) [e](#f) \
                        [g](https://example.com/x.md) ![h](../docs/images/logged-in.png) [i](../examples/index.md) `[j](k.md)`";
        assert_eq!(relinked(&root, &index, Path::new("docs/author.md"), text, &mut named), expected);
        let expected = ["Cargo.toml", "docs/images/logged-in.png", "wit"].map(PathBuf::from);
        assert_eq!(named, expected.into());
    }
}
