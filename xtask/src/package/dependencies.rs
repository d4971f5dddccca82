//! What the component is made of, as cargo resolves it for this target and these features.
//!
//! `cargo tree` says which packages are compiled and for what; `cargo metadata` alone names some that another member of the
//! workspace asks for. Licences and folders are in the metadata, checksums in `Cargo.lock`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use auditable_serde::{DependencyKind, Source, VersionInfo};
use serde::Deserialize;

use crate::process::{cargo, output};

/// The package of the component.
const ROOT: &str = "cognito-oidc";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Packages, sorted by name and version.
pub(crate) struct Dependencies(Vec<Package>);

/// A package, in one version.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether the component is linked from it; otherwise it only helps to build, as the crates of macros do.
    pub(crate) is_linked: bool,
    pub(crate) repository: Option<String>,
    /// SHA-256 of the archive in the registry, in hexadecimal.
    pub(crate) checksum: Option<String>,
    /// Of its sources.
    pub(crate) folder: PathBuf,
    /// By their places in the list.
    pub(crate) dependencies: Vec<usize>,
    description: Option<String>,
    licence: Option<String>,
    source: Option<String>,
}

impl Package {
    /// An SPDX expression.
    ///
    /// # Errors
    ///
    /// Its manifest names no licence.
    pub(crate) fn licence(&self) -> Result<&str> {
        self.licence.as_deref().with_context(|| format!("{} names no licence", self.name))
    }

    /// # Errors
    ///
    /// Its manifest has none.
    pub(crate) fn description(&self) -> Result<&str> {
        self.description.as_deref().with_context(|| format!("{} has no description", self.name))
    }

    pub(crate) fn is_root(&self) -> bool {
        self.name == ROOT
    }

    /// Whether it is a part of this project, which no registry has.
    pub(crate) fn is_own(&self) -> bool {
        self.source.is_none()
    }

    /// Its address in the notation of package URLs, where `+` of a version is escaped.
    pub(crate) fn url(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version.replace('+', "%2B"))
    }
}

