//! Digests of what was released, in `release.sha256`: of the sealed component, before it gets its identity. That names the commit
//! it is made of, and no commit can hold a digest that depends on the commit's own name.

use std::fs;

use anyhow::{Result, ensure};

use super::files::sha256;
use crate::{process::say, toolchain::Toolchain};

const FILE: &str = "release.sha256";

/// The line of a release: digest, version, compiler. Another compiler makes another component.
pub(crate) fn line(version: &str, toolchain: &Toolchain, sealed: &[u8]) -> String {
    format!("{}  {version}  {}", sha256(sealed), compiler(toolchain))
}

/// Holds the component that was built against the release of its version, if that is released.
///
/// # Errors
///
/// The component isn't what was released under this version.
pub(crate) fn hold() -> Result<()> {
    let sealed = fs::read(component_artifact::fresh()?)?;
    let releases = fs::read_to_string(component_artifact::workspace().join(FILE))?;
    let version = env!("CARGO_PKG_VERSION");
    let compiler = compiler(&Toolchain::find()?);
    let found = compared(&releases, version, &compiler, &sha256(&sealed));
    ensure!(
        found != Compared::Another,
        "{version} is released, and this is another component: raise `version` in Cargo.toml (RELEASING.md)"
    );
    say(match found {
        Compared::Same => format!("the component is the released {version}, byte for byte"),
        Compared::OtherCompiler => format!("{version} was released by another compiler than {compiler}: not compared"),
        _ => format!("{version} isn't released"),
    });
    Ok(())
}

fn compiler(toolchain: &Toolchain) -> String {
    let (release, commit) = toolchain.compiler();
    format!("rustc {release} ({commit})")
}

#[derive(Debug, PartialEq, Eq)]
enum Compared {
    Unreleased,
    OtherCompiler,
    Same,
    Another,
}

fn compared(releases: &str, version: &str, compiler: &str, digest: &str) -> Compared {
    let lines = releases.lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split("  ").collect::<Vec<_>>());
    let mut found = Compared::Unreleased;
    for fields in fields.filter(|fields| fields.get(1) == Some(&version)) {
        match fields[..] {
            [released, _, by] if by == compiler => {
                return if released == digest { Compared::Same } else { Compared::Another };
            }
            [_, _, _] => found = Compared::OtherCompiler,
            // A line that can't be read must not pass for one that says nothing.
            _ => return Compared::Another,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASES: &str = "# digest  version  compiler\n\
                            aa  0.1.0  rustc 1.94.0 (11)\n\
                            bb  0.1.0  rustc 1.95.0 (22)\n\
                            cc  0.2.0\n";

    #[test]
    fn a_released_version_is_compared_where_the_compiler_is_the_same() {
        for (version, compiler, digest, expected) in [
            ("0.1.0", "rustc 1.95.0 (22)", "bb", Compared::Same),
            ("0.1.0", "rustc 1.95.0 (22)", "aa", Compared::Another),
            ("0.1.0", "rustc 1.96.0 (33)", "dd", Compared::OtherCompiler),
            ("0.2.0", "rustc 1.95.0 (22)", "cc", Compared::Another),
            ("0.3.0", "rustc 1.95.0 (22)", "dd", Compared::Unreleased),
        ] {
            assert_eq!(compared(RELEASES, version, compiler, digest), expected, "{version}, {compiler}, {digest}");
        }
    }

    #[test]
    fn every_line_of_the_file_can_be_read() {
        let releases = fs::read_to_string(component_artifact::workspace().join(FILE)).unwrap();
        for line in releases.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<_> = line.split("  ").collect();
            assert!(fields.len() == 3 && fields[0].len() == 64 && fields[2].starts_with("rustc "), "{line}");
        }
    }
}
