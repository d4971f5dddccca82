//! The list of what is in the component, as a CycloneDX bill of materials: <https://cyclonedx.org/docs/1.6/json/>.
//!
//! Without a serial number, which would be another one each time; the same sources give the same bytes.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    dependencies::{Dependencies, Package},
    revision::Revision,
};
use crate::toolchain::Toolchain;

/// The component, by its digest, and everything that it was made of. What only helps to build is `excluded`, in the standard's
/// word.
///
/// # Errors
///
/// A package without a licence.
pub(crate) fn json(dependencies: &Dependencies, revision: &Revision, toolchain: &Toolchain, digest: String) -> Result<Vec<u8>> {
    let document = document(dependencies, revision, toolchain.compiler().0, &digest)?;
    Ok(format!("{document:#}\n").into_bytes())
}

fn document(dependencies: &Dependencies, revision: &Revision, compiler: &str, digest: &str) -> Result<Value> {
    let root = dependencies.root();
    let mut own = component(root)?;
    own["description"] = json!(root.description()?);
    own["hashes"] = json!([{ "alg": "SHA-256", "content": digest }]);
    let tool = json!({ "type": "application", "name": "cargo xtask package", "version": root.version });
    let mut metadata = json!({ "lifecycles": [{ "phase": "build" }], "tools": { "components": [tool] }, "component": own });
    if let Revision::Known { time, .. } = revision {
        metadata["timestamp"] = json!(time);
    }

    let library = format!("pkg:generic/rust-std@{compiler}");
    let mut components = dependencies.iter().filter(|package| !package.is_root()).map(component).collect::<Result<Vec<_>>>()?;
    components.push(json!({
        "type": "library", "bom-ref": library, "purl": library, "name": "rust-std", "version": compiler, "scope": "required",
        "description": "Rust's standard library, which comes with the compiler", "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    }));
    let edges = dependencies.iter().map(|package| {
        let mut urls: Vec<String> = dependencies.of(package).map(Package::url).collect();
        urls.extend(package.is_root().then(|| library.clone()));
        json!({ "ref": package.url(), "dependsOn": urls })
    });
    Ok(json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": metadata, "components": components,
        "dependencies": edges.collect::<Vec<_>>(),
    }))
}

fn component(package: &Package) -> Result<Value> {
    let url = package.url();
    let mut component = json!({
        "type": "library", "bom-ref": url, "purl": url, "name": package.name, "version": package.version,
        "scope": if package.is_linked { "required" } else { "excluded" },
        "licenses": [{ "expression": package.licence()? }],
    });
    if let Some(checksum) = &package.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    Ok(component)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_package_is_there_once_and_each_edge_leads_to_one() {
        let revision = Revision::Known { commit: "0123".to_owned(), time: "2026-01-02T03:04:05+00:00".to_owned() };
        let document = document(&Dependencies::sample(), &revision, "1.95.0", &"ab".repeat(32)).unwrap();
        assert_eq!(document["metadata"]["timestamp"], "2026-01-02T03:04:05+00:00");
        assert_eq!(document["metadata"]["component"]["hashes"][0]["content"], "ab".repeat(32));
        let components = document["components"].as_array().unwrap();
        let scopes: Vec<_> = components.iter().map(|component| component["scope"].as_str().unwrap()).collect();
        assert_eq!(scopes, ["required", "excluded", "required"]);
        let mut known: BTreeSet<_> = components.iter().map(|component| component["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(known.len(), components.len());
        known.insert(document["metadata"]["component"]["bom-ref"].as_str().unwrap());
        assert!(known.contains("pkg:cargo/crate@1.0.0%2Ba"));
        for edge in document["dependencies"].as_array().unwrap() {
            let ends = edge["dependsOn"].as_array().unwrap().iter().chain([&edge["ref"]]);
            assert!(ends.map(|end| end.as_str().unwrap()).all(|end| known.contains(end)), "{edge}");
        }
    }

    #[test]
    fn a_time_that_is_not_known_is_not_told() {
        let document = document(&Dependencies::sample(), &Revision::Unknown("why"), "1.95.0", "00").unwrap();
        assert!(document["metadata"].get("timestamp").is_none());
    }
}
