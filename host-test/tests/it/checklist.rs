//! What the standards ask of a relying party, requirement by requirement, and the tests that hold it to them.
//!
//! A test that covers requirements begins with their ids, as in `c04_c06_an_issuer_is_compared`. A requirement without such a
//! test, or without a reason why it doesn't apply, fails the build, and so does a test by the id of no requirement.
//! `cargo test -p host-test --test it checklist -- --nocapture` lists them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

mod requirements;

use requirements::{NOT_APPLICABLE, REQUIREMENTS};

/// Where tests are.
const SOURCES: [&str; 7] = ["src", "tests", "fuzz/src", "host/src", "host-test/src", "host-test/tests", "xtask"];

#[test]
fn every_requirement_has_a_test_or_a_reason() {
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in SOURCES {
        collect(&component_artifact::workspace().join(folder), &mut tests);
    }
    let reason = |id: &str| NOT_APPLICABLE.iter().find(|(other, _)| *other == id).map(|(_, reason)| *reason);

    for (id, meaning) in REQUIREMENTS {
        println!("{id}  {meaning}");
        for test in tests.get(*id).into_iter().flatten() {
            println!("       {test}");
        }
        if let Some(reason) = reason(id) {
            println!("       doesn't apply: {reason}");
        }
    }
    let untested: Vec<_> =
        REQUIREMENTS.iter().map(|(id, _)| *id).filter(|id| !tests.contains_key(*id) && reason(id).is_none()).collect();
    let both: Vec<_> = NOT_APPLICABLE.iter().map(|(id, _)| *id).filter(|id| tests.contains_key(*id)).collect();
    let unknown: Vec<_> = tests.keys().filter(|id| !REQUIREMENTS.iter().any(|(known, _)| known == id)).collect();
    println!(
        "{} requirements: {} with tests ({} tests), {} that don't apply",
        REQUIREMENTS.len(),
        tests.len() - unknown.len(),
        tests.values().flatten().collect::<std::collections::BTreeSet<_>>().len(),
        NOT_APPLICABLE.len()
    );
    assert!(untested.is_empty(), "these requirements have no test: {untested:?}");
    assert!(both.is_empty(), "these requirements have a test and a reason why there is none: {both:?}");
    assert!(unknown.is_empty(), "these ids aren't requirements: {unknown:?}");
}

/// The tests of a folder, by requirement.
fn collect(folder: &Path, tests: &mut BTreeMap<String, Vec<String>>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for name in test_names(&fs::read_to_string(&path).expect("a source file")) {
                for id in ids(&name) {
                    tests.entry(id).or_default().push(name.clone());
                }
            }
        }
    }
}

/// The functions with a test's attribute right above them.
fn test_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else if !line.starts_with("//") {
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            names.extend(function.filter(|_| is_test).and_then(|rest| rest.split('(').next()).map(str::to_owned));
            is_test = false;
        }
    }
    names
}

/// The ids that a test's name begins with, known or not: a letter and two digits name a requirement, whatever letter it is.
fn ids(name: &str) -> Vec<String> {
    let is_id = |word: &&str| matches!(word.as_bytes(), [letter, tens, ones] if letter.is_ascii_alphabetic() && tens.is_ascii_digit() && ones.is_ascii_digit());
    name.split('_').take_while(is_id).map(str::to_uppercase).collect()
}

#[test]
fn ids_are_read_from_names_of_tests_alone() {
    let source = "#[test]\nfn b01_c02_a_test_of_x03() {}\nfn b04_no_test() {}\n#[tokio::test(flavor = \"x\")]\n// why\nasync fn t05_waits() {}";
    assert_eq!(test_names(source), ["b01_c02_a_test_of_x03", "t05_waits"]);
    assert_eq!(ids("b01_c02_a_test_of_x03"), ["B01", "C02"]);
    assert_eq!(ids("s01_v05_named_by_letters_of_no_requirement"), ["S01", "V05"]);
    assert!(ids("a_test").is_empty() && ids("").is_empty() && ids("b1_x").is_empty());
}
