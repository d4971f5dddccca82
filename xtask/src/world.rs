//! The world in `wit/`: what a component of this project may import, and under which exact names.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem};

/// The world that the component is held against.
pub(crate) struct World {
    resolve: Resolve,
    id: WorldId,
    /// In the part of a custom section's name that `wit-bindgen` makes from the world.
    section: String,
    imports: Vec<String>,
}

impl World {
    /// Reads the WIT package in `folder`, which has exactly one world.
    ///
    /// # Errors
    ///
    /// Anything wrong with the WIT.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(folder)?;
        let id = resolve.select_world(&[package], None)?;
        let section = format!(":{}:{}:", resolve.packages[package].name, resolve.worlds[id].name);
        let imports = interfaces(&resolve, id);
        Ok(Self { resolve, id, section, imports })
    }

    /// Whether a custom section of this name describes this world, and not one of the standard library's.
    pub(crate) fn owns_section(&self, name: &str) -> bool {
        name.contains(&self.section)
    }

    /// The world's own name of an interface, which may be asked for in another version of its package: `wasi:random/random@0.2.0`
    /// for `wasi:random/random@0.2.4`.
    pub(crate) fn import(&self, name: &str) -> Option<&str> {
        let unversioned = without_version(name);
        self.imports.iter().map(String::as_str).find(|import| without_version(import) == unversioned)
    }

    /// The interfaces that the world imports, sorted.
    pub(crate) fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Holds a component against the world. It may not import more, and not less either: an import list shorter than the world's
    /// says that something isn't used any more which hosts still offer.
    ///
    /// # Errors
    ///
    /// What doesn't fit.
    pub(crate) fn check(&self, component: &[u8]) -> Result<()> {
        wit_component::targets(&self.resolve, self.id, component).context("the component doesn't fit the world in wit/")?;
        let DecodedWasm::Component(resolve, id) = wit_component::decode(component)? else {
            anyhow::bail!("this is a WIT package and no component");
        };
        let imports = interfaces(&resolve, id);
        ensure!(
            imports == self.imports,
            "the component's imports aren't the world's\n  component: {}\n  world:     {}",
            imports.join(", "),
            self.imports.join(", ")
        );
        Ok(())
    }
}

/// The WIT package in `folder` in binary form, as registries keep it.
///
/// # Errors
///
/// Anything wrong with the WIT.
pub(crate) fn encoded(folder: &Path) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder)?;
    wit_component::encode(&resolve, package)
}

fn interfaces(resolve: &Resolve, world: WorldId) -> Vec<String> {
    let imports = resolve.worlds[world].imports.iter();
    // A world's type imports aren't an authority: they come with the interfaces that use them.
    let mut names: Vec<String> =
        imports.filter(|(_, item)| !matches!(item, WorldItem::Type { .. })).map(|(key, _)| resolve.name_world_key(key)).collect();
    names.sort();
    names
}

fn without_version(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use wit_parser::{Stability, TypeDefKind};

    use super::*;

    #[test]
    fn the_import_list_is_the_permission_list() {
        let world = World::read(&component_artifact::workspace().join("wit")).unwrap();
        assert_eq!(
            world.imports(),
            [
                "journey:step/attempts@0.1.0",
                "journey:step/http@0.1.0",
                "journey:step/tenant-cache@0.1.0",
                "journey:step/variables@0.1.0",
                "wasi:clocks/wall-clock@0.2.0",
                "wasi:random/random@0.2.0",
            ]
        );
    }

    #[test]
    fn the_encoded_contract_is_the_contract() {
        let folder = component_artifact::workspace().join("wit");
        let DecodedWasm::WitPackage(resolve, package) = wit_component::decode(&encoded(&folder).unwrap()).unwrap() else {
            panic!("a component and no WIT package")
        };
        assert_eq!(resolve.packages[package].name.to_string(), "journey:step@0.1.0");
        let id = resolve.select_world(&[package], None).unwrap();
        assert_eq!(interfaces(&resolve, id), World::read(&folder).unwrap().imports());
    }

    /// The contract's prose is its comments, and a later version must be able to add to it.
    #[test]
    fn every_item_of_the_contract_says_what_it_is_and_since_when() {
        let world = World::read(&component_artifact::workspace().join("wit")).unwrap();
        let package = &world.resolve.packages[world.resolve.worlds[world.id].package.unwrap()];
        let mut items = vec![("world", &world.resolve.worlds[world.id].docs, &world.resolve.worlds[world.id].stability)];
        for (name, id) in &package.interfaces {
            let interface = &world.resolve.interfaces[*id];
            items.push((name, &interface.docs, &interface.stability));
            items.extend(interface.functions.iter().map(|(name, function)| (name.as_str(), &function.docs, &function.stability)));
            for (name, id) in &interface.types {
                let item = &world.resolve.types[*id];
                // What is used from another interface is described there.
                if !matches!(item.kind, TypeDefKind::Type(_)) {
                    items.push((name, &item.docs, &item.stability));
                }
            }
        }
        assert!(package.docs.contents.is_some());
        assert!(items.len() > 30, "{} items", items.len());
        for (name, docs, stability) in items {
            assert!(docs.contents.is_some(), "{name} has no comment");
            assert!(matches!(stability, Stability::Stable { .. }), "{name} isn't `@since` anything");
        }
    }
}
