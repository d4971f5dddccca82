//! How the contract may change once a version of it is released: `wit/` as it is now, held against a copy of each release in
//! `xtask/released/<version>/`. The rules in words are in `wit/world.wit`.
//!
//! | a later version of the same track | |
//! |---|---|
//! | an imported interface gains a function | fits: whoever was built before doesn't ask for it |
//! | a record gains a field; an enum, a variant or a flags type a case; a function changes | doesn't fit: types are compared by structure |
//! | an imported interface loses a function, or an exported one gains or loses one | doesn't fit: hosts and steps of the release miss it |
//! | a world imports or exports another set of interfaces, or is gone | doesn't fit: another set is another world's |
//!
//! Versions are of one track where semantic versioning says that they are compatible: 1.4 and 1.7, 0.1.0 and 0.1.3. Another track
//! is another contract. [`wit_component::semver_check`] compares the worlds by what a component of the release needs, and lets a
//! world that imports more or exports less pass; [`same_interfaces`] doesn't.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use wit_parser::{PackageId, Resolve, WorldId};

/// Holds the contract in `current` against every release in `releases`, a folder that need not be there.
///
/// # Errors
///
/// The first release that it doesn't fit.
pub(crate) fn check(releases: &Path, current: &Path) -> Result<()> {
    for release in released(releases)? {
        check_against(&release, current).with_context(|| format!("wit/ breaks the release in {}", release.display()))?;
    }
    Ok(())
}

fn released(releases: &Path) -> Result<Vec<PathBuf>> {
    if !releases.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(releases)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut folders: Vec<PathBuf> = entries.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Each world of the release is a world of today, and hosts and steps of the release still fit.
fn check_against(release: &Path, current: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (today, _) = resolve.push_dir(current)?;
    let mut earlier = Resolve::default();
    let (package, _) = earlier.push_dir(release)?;
    let version = earlier.packages[package].name.version.clone().context("a release has a version")?;
    ensure!(
        release.file_name().is_some_and(|name| *name == *version.to_string()),
        "the folder of a release is named by its version, {version}"
    );
    let since = resolve.packages[today].name.version.as_ref().context("the contract has a version")?;
    if track(since) != track(&version) {
        return Ok(());
    }
    ensure!(*since >= version, "the contract is at {since}, before its release {version}");

    rename(&mut earlier, package);
    let package = resolve.merge(earlier)?.packages[package.index()];
    for (name, &then) in &resolve.packages[package].worlds {
        let Some(&now) = resolve.packages[today].worlds.get(name) else { bail!("the world {name} is gone") };
        same_interfaces(&resolve, then, now)?;
        wit_component::semver_check(resolve.clone(), then, now).with_context(|| format!("the world {name}"))?;
    }
    Ok(())
}

/// What semantic versioning compares first: versions that differ there promise each other nothing.
fn track(version: &semver::Version) -> (u64, u64, u64) {
    match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    }
}

/// Another version than any, so that both packages fit into one [`Resolve`]: they may be of the same one.
fn rename(resolve: &mut Resolve, package: PackageId) {
    let mut name = resolve.packages[package].name.clone();
    resolve.package_names.shift_remove(&name);
    name.version = None;
    resolve.package_names.insert(name.clone(), package);
    resolve.packages[package].name = name;
}

