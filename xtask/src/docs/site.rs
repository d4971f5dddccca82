//! Whether each link of the finished site leads somewhere within it, and whether anything of it would be loaded from the web.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// What is wrong with the pages below a folder, each with its page.
///
/// # Errors
///
/// A page can't be read.
pub(super) fn problems(site: &Path) -> Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    let mut files = BTreeSet::new();
    let mut folders = vec![site.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(site)?.to_owned();
            if path.extension().is_some_and(|extension| extension == "html") {
                pages.insert(name.clone(), fs::read_to_string(&path).with_context(|| path.display().to_string())?);
            }
            files.insert(name);
        }
    }
    Ok(pages.iter().flat_map(|(page, text)| of_page(page, text, &pages, &files)).collect())
}

fn of_page(page: &Path, text: &str, pages: &BTreeMap<PathBuf, String>, files: &BTreeSet<PathBuf>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut report = |target: &str, problem: &str| problems.push(format!("{}: {target}: {problem}", page.display()));
    for target in attributes(text, "src") {
        if target.contains("//") {
            report(target, "it is loaded from the web");
        } else if !files.contains(&resolved(page, target)) {
            report(target, "there is no such file");
        }
    }
    for target in attributes(text, "href").filter(|target| !target.contains("//") && !target.starts_with("javascript:")) {
        let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
        let leads_to = if file.is_empty() { page.to_owned() } else { resolved(page, file) };
        match (pages.get(&leads_to), heading) {
            (Some(text), Some(heading)) if !attributes(text, "id").any(|id| id == heading) => {
                report(target, "there is no such heading")
            }
            (Some(_), _) => {}
            (None, _) if files.contains(&leads_to) => {}
            (None, _) => report(target, "there is no such page"),
        }
    }
    problems
}

/// The values of an attribute, in their order.
fn attributes<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!(" {name}=\"");
    let starts: Vec<usize> = text.match_indices(&opening).map(|(at, _)| at + opening.len()).collect();
    starts.into_iter().filter_map(|start| text[start..].split_once('"')).map(|(value, _)| value)
}

fn resolved(page: &Path, target: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(Path::new("")).to_owned();
    for component in Path::new(target).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                path.pop();
            }
            _ => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_nowhere_or_to_the_web_is_named() {
        let text = "<h1 id=\"one\">1</h1><a href=\"#one\">a</a><a href=\"#two\">b</a><a href=\"../index.html#top\">c</a>\
                    <a href=\"gone.html\">d</a><a href=\"https://example.com/\">e</a><img src=\"../a.svg\"><img src=\"b.svg\">\
                    <script src=\"https://example.com/x.js\"></script>";
        let pages = BTreeMap::from([
            (PathBuf::from("docs/page.html"), text.to_owned()),
            (PathBuf::from("index.html"), "<h1 id=\"top\">".to_owned()),
        ]);
        let files = ["docs/page.html", "index.html", "a.svg"].map(PathBuf::from).into();
        assert_eq!(
            of_page(Path::new("docs/page.html"), text, &pages, &files),
            [
                "docs/page.html: b.svg: there is no such file",
                "docs/page.html: https://example.com/x.js: it is loaded from the web",
                "docs/page.html: #two: there is no such heading",
                "docs/page.html: gone.html: there is no such page",
            ]
        );
    }
}
