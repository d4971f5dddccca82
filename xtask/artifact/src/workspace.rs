//! Where the checkout is that this program belongs to: asked at run time, since a checkout can be copied with its `target`, and a
//! program that was compiled in the original must then work on the copy.

use std::{
    env,
    path::{Path, PathBuf},
};

/// What a checkout is known by: this package's own manifest.
const LANDMARK: &str = "xtask/artifact/Cargo.toml";

/// The first of these that lies in a checkout, from inside to outside: the package that cargo runs, this program's file, the
/// current folder. Without any, the current folder, where whatever is looked for is then found missing by name.
pub(crate) fn find() -> PathBuf {
    let candidates = [env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from), env::current_exe().ok(), env::current_dir().ok()];
    candidates.iter().flatten().find_map(|path| containing(path)).unwrap_or_default()
}

/// The innermost checkout around a path.
fn containing(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|folder| folder.join(LANDMARK).is_file()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_copy_below_another_checkout_is_a_checkout_of_its_own() {
        let outer = env::temp_dir().join(format!("component-artifact-workspace-{}", std::process::id()));
        let inner = outer.join("target/copy");
        for checkout in [&outer, &inner] {
            fs::create_dir_all(checkout.join("xtask/artifact")).unwrap();
            fs::write(checkout.join(LANDMARK), "").unwrap();
        }
        let found = [
            containing(&inner.join("target/debug/host-test")),
            containing(&inner.join("xtask")),
            containing(&inner),
            containing(&outer.join("target/debug/xtask")),
            containing(&outer.join("xtask/artifact")),
        ];
        let nowhere = containing(&env::temp_dir().join("component-artifact"));
        fs::remove_dir_all(&outer).unwrap();
        assert_eq!(found, [Some(inner.clone()), Some(inner.clone()), Some(inner), Some(outer.clone()), Some(outer)]);
        assert_eq!(nowhere, None);
    }

    #[test]
    fn a_test_that_cargo_runs_is_in_the_checkout_that_cargo_runs_it_for() {
        let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
        assert_eq!(find().join("xtask/artifact"), package);
    }
}