fn same_interfaces(resolve: &Resolve, then: WorldId, now: WorldId) -> Result<()> {
    let names = |world: WorldId| {
        let world = &resolve.worlds[world];
        let name = |key| {
            let name = resolve.name_world_key(key);
            name.split_once('@').map_or(name.clone(), |(name, _)| name.to_owned())
        };
        [world.imports.keys().map(name).collect::<BTreeSet<_>>(), world.exports.keys().map(name).collect()]
    };
    let ([imports_then, exports_then], [imports_now, exports_now]) = (names(then), names(now));
    let name = &resolve.worlds[now].name;
    ensure!(imports_then == imports_now, "the world {name} imports {imports_now:?} where the release imports {imports_then:?}");
    ensure!(exports_then == exports_now, "the world {name} exports {exports_now:?} where the release exports {exports_then:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_fits_every_release() {
        let workspace = component_artifact::workspace();
        check(&workspace.join("xtask/released"), &workspace.join("wit")).unwrap();
    }

    /// Folders of one test: releases, and a contract. Removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        /// Today's contract, once released.
        fn released(name: &str) -> Self {
            let scratch = Self(std::env::temp_dir().join(format!("xtask-evolution-{name}-{}", std::process::id())));
            let wit = component_artifact::workspace().join("wit");
            let mut resolve = Resolve::default();
            let (package, _) = resolve.push_dir(&wit).unwrap();
            let version = resolve.packages[package].name.version.clone().unwrap();
            for copy in [scratch.current(), scratch.releases().join(version.to_string())] {
                copy_all(&wit, &copy);
            }
            scratch
        }

        fn current(&self) -> PathBuf {
            self.0.join("wit")
        }

        fn releases(&self) -> PathBuf {
            self.0.join("released")
        }

        /// Makes another line of the first one of a file that is `line`, or none, and then none of its gate either.
        fn edit(&self, file: &str, line: &str, edit: impl Fn(&str) -> String) {
            let path = self.current().join(file);
            let text = fs::read_to_string(&path).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let at = lines.iter().position(|candidate| candidate.trim() == line).unwrap_or_else(|| panic!("{file}: {line}"));
            lines[at] = edit(&lines[at]);
            if lines[at].is_empty() && lines[at - 1].trim().starts_with("@since") {
                lines.remove(at - 1);
            }
            fs::write(path, lines.join("\n")).unwrap();
        }

        fn check(&self) -> Result<()> {
            check(&self.releases(), &self.current())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn copy_all(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let copy = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy_all(&path, &copy);
            } else {
                fs::copy(&path, &copy).unwrap();
            }
        }
    }

    /// A line behind another one.
    fn then(line: &'static str) -> Box<dyn Fn(&str) -> String> {
        Box::new(move |found| format!("{found}\n@since(version = 0.1.0)\n{line}"))
    }

    fn plain(line: &'static str) -> Box<dyn Fn(&str) -> String> {
        Box::new(move |found| format!("{found}\n{line}"))
    }

    fn instead(line: &'static str) -> Box<dyn Fn(&str) -> String> {
        Box::new(move |_| line.to_owned())
    }

    fn gone() -> Box<dyn Fn(&str) -> String> {
        instead("")
    }

    type Case = (&'static str, &'static str, &'static str, Box<dyn Fn(&str) -> String>);

    #[test]
    fn what_hosts_and_steps_of_a_release_would_miss_does_not_fit() {
        let cases: [Case; 13] = [
            ("a record field more", "http.wit", "record response {", plain("trailers: list<string>,")),
            ("a record field fewer", "http.wit", "status: u16,", gone()),
            ("a record field of another type", "http.wit", "status: u16,", instead("status: u32,")),
            ("an enum case more", "http.wit", "enum method {", plain("put,")),
            ("an enum case fewer", "http.wit", "post,", gone()),
            ("a variant case more", "http.wit", "variant error {", plain("throttled,")),
            ("a variant case without its value", "http.wit", "unreachable(string),", instead("unreachable,")),
            (
                "a parameter more",
                "http.wit",
                FETCH,
                instead("fetch: func(request: request, tries: u8) -> result<response, error>;"),
            ),
            (
                "a function of another name",
                "http.wit",
                FETCH,
                instead("send: func(request: request) -> result<response, error>;"),
            ),
            ("an import fewer", "world.wit", "import tenant-cache;", gone()),
            ("an import more", "world.wit", "import http;", then("import more;")),
            ("an export fewer", "world.wit", "export settings;", gone()),
            ("an export more", "world.wit", "export redirect;", then("export more;")),
        ];
        for (number, (name, file, line, edit)) in cases.into_iter().enumerate() {
            let scratch = Scratch::released(&format!("unfit-{number}"));
            fs::write(scratch.current().join("more.wit"), MORE).unwrap();
            scratch.check().unwrap_or_else(|error| panic!("{name}, before: {error:#}"));
            scratch.edit(file, line, edit);
            Resolve::default().push_dir(scratch.current()).unwrap_or_else(|error| panic!("{name} is no WIT: {error:#}"));
            assert!(scratch.check().is_err(), "{name}");
        }
    }

    const FETCH: &str = "fetch: func(request: request) -> result<response, error>;";
    const MORE: &str = "@since(version = 0.1.0)\ninterface more { @since(version = 0.1.0) more: func(); }\n";

    #[test]
    fn an_exported_interface_may_not_gain_a_function() {
        let scratch = Scratch::released("exported");
        let path = scratch.current().join("settings.wit");
        let text = fs::read_to_string(&path).unwrap();
        let (body, end) = text.rsplit_once('}').unwrap();
        fs::write(&path, format!("{body}@since(version = 0.1.0) more: func();\n}}{end}")).unwrap();
        let error = scratch.check().unwrap_err();
        assert!(format!("{error:#}").contains("semver-compatible"), "{error:#}");
    }

    #[test]
    fn what_nobody_misses_fits() {
        let scratch = Scratch::released("fit");
        scratch.check().unwrap();
        scratch.edit("http.wit", FETCH, then("cancel: func();"));
        scratch.edit("http.wit", "/// One HTTP exchange at a time.", instead("/// In other words."));
        fs::write(scratch.current().join("more.wit"), MORE).unwrap();
        scratch.check().unwrap();
    }

    #[test]
    fn another_track_is_another_contract_and_no_release_none() {
        let scratch = Scratch::released("track");
        scratch.edit("http.wit", "enum method {", plain("put,"));
        assert!(scratch.check().is_err());
        let releases = scratch.releases();
        fs::rename(&releases, scratch.0.join("elsewhere")).unwrap();
        scratch.check().unwrap();
        fs::rename(scratch.0.join("elsewhere"), &releases).unwrap();

        let release = released(&releases).unwrap().remove(0);
        fs::rename(&release, releases.join("9.9.9")).unwrap();
        let error = scratch.check().unwrap_err();
        assert!(format!("{error:#}").contains("named by its version"), "{error:#}");
    }

    #[test]
    fn tracks_are_those_of_semantic_versioning() {
        let track = |text: &str| super::track(&text.parse().unwrap());
        assert_eq!(track("1.4.0"), track("1.7.2"));
        assert_eq!(track("0.1.0"), track("0.1.9"));
        assert_ne!(track("0.1.0"), track("0.2.0"));
        assert_ne!(track("0.0.1"), track("0.0.2"));
        assert_ne!(track("1.0.0"), track("2.0.0"));
    }
}
