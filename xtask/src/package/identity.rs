//! What the packaged component says of itself, in the custom sections that tools for WebAssembly read: `component-name`,
//! `version`, `description`, `licenses`, `source`, `revision`, `producers`, and `.dep-v0`, the list of dependencies of
//! `cargo auditable`.

use anyhow::Result;
use wasm_encoder::{Component, ComponentSection, RawSection};
use wasm_metadata::{
    AddMetadata, AddMetadataField, Dependencies as DependencySection, Description, Licenses, Revision as RevisionSection, Source,
    Version,
};
use wasmparser::{Parser, Payload};

use super::{
    dependencies::{Dependencies, Package},
    revision::Revision,
};
use crate::toolchain::Toolchain;

/// Who the component is.
pub(crate) struct Identity<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) description: &'a str,
    pub(crate) licence: &'a str,
    /// Where its sources are, as `repository` of its manifest says.
    pub(crate) source: Option<&'a str>,
    revision: Option<&'a str>,
    compiler: String,
}

impl<'a> Identity<'a> {
    /// # Errors
    ///
    /// A manifest without description or licence.
    pub(crate) fn of(root: &'a Package, revision: &'a Revision, toolchain: &Toolchain) -> Result<Self> {
        let (release, commit) = toolchain.compiler();
        Ok(Self {
            name: &root.name,
            version: &root.version,
            description: root.description()?,
            licence: root.licence()?,
            source: root.repository.as_deref(),
            revision: match revision {
                Revision::Known { commit, .. } => Some(commit),
                Revision::Unknown(_) => None,
            },
            compiler: format!("{release} ({commit})"),
        })
    }

    /// The sealed component with sections that say who it is.
    ///
    /// # Errors
    ///
    /// A licence that is no SPDX expression, or a source that is no URL.
    pub(crate) fn component(&self, sealed: &[u8], dependencies: &Dependencies) -> Result<Vec<u8>> {
        let mut add = self.metadata()?;
        add.name = AddMetadataField::Set(self.name.to_owned());
        add.language = vec![("Rust".to_owned(), String::new())];
        add.processed_by = vec![("rustc".to_owned(), self.compiler.clone())];
        let mut component = add.to_wasm(sealed)?;
        DependencySection::new(dependencies.auditable()?)?.append_to_component(&mut component);
        Ok(component)
    }

    /// The encoded contract with the same. It has a version of its own, in its package's name.
    ///
    /// # Errors
    ///
    /// As for [`component`](Self::component).
    pub(crate) fn contract(&self, encoded: &[u8]) -> Result<Vec<u8>> {
        let mut add = self.metadata()?;
        add.description =
            AddMetadataField::Set(Description::new("The contract between a journey host and a step that redirects"));
        add.version = AddMetadataField::Keep;
        add.to_wasm(encoded)
    }

    fn metadata(&self) -> Result<AddMetadata> {
        let mut add = AddMetadata::default();
        add.description = AddMetadataField::Set(Description::new(self.description.to_owned()));
        add.licenses = AddMetadataField::Set(Licenses::new(self.licence)?);
        add.version = AddMetadataField::Set(Version::new(self.version.to_owned()));
        if let Some(source) = self.source {
            add.source = AddMetadataField::Set(Source::new(source)?);
        }
        if let Some(revision) = self.revision {
            add.revision = AddMetadataField::Set(RevisionSection::new(revision.to_owned()));
        }
        Ok(add)
    }
}

/// All that runs, and nothing that only tells: a component with and one without an identity are the same by this.
///
/// # Errors
///
/// What is no component.
pub(crate) fn without_custom_sections(component: &[u8]) -> Result<Vec<u8>> {
    let mut result = Component::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        // What is inside a nested module is part of the section that holds it.
        if depth == 0
            && !matches!(payload, Payload::CustomSection(_))
            && let Some((id, range)) = payload.as_section()
        {
            result.section(&RawSection { id, data: &component[range] });
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(result.finish())
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CustomSection, Module, ModuleSection};
    use wasm_metadata::Payload as Metadata;

    use super::*;

    fn sealed() -> Vec<u8> {
        let mut module = Module::new();
        module.section(&CustomSection { name: "inner".into(), data: b"stays".as_slice().into() });
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    fn identity() -> Identity<'static> {
        Identity {
            name: "step",
            version: "1.2.3",
            description: "A step",
            licence: "Apache-2.0",
            source: Some("https://example.com/step"),
            revision: Some("0123"),
            compiler: "1.95.0 (abc)".to_owned(),
        }
    }

    fn read(component: &[u8]) -> wasm_metadata::Metadata {
        match Metadata::from_binary(component).unwrap() {
            Metadata::Component { metadata, .. } | Metadata::Module(metadata) => metadata,
        }
    }

    #[test]
    fn a_component_says_who_it_is_and_what_it_is_made_of() {
        let dependencies = Dependencies::sample();
        let metadata = read(&identity().component(&sealed(), &dependencies).unwrap());
        let told = [
            metadata.name,
            metadata.version.map(|version| version.to_string()),
            metadata.description.map(|description| description.to_string()),
            metadata.licenses.map(|licences| licences.to_string()),
            metadata.source.map(|source| source.to_string()),
            metadata.revision.map(|revision| revision.to_string()),
        ];
        assert_eq!(told.map(Option::unwrap), ["step", "1.2.3", "A step", "Apache-2.0", "https://example.com/step", "0123"]);
        assert_eq!(metadata.dependencies.unwrap().version_info(), &dependencies.auditable().unwrap());
        assert!(metadata.producers.unwrap().get("processed-by").unwrap().get("rustc").is_some());
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let unknown = Identity { source: None, revision: None, ..identity() };
        let metadata = read(&unknown.component(&sealed(), &Dependencies::sample()).unwrap());
        assert!(metadata.source.is_none() && metadata.revision.is_none());
    }

    #[test]
    fn an_identity_changes_nothing_that_runs() {
        let with = identity().component(&sealed(), &Dependencies::sample()).unwrap();
        assert_ne!(with, sealed());
        assert_eq!(without_custom_sections(&with).unwrap(), sealed());
        let mut another = Component::new();
        another.section(&ModuleSection(&Module::new()));
        assert_ne!(without_custom_sections(&another.finish()).unwrap(), sealed());
    }
}
