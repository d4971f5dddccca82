//! Which commit the sources are: asked of Git in a checkout, and of the sources themselves where they came as an archive.

use std::{fs, path::Path, process::Command};

use anyhow::Result;

/// `git archive` writes the commit into this file (`export-subst` in `.gitattributes`), and so do the hosts of repositories that
/// offer archives.
const ARCHIVED: &str = ".git_archival.txt";

/// The commit of the sources.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    Known {
        /// Its name in hexadecimal.
        commit: String,
        /// When it was committed, in RFC 3339's form.
        time: String,
    },
    /// Why it isn't known. A guess would be worse than none: what names a commit must be made of that commit's files.
    Unknown(&'static str),
}

impl Revision {
    /// # Errors
    ///
    /// Git that fails in a checkout.
    pub(crate) fn read(workspace: &Path) -> Result<Self> {
        if !is_checkout(workspace) {
            return Ok(fs::read_to_string(workspace.join(ARCHIVED)).map_or(Self::Unknown(NEITHER), |text| archived(&text)));
        }
        if !git(workspace, &["status", "--porcelain"])?.is_empty() {
            return Ok(Self::Unknown("there are changes that aren't committed"));
        }
        let [commit, time] = ["%H", "%cI"].map(|format| git(workspace, &["log", "-1", &format!("--format={format}")]));
        Ok(Self::Known { commit: commit?.trim().to_owned(), time: time?.trim().to_owned() })
    }
}

const NEITHER: &str = "the sources are neither a checkout nor an archive of one";

/// What an archive says of itself. In the repository the file holds the formats alone.
fn archived(text: &str) -> Revision {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default();
    let (commit, time) = (field("node"), field("node-date"));
    if commit.is_empty() || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) || time.is_empty() {
        return Revision::Unknown(NEITHER);
    }
    Revision::Known { commit: commit.to_owned(), time: time.to_owned() }
}

/// Whether these sources are a checkout of their own, and don't merely lie in another one.
fn is_checkout(workspace: &Path) -> bool {
    let Ok(top) = git(workspace, &["rev-parse", "--show-toplevel"]) else { return false };
    let same = |a: &Path, b: &Path| a.canonicalize().ok().is_some_and(|a| b.canonicalize().is_ok_and(|b| a == b));
    same(Path::new(top.trim_end()), workspace)
}

fn git(workspace: &Path, arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    let output = git.args(["--no-optional-locks", "-C"]).arg(workspace).args(arguments).output()?;
    anyhow::ensure!(output.status.success(), "`git {}` failed", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_says_which_commit_it_was_made_of() {
        let text = "node: 0123456789abcdef0123456789abcdef01234567\nnode-date: 2026-01-02T03:04:05+00:00\n";
        let known = Revision::Known {
            commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            time: "2026-01-02T03:04:05+00:00".to_owned(),
        };
        assert_eq!(archived(text), known);
    }

    #[test]
    fn a_copy_of_the_files_alone_names_no_commit() {
        let file = fs::read_to_string(component_artifact::workspace().join(ARCHIVED)).unwrap();
        // Tests run in archives, too.
        if file.contains("$Format") {
            assert_eq!(archived(&file), Revision::Unknown(NEITHER));
        }
        for text in ["", "node: \nnode-date: \n", "node: 0123\n"] {
            assert_eq!(archived(text), Revision::Unknown(NEITHER), "{text}");
        }
    }

    #[test]
    fn what_is_not_committed_names_no_commit_and_a_folder_in_a_checkout_is_none() {
        let folder = std::env::temp_dir().join(format!("xtask-revision-{}", std::process::id()));
        let inner = folder.join("unpacked");
        fs::create_dir_all(&inner).unwrap();
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let commit = [&identity[..], &["commit", "--quiet", "--allow-empty", "--message", "first"]].concat();
        for arguments in [&["init", "--quiet"][..], &commit] {
            git(&folder, arguments).unwrap();
        }
        let committed = Revision::read(&folder).unwrap();
        fs::write(inner.join("file"), "").unwrap();
        let (changed, unpacked) = (Revision::read(&folder).unwrap(), Revision::read(&inner).unwrap());
        fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(committed, Revision::Known { commit, .. } if commit.len() == 40));
        assert_eq!(changed, Revision::Unknown("there are changes that aren't committed"));
        assert_eq!(unpacked, Revision::Unknown(NEITHER));
    }
}
