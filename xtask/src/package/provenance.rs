//! How a package was made: a statement of in-toto with a predicate of SLSA, <https://slsa.dev/spec/v1.0/provenance>.
//!
//! It is a claim of whoever made the package, and worth as much as the signature over it. Anybody can try it, for the same inputs
//! give the same bytes.

use serde_json::{Value, json};

use super::{
    dependencies::Dependencies,
    files::{Files, sha256},
    revision::Revision,
};
use crate::toolchain::TARGET;

/// What went into it.
pub(crate) struct Inputs<'a> {
    pub(crate) dependencies: &'a Dependencies,
    pub(crate) revision: &'a Revision,
    /// The compiler's release and the commit that it was made from.
    pub(crate) compiler: (&'a str, &'a str),
    pub(crate) toolchain: String,
    /// The digest of all that the component is made from.
    pub(crate) sources: String,
    pub(crate) lock: &'a [u8],
    /// The component before it got its identity.
    pub(crate) sealed: &'a [u8],
}

/// The statement about all files that are there so far.
pub(crate) fn json(files: &Files, inputs: &Inputs) -> Vec<u8> {
    format!("{:#}\n", statement(files, inputs)).into_bytes()
}

fn statement(files: &Files, inputs: &Inputs) -> Value {
    let subjects: Vec<Value> = files.iter().map(|(name, bytes)| of(name, bytes)).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:cognito-oidc:cargo-xtask-package:1",
                "externalParameters": { "command": "cargo xtask package", "version": inputs.dependencies.root().version },
                "internalParameters": { "target": TARGET, "profile": "component", "toolchain": inputs.toolchain },
                "resolvedDependencies": resolved(inputs),
            },
            "runDetails": {
                "builder": { "id": "urn:cognito-oidc:cargo-xtask-package" },
                "byproducts": [of("the sealed component, before it got its identity", inputs.sealed)],
            },
        },
    })
}

/// The commit, where it is known; sources, compiler, and the archive of each crate.
fn resolved(inputs: &Inputs) -> Vec<Value> {
    let (release, commit) = inputs.compiler;
    let mut resolved = Vec::new();
    if let Revision::Known { commit, .. } = inputs.revision {
        let mut source = json!({ "name": "source", "digest": { "gitCommit": commit } });
        if let Some(repository) = &inputs.dependencies.root().repository {
            source["uri"] = json!(format!("git+{repository}"));
        }
        resolved.push(source);
    }
    resolved.push(json!({ "name": "what the component is made from", "digest": { "sha256": inputs.sources } }));
    resolved.push(of("Cargo.lock", inputs.lock));
    let rust = "git+https://github.com/rust-lang/rust";
    resolved.push(json!({ "name": format!("rustc {release}"), "uri": rust, "digest": { "gitCommit": commit } }));
    let registry = inputs.dependencies.iter().filter_map(|package| Some((package, package.checksum.as_ref()?)));
    resolved.extend(registry.map(|(package, checksum)| json!({ "uri": package.url(), "digest": { "sha256": checksum } })));
    resolved
}

fn of(name: &str, bytes: &[u8]) -> Value {
    json!({ "name": name, "digest": { "sha256": sha256(bytes) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(revision: &Revision) -> Value {
        let mut files = Files::default();
        files.add("cognito_oidc.wasm", b"with".to_vec());
        let dependencies = Dependencies::sample();
        let inputs = Inputs {
            dependencies: &dependencies,
            revision,
            compiler: ("1.95.0", "abc"),
            toolchain: "by hand".to_owned(),
            sources: "00".repeat(32),
            lock: b"lock",
            sealed: b"without",
        };
        statement(&files, &inputs)
    }

    #[test]
    fn a_statement_is_about_each_file_by_its_digest_and_names_what_went_into_it() {
        let known = Revision::Known { commit: "0123".to_owned(), time: "2026-01-02T03:04:05+00:00".to_owned() };
        let statement = stated(&known);
        assert_eq!(statement["subject"], json!([of("cognito_oidc.wasm", b"with")]));
        let predicate = &statement["predicate"];
        assert_eq!(predicate["runDetails"]["byproducts"][0]["digest"]["sha256"], sha256(b"without"));
        let resolved = predicate["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
        assert_eq!(resolved[0]["digest"]["gitCommit"], "0123");
        assert!(resolved.iter().all(|input| input["digest"].is_object()), "{resolved:?}");
        let urls: Vec<_> = resolved.iter().filter_map(|input| input["uri"].as_str()).collect();
        assert_eq!(urls[1..], ["pkg:cargo/crate@1.0.0%2Ba", "pkg:cargo/macro@1.0.0%2Ba"]);
    }

    #[test]
    fn a_commit_that_is_not_known_is_not_named() {
        let statement = stated(&Revision::Unknown("why"));
        let resolved = &statement["predicate"]["buildDefinition"]["resolvedDependencies"];
        assert_eq!(resolved[0]["name"], "what the component is made from");
    }
}
