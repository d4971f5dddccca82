//! The links of Markdown files, and whether each leads somewhere: to a file of the repository, and to a heading in it. Addresses
//! of the web are left alone, since a test needs no network.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that hold no document of this repository.
const NOT_OURS: [&str; 2] = ["target", "node_modules"];

/// Each Markdown file below a folder, by its path in it.
///
/// # Errors
///
/// A folder or a file can't be read.
pub(super) fn documents(root: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                found.insert(path.strip_prefix(root)?.to_owned(), text);
            }
        }
    }
    Ok(found)
}

/// What is wrong with the links of these files: each with its file and line.
pub(super) fn problems(root: &Path, documents: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in documents {
        for place in targets(text) {
            let target = &text[place.clone()];
            if let Err(problem) = follow(root, documents, path, target) {
                let line = text[..place.start].lines().count();
                problems.push(format!("{}:{line}: {target}: {problem}", path.display()));
            }
        }
    }
    problems
}

fn follow(root: &Path, documents: &BTreeMap<PathBuf, String>, from: &Path, target: &str) -> Result<(), &'static str> {
    let Some(Local { path, heading }) = Local::of(from, target)? else { return Ok(()) };
    if !documents.contains_key(&path) && !root.join(&path).exists() {
        return Err("there is no such file");
    }
    let Some(heading) = heading else { return Ok(()) };
    let text = documents.get(&path).ok_or("only Markdown files have headings")?;
    if headings(text).iter().any(|known| known == heading) { Ok(()) } else { Err("there is no such heading") }
}

/// A link that stays within the repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Local<'a> {
    /// The file or folder, by its path from the root.
    pub(super) path: PathBuf,
    /// The heading, as links name it.
    pub(super) heading: Option<&'a str>,
}

impl<'a> Local<'a> {
    /// Where a link in a file leads; none where it leads to the web.
    ///
    /// # Errors
    ///
    /// It leads out of the repository, or to nothing.
    pub(super) fn of(from: &Path, target: &'a str) -> Result<Option<Self>, &'static str> {
        if ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
            return Ok(None);
        }
        let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
        if file.is_empty() {
            return heading.map(|_| Some(Self { path: from.to_owned(), heading })).ok_or("the link is empty");
        }
        let mut path = from.parent().unwrap_or(Path::new("")).to_owned();
        for component in Path::new(file).components() {
            match component {
                Component::Normal(name) => path.push(name),
                Component::CurDir => {}
                Component::ParentDir if path.pop() => {}
                _ => return Err("it leads out of the repository"),
            }
        }
        Ok(Some(Self { path, heading }))
    }
}

/// Where in a text the targets of its links and images are, in their order.
pub(super) fn targets(text: &str) -> Vec<Range<usize>> {
    let prose = prose(text);
    let mut found = Vec::new();
    for (opening, closing) in [("](", [')', ' ']), ("href=\"", ['"', '"']), ("src=\"", ['"', '"'])] {
        for (at, _) in prose.match_indices(opening) {
            let start = at + opening.len();
            let length = prose[start..].find(closing).unwrap_or(prose.len() - start);
            found.push(start..start + length);
        }
    }
    found.sort_by_key(|range| range.start);
    found
}

/// The anchors of a text's headings, as GitHub makes them: lower case, hyphens for spaces, no punctuation, and a number where one
/// was there before.
pub(super) fn headings(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let fenced = fences(text);
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let headings = lines.filter(|(start, line)| line.starts_with('#') && !fenced.iter().any(|block| block.contains(start)));
    headings
        .map(|(_, line)| {
            let name = anchor(line.trim_start_matches('#').trim());
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 { name } else { format!("{name}-{}", *count - 1) }
        })
        .collect()
}

fn anchor(heading: &str) -> String {
    // Of a link its text alone.
    let text = heading.split("](").enumerate().map(|(number, part)| match number {
        0 => part,
        _ => part.split_once(')').map_or(part, |(_, rest)| rest),
    });
    let text = text.collect::<String>().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The text with spaces in place of what is code, byte for byte as long.
fn prose(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let blank = |bytes: &mut [u8]| bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    for block in fences(text) {
        blank(&mut bytes[block]);
    }
    // A code span ends with as many backticks as it begins with, and in its own paragraph.
    let mut at = 0;
    while at < bytes.len() {
        let ticks = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
        if ticks == 0 {
            at += 1;
            continue;
        }
        let end = code_span_end(&bytes, at + ticks, ticks);
        if let Some(end) = end {
            blank(&mut bytes[at..end]);
        }
        at = end.unwrap_or(at + ticks);
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn code_span_end(bytes: &[u8], from: usize, ticks: usize) -> Option<usize> {
    let mut at = from;
    while at < bytes.len() && !bytes[at..].starts_with(b"\n\n") {
        let run = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
        if run == ticks {
            return Some(at + run);
        }
        at += run.max(1);
    }
    None
}

/// Where the fenced blocks are, their fences included.
pub(super) fn fences(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut open, mut at) = (Vec::new(), None, 0);
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            match open.take() {
                None => open = Some(at),
                Some(start) => found.push(start..at + line.len()),
            }
        }
        at += line.len();
    }
    found.extend(open.map(|start| start..text.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        targets(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn every_link_of_the_repository_leads_somewhere() {
        let root = component_artifact::workspace();
        let documents = documents(&root).unwrap();
        assert_eq!(problems(&root, &documents), [""; 0]);
        let links: usize = documents.values().map(|text| targets(text).len()).sum();
        assert!(documents.len() > 15 && links > 150, "{links} links in {} files", documents.len());
    }

    #[test]
    fn links_and_images_are_found_and_code_is_not() {
        let text = "See [`a`](a.md), [two\nlines](b.md#c \"title\") and ![an image](d.png).\n<a href=\"e.md\">e</a>\n\n`[f](f.md)` ``[`](g.md)``\n\n```\n[h](h.md)\n```\n";
        assert_eq!(found(text), ["a.md", "b.md#c", "d.png", "e.md"]);
        assert_eq!(found("a lone ` and [a](a.md)"), ["a.md"]);
    }

    #[test]
    fn headings_are_named_as_links_name_them() {
        let text = "# What isn't `here`\n\n```\n# a comment\n```\n## [Linked](x.md) text\n## Twice\n## Twice\n";
        assert_eq!(headings(text), ["what-isnt-here", "linked-text", "twice", "twice-1"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_named_with_its_line() {
        let root = component_artifact::workspace();
        let text =
            "# One\n[a](#one)\n[b](#two)\n[c](nowhere.md)\n[d](../Cargo.toml)\n[e](../../x)\n[f](../Cargo.toml#g)\n[h]()\n";
        let documents = BTreeMap::from([(PathBuf::from("docs/page.md"), text.to_owned())]);
        assert_eq!(
            problems(&root, &documents),
            [
                "docs/page.md:3: #two: there is no such heading",
                "docs/page.md:4: nowhere.md: there is no such file",
                "docs/page.md:6: ../../x: it leads out of the repository",
                "docs/page.md:7: ../Cargo.toml#g: only Markdown files have headings",
                "docs/page.md:8: : the link is empty",
            ]
        );
    }
}
