//! The licences of what others wrote and the component is linked from: who, which licence, and each text once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::dependencies::{Dependencies, Package};

/// How the names of such files begin, in lower case.
const FILES: [&str; 5] = ["licen", "copying", "copyright", "notice", "unlicense"];

const HEAD: &str = "\
Third-party notices

The component cognito_oidc.wasm was linked from the packages below, each under the licences that stand beside it. After the list come their texts,
each with the packages that it came with. Packages that only help to build, such as macros, are not in the component and not in the list.

It holds code of Rust's standard library, too: see RUST-LIBRARY-NOTICES.html. And, by way of that, functions of wasi-libc for memory and strings,
whose notices stand last.
";

/// What the standard library links for memory and strings on this target. It is no package of cargo's, and its sources don't come
/// with the toolchain.
const WASI_LIBC: &str = include_str!("wasi-libc.txt");

const RULE: &str = "--------------------------------------------------------------------------------";

/// The notices of all packages that the component is linked from.
///
/// # Errors
///
/// A package without a licence, or one that brings no text and doesn't offer the licence of this project, whose text is at hand.
pub(crate) fn text(dependencies: &Dependencies, workspace: &Path) -> Result<String> {
    let own = fs::read_to_string(workspace.join("LICENSE"))?;
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in dependencies.linked() {
        let name = format!("{} {}", package.name, package.version);
        let from = package.repository.as_deref().unwrap_or("crates.io");
        list.push_str(&format!("{name}\n    {}\n    {from}\n", package.licence()?));
        for text in of(package, &own)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    // By the first package of each, as the list is.
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    let texts = texts.iter().map(|(text, names)| format!("\n{RULE}\n{}\n{RULE}\n\n{text}\n", names.join(", ")));
    Ok(format!("{HEAD}\n{list}{}\n{RULE}\nwasi-libc\n{RULE}\n\n{WASI_LIBC}", texts.collect::<String>()))
}

/// The texts that a package brings, or this project's where that is one of its licences.
fn of(package: &Package, own: &str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut has_licence = false;
    for path in files(&package.folder)? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        has_licence |= !lower_case_name(&path).starts_with("notice");
        texts.push(normalised(&text));
    }
    if !has_licence {
        let offers_own = package.licence()?.split(" OR ").any(|licence| licence.trim_matches(['(', ')']) == "Apache-2.0");
        ensure!(
            offers_own,
            "{} {} brings no licence text, and {} is not at hand",
            package.name,
            package.version,
            package.licence()?
        );
        texts.push(normalised(own));
    }
    Ok(texts)
}

/// Sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.is_file() && FILES.iter().any(|beginning| lower_case_name(path).starts_with(beginning)));
    files.sort();
    Ok(files)
}

fn lower_case_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// So that two copies of one text are one.
fn normalised(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linked_package_brings_a_text_that_its_licence_asks_for() {
        let dependencies = Dependencies::read(crate::toolchain::TARGET).unwrap();
        let text = text(&dependencies, &component_artifact::workspace()).unwrap();
        for package in dependencies.linked() {
            // In the list, and over a text at least.
            let name = format!("{} {}", package.name, package.version);
            assert!(text.matches(&name).count() >= 2, "{name}");
        }
        let mit_alone: Vec<_> = dependencies.linked().filter(|package| package.licence().unwrap() == "MIT").collect();
        assert!(!mit_alone.is_empty() && text.contains("Permission is hereby granted, free of charge"));
        assert!(!text.contains(&component_artifact::workspace().display().to_string()));
    }

    #[test]
    fn a_text_that_is_not_at_hand_is_an_error() {
        let folder = std::env::temp_dir().join(format!("xtask-notices-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("NOTICE.md"), "a notice \r\n").unwrap();
        let text_of = |licence: &str| {
            let package = Package::with_licence(licence, &folder);
            of(&package, "the text of Apache-2.0\n").map_err(|error| error.to_string())
        };
        let (offered, missing) = (text_of("MIT OR Apache-2.0"), text_of("MIT"));
        fs::write(folder.join("LICENSE-MIT"), "the text of MIT").unwrap();
        let brought = text_of("MIT");
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(offered.unwrap(), ["a notice", "the text of Apache-2.0"]);
        assert!(missing.unwrap_err().contains("brings no licence text"));
        assert_eq!(brought.unwrap(), ["the text of MIT", "a notice"]);
    }
}
