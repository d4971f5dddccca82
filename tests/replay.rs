//! Replays the corpora of the fuzz targets: what was once worth fuzzing is tested by each plain test run, on any compiler.

use std::fs;
use std::path::{Path, PathBuf};

// The bodies of the targets, by their path: their own package is outside of the workspace, since its build needs a nightly
// compiler.
#[allow(unreachable_pub, dead_code, reason = "public for the package that the module belongs to")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

#[test]
fn every_input_of_the_corpora_holds() {
    for (target, run) in fuzz::TARGETS {
        let inputs = files(&fuzz_folder().join("corpus").join(target));
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            let held = std::panic::catch_unwind(|| run(&bytes));
            assert!(held.is_ok(), "{} doesn't hold", input.display());
        }
    }
}

#[test]
fn every_target_has_a_row_in_the_list() {
    let listed: Vec<String> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |folder: &str| -> Vec<String> {
        let paths = files(&fuzz_folder().join(folder));
        paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stems("fuzz_targets"), listed);
    assert_eq!(stems("corpus"), listed);
}

fn fuzz_folder() -> PathBuf {
    // Asked at run time, so that a copied checkout tests itself.
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("fuzz")
}

/// In order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
