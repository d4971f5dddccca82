//! The folder that compiled code is kept in. Whoever can write there can have this process run anything, so it belongs to the
//! process alone.

use std::fs::{DirBuilder, symlink_metadata};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use wasmtime::{Cache, CacheConfig, Result, bail, error::Context as _};

/// A cache in this folder, which is made where there is none.
///
/// # Errors
///
/// Where the folder is a symbolic link, belongs to another user, or lets anybody else in: whatever lies there is not looked at.
pub(super) fn cache(folder: &Path) -> Result<Cache> {
    if !folder.exists() {
        let made = DirBuilder::new().mode(0o700).create(folder);
        made.with_context(|| format!("the folder {} can't be made", folder.display()))?;
    }
    judge(folder).with_context(|| format!("compiled code is not kept in {}", folder.display()))?;
    let mut config = CacheConfig::new();
    config.with_directory(std::path::absolute(folder)?);
    Cache::new(config)
}

fn judge(folder: &Path) -> Result<()> {
    let metadata = symlink_metadata(folder)?;
    if !metadata.is_dir() {
        bail!("it isn't a folder, or is a symbolic link");
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        bail!("it belongs to another user");
    }
    match metadata.mode() & 0o777 {
        0o700 => Ok(()),
        mode => bail!("its mode is {mode:03o}, expected 700: loading code that somebody else could write is running it"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir_all, remove_dir_all, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::PathBuf;

    use super::*;

    /// A folder of its own for each test, gone with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("journey-host-{name}-{}", std::process::id()));
            let _ = remove_dir_all(&folder);
            create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = remove_dir_all(&self.0);
        }
    }

    fn refused(folder: &Path) -> String {
        format!("{:#}", cache(folder).expect_err("refused"))
    }

    #[test]
    fn a_folder_that_is_made_belongs_to_the_process_alone() {
        let scratch = Scratch::new("made");
        let folder = scratch.0.join("code");
        cache(&folder).unwrap();
        assert_eq!(symlink_metadata(&folder).unwrap().mode() & 0o777, 0o700);
        cache(&folder).unwrap();
        assert!(refused(&scratch.0.join("no/such")).contains("can't be made"));
    }

    #[test]
    fn a_folder_that_lets_others_in_is_refused() {
        let scratch = Scratch::new("mode");
        for mode in [0o755, 0o770, 0o707, 0o710, 0o701, 0o777] {
            set_permissions(&scratch.0, Permissions::from_mode(mode)).unwrap();
            assert!(refused(&scratch.0).contains(&format!("{mode:03o}")), "{mode:o}");
        }
        set_permissions(&scratch.0, Permissions::from_mode(0o700)).unwrap();
        cache(&scratch.0).unwrap();
    }

    #[test]
    fn a_symbolic_link_and_a_file_are_refused() {
        let scratch = Scratch::new("link");
        let (folder, link, file) = (scratch.0.join("code"), scratch.0.join("link"), scratch.0.join("file"));
        cache(&folder).unwrap();
        symlink(&folder, &link).unwrap();
        std::fs::write(&file, "").unwrap();
        assert!(refused(&link).contains("symbolic link"));
        assert!(refused(&file).contains("isn't a folder"));
    }

    #[test]
    fn another_users_folder_is_refused() {
        let scratch = Scratch::new("owner");
        set_permissions(&scratch.0, Permissions::from_mode(0o700)).unwrap();
        // Only root can give a folder away; anybody else sees that root's own isn't theirs.
        match chown(&scratch.0, Some(65534), None) {
            Ok(()) => assert!(refused(&scratch.0).contains("another user")),
            Err(_) => assert!(refused(Path::new("/")).contains("another user")),
        }
    }
}