impl Dependencies {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// Cargo fails, or says something in another form than it does today.
    pub(crate) fn read(target: &str) -> Result<Self> {
        let tree = |edges: &str| {
            let mut tree = cargo();
            tree.args(["tree", "--locked", "--package", ROOT, "--target", target, "--edges", edges]);
            output(tree.args(["--prefix", "depth", "--no-dedupe", "--format", "{p}"]))
        };
        let mut graph = Graph::default();
        graph.add(&tree("normal")?, true)?;
        graph.add(&tree("normal,build")?, false)?;

        let mut metadata = cargo();
        metadata.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", target]);
        let metadata: Metadata = serde_json::from_str(&output(&mut metadata)?)?;
        let lock = fs::read_to_string(component_artifact::workspace().join("Cargo.lock"))?;
        graph.with(metadata, &toml::from_str(&lock)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Package> {
        self.0.iter()
    }

    /// What of others the component is linked from.
    pub(crate) fn linked(&self) -> impl Iterator<Item = &Package> {
        self.iter().filter(|package| package.is_linked && !package.is_own())
    }

    /// By their places in the list.
    pub(crate) fn of<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Package> {
        package.dependencies.iter().filter_map(|index| self.0.get(*index))
    }

    /// The component's own package.
    ///
    /// # Panics
    ///
    /// Never: [`read`](Self::read) has seen it.
    pub(crate) fn root(&self) -> &Package {
        self.iter().find(|package| package.is_root()).expect("the package that the list was made for")
    }

    /// The list as `cargo auditable` writes it. Its format 1 knows that macros only help to build.
    ///
    /// # Errors
    ///
    /// A version that is none.
    pub(crate) fn auditable(&self) -> Result<VersionInfo> {
        let package = |package: &Package| {
            Ok(auditable_serde::Package {
                name: package.name.clone(),
                version: semver::Version::parse(&package.version)?,
                source: match package.source.as_deref() {
                    None => Source::Local,
                    Some(CRATES_IO) => Source::CratesIo,
                    Some(other) => Source::from(other.split('+').next().unwrap_or(other)),
                },
                kind: if package.is_linked { DependencyKind::Runtime } else { DependencyKind::Build },
                dependencies: package.dependencies.clone(),
                root: package.is_root(),
            })
        };
        Ok(VersionInfo { packages: self.iter().map(package).collect::<Result<_>>()?, format: 1 })
    }
}

/// A package's name and version.
type Key = (String, String);

/// What `cargo tree` says.
#[derive(Default)]
struct Graph {
    edges: BTreeMap<Key, BTreeSet<Key>>,
    linked: BTreeSet<Key>,
}

impl Graph {
    /// Adds what is printed with the depth before each package: `2serde_derive v1.0.229 (proc-macro)`. Where `links` is said,
    /// what isn't a macro and isn't below one is in the component.
    fn add(&mut self, tree: &str, links: bool) -> Result<()> {
        // From the root to the last line: packages, and whether their code is linked.
        let mut path: Vec<(Key, bool)> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let text = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let depth: usize = line[..line.len() - text.len()].parse().with_context(|| format!("no depth in `{line}`"))?;
            let mut words = text.split(' ');
            let (name, version) = (words.next(), words.next().and_then(|word| word.strip_prefix('v')));
            let key = name.zip(version).with_context(|| format!("no package in `{line}`"))?;
            let key = (key.0.to_owned(), key.1.to_owned());
            ensure!(depth <= path.len(), "a depth is left out before `{line}`");
            path.truncate(depth);
            let is_linked = links && !text.contains("(proc-macro)") && path.last().is_none_or(|(_, linked)| *linked);
            if is_linked {
                self.linked.insert(key.clone());
            }
            if let Some((parent, _)) = path.last() {
                self.edges.entry(parent.clone()).or_default().insert(key.clone());
            }
            self.edges.entry(key.clone()).or_default();
            path.push((key, is_linked));
        }
        Ok(())
    }

    fn with(self, metadata: Metadata, lock: &Lock) -> Result<Dependencies> {
        let mut described: BTreeMap<Key, Described> =
            metadata.packages.into_iter().map(|package| ((package.name.clone(), package.version.clone()), package)).collect();
        let places: BTreeMap<&Key, usize> = self.edges.keys().zip(0..).collect();
        let packages = self.edges.iter().map(|(key, edges)| {
            let (name, version) = key;
            let described = described.remove(key).with_context(|| format!("cargo describes no {name} {version}"))?;
            let locked = lock.package.iter().find(|package| package.name == *name && package.version == *version);
            Ok(Package {
                name: described.name,
                version: described.version,
                is_linked: self.linked.contains(key),
                repository: described.repository,
                checksum: locked.and_then(|package| package.checksum.clone()),
                folder: described.manifest_path.parent().context("a manifest in no folder")?.to_owned(),
                dependencies: edges.iter().filter_map(|key| places.get(key).copied()).collect(),
                description: described.description,
                licence: described.license.map(|licence| licence.replace('/', " OR ")),
                source: described.source,
            })
        });
        let packages = Dependencies(packages.collect::<Result<_>>()?);
        ensure!(packages.iter().any(Package::is_root), "{ROOT} isn't among its own packages");
        Ok(packages)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    version: String,
    description: Option<String>,
    license: Option<String>,
    source: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

#[cfg(test)]
impl Dependencies {
    /// The root, a crate, and a macro of it.
    pub(crate) fn sample() -> Self {
        let (own, others) = (Package::sample(ROOT), Package::sample("crate"));
        let (own, others) = (Package { dependencies: vec![1], ..own }, Package { dependencies: vec![2], ..others });
        Self(vec![own, others, Package { is_linked: false, ..Package::sample("macro") }])
    }
}

#[cfg(test)]
impl Package {
    pub(crate) fn sample(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1.0.0+a".to_owned(),
            is_linked: true,
            repository: None,
            checksum: Some("00".repeat(32)).filter(|_| name != ROOT),
            folder: PathBuf::new(),
            dependencies: Vec::new(),
            description: Some("What it is".to_owned()),
            licence: Some("MIT OR Apache-2.0".to_owned()),
            source: Some(CRATES_IO.to_owned()).filter(|_| name != ROOT),
        }
    }

    pub(crate) fn with_licence(licence: &str, folder: &std::path::Path) -> Self {
        Self { licence: Some(licence.to_owned()), folder: folder.to_owned(), ..Self::sample("crate") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0cognito-oidc v0.1.0 (/a folder)\n1serde v1.0.0\n2serde_core v1.0.0\n2serde_derive v1.0.0 (proc-macro)\n3quote v1.0.0\n\
                        1quick v1.0.0\n2serde_core v1.0.0\n";

    fn key(name: &str) -> Key {
        (name.to_owned(), "1.0.0".to_owned())
    }

    #[test]
    fn a_macro_and_what_is_below_it_is_not_linked() {
        let mut graph = Graph::default();
        graph.add(TREE, true).unwrap();
        let linked: Vec<_> = graph.linked.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(linked, ["cognito-oidc", "quick", "serde", "serde_core"]);
        assert_eq!(graph.edges[&key("serde")], [key("serde_core"), key("serde_derive")].into());
        assert_eq!(graph.edges[&key("serde_derive")], [key("quote")].into());
    }

    #[test]
    fn what_another_tree_adds_only_helps_to_build() {
        let mut graph = Graph::default();
        graph.add(TREE, true).unwrap();
        graph.add("0cognito-oidc v0.1.0\n1cc v1.0.0\n1serde v1.0.0\n", false).unwrap();
        assert!(graph.edges.contains_key(&key("cc")));
        assert!(!graph.linked.contains(&key("cc")) && graph.linked.contains(&key("serde")));
    }

    #[test]
    fn another_form_of_the_tree_is_an_error() {
        for tree in ["serde v1.0.0", "0serde", "0serde 1.0.0", "0a v1.0.0\n2b v1.0.0"] {
            assert!(Graph::default().add(tree, true).is_err(), "{tree}");
        }
    }

    #[test]
    fn what_has_no_source_is_local_and_the_list_is_what_auditing_tools_read() {
        let info = Dependencies::sample().auditable().unwrap();
        let json = serde_json::to_string(&info).unwrap();
        assert_eq!(json.parse::<VersionInfo>().unwrap(), info);
        assert_eq!([&info.packages[0].source, &info.packages[1].source], [&Source::Local, &Source::CratesIo]);
        assert_eq!(info.packages[2].kind, DependencyKind::Build);
    }

    #[test]
    fn the_component_is_made_of_what_cargo_locks() {
        let dependencies = Dependencies::read(crate::toolchain::TARGET).unwrap();
        let linked: Vec<_> = dependencies.linked().map(|package| package.name.as_str()).collect();
        assert!(
            linked.contains(&"serde_json") && !linked.contains(&"serde_derive") && !linked.contains(&"proc-macro2"),
            "{linked:?}"
        );
        assert!(dependencies.iter().all(|package| package.is_own() || package.checksum.is_some()));
    }
}
