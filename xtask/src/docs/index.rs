//! The pages, in the order of `docs/README.md`: what people read as the index is also the list of the site.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::links::Local;

/// The index itself, by its path from the root.
const INDEX: &str = "docs/README.md";

/// Pages and the headings between them.
pub(super) struct Index(Vec<Entry>);

/// A line of the index.
pub(super) enum Entry {
    /// A heading.
    Part(String),
    /// A page, by its path from the root.
    Page {
        /// What it is called.
        title: String,
        /// The file.
        path: PathBuf,
    },
}

impl Index {
    /// Reads the index: `## Part`, and `- [Title](file.md): …`. The first page is the README; the index comes second.
    ///
    /// # Errors
    ///
    /// It isn't there, or a page of `docs` isn't in it.
    pub(super) fn read(documents: &BTreeMap<PathBuf, String>) -> Result<Self> {
        let text = documents.get(Path::new(INDEX)).with_context(|| format!("there is no {INDEX}"))?;
        let mut entries = Vec::new();
        for line in text.lines() {
            if let Some(part) = line.strip_prefix("## ") {
                entries.push(Entry::Part(part.to_owned()));
            } else if let Some((title, rest)) = line.strip_prefix("- [").and_then(|rest| rest.split_once("](")) {
                let target = rest.split_once(')').map_or(rest, |(target, _)| target);
                match Local::of(Path::new(INDEX), target) {
                    Ok(Some(Local { path, .. })) if documents.contains_key(&path) => {
                        entries.push(Entry::Page { title: title.to_owned(), path });
                    }
                    _ => bail!("{INDEX} names {target}, which is no page"),
                }
            }
        }
        ensure!(!entries.is_empty(), "{INDEX} names no page");
        entries.insert(1, Entry::Page { title: "Documents".to_owned(), path: INDEX.into() });
        let index = Self(entries);
        for path in documents.keys().filter(|path| path.starts_with("docs")) {
            ensure!(index.has(path), "{INDEX} doesn't name {}", path.display());
        }
        Ok(index)
    }

    /// Headings and pages, in order.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Whether this file is one of the pages.
    pub(super) fn has(&self, file: &Path) -> bool {
        self.pages().any(|path| path == file)
    }

    /// The pages, in order.
    pub(super) fn pages(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|entry| match entry {
            Entry::Page { path, .. } => Some(path.as_path()),
            Entry::Part(_) => None,
        })
    }

    /// What is on the pages.
    pub(super) fn texts<'a>(&self, documents: &'a BTreeMap<PathBuf, String>) -> Vec<&'a str> {
        self.pages().filter_map(|path| documents.get(path)).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::links;
    use super::*;

    #[test]
    fn the_index_has_every_page_of_the_documents() {
        let index = Index::read(&links::documents(&component_artifact::workspace()).unwrap()).unwrap();
        assert_eq!(index.pages().next(), Some(Path::new("README.md")));
        assert!(index.pages().count() > 15);
    }

    #[test]
    fn a_page_that_the_index_lacks_is_named() {
        let index = "- [One](../README.md): it\n\n## Part\n\n- [Two](two.md)\n";
        let mut documents: BTreeMap<PathBuf, String> =
            [("README.md", ""), (INDEX, index), ("docs/two.md", "")].map(|(path, text)| (path.into(), text.to_owned())).into();
        assert_eq!(Index::read(&documents).unwrap().pages().count(), 3);
        documents.insert("docs/three.md".into(), String::new());
        assert_eq!(Index::read(&documents).err().unwrap().to_string(), "docs/README.md doesn't name docs/three.md");
        documents.remove(Path::new("docs/two.md"));
        assert_eq!(Index::read(&documents).err().unwrap().to_string(), "docs/README.md names two.md, which is no page");
    }
}
