//! The program itself, as a shell sees it: what it prints, and what it ends with.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

/// One test at a time: a process that one test starts while another writes a program holds that file open, and until it is gone
/// the program can't be run ("text file busy").
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn xtask(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().unwrap()
}

/// Cargo puts it a folder above its tests. Not by `env!`, or a copied checkout would test the original's.
fn program() -> PathBuf {
    let folder = env::current_exe().unwrap();
    folder.ancestors().nth(2).unwrap().join("xtask")
}

#[test]
fn help_ends_well_and_a_mistake_with_2() {
    let _alone = alone();
    for arguments in [&["--help"][..], &["help"], &[], &["test", "--help"], &["demo", "-h"]] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().starts_with("  cargo xtask "), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&["tset"][..], &["test", "--fast"], &["build", "x"]] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn whoever_has_read_enough_is_no_error() {
    let _alone = alone();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(program()).arg("help").stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

/// A stand-in for cargo that ends as the demo, or a test run, may end: its code is this program's.
#[cfg(unix)]
#[test]
fn the_exit_code_of_what_it_runs_is_passed_on() {
    use std::os::unix::fs::PermissionsExt as _;

    let _alone = alone();
    let folder = env::temp_dir().join(format!("xtask-command-line-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let cargo = folder.join("cargo");
    for code in [1, 2, 101] {
        fs::write(&cargo, format!("#!/bin/sh\nexit {code}\n")).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        let status = Command::new(program()).arg("schema").env("CARGO", &cargo).output().unwrap().status;
        assert_eq!(status.code(), Some(code));
        // The demo's own codes say what became of a login.
        let status = Command::new(program()).arg("demo").env("CARGO", &cargo).output().unwrap().status;
        assert_eq!(status.code(), Some(3));
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// A checkout that was copied with its `target`: the program in it works on the copy, run by cargo or by hand.
#[cfg(unix)]
#[test]
fn a_copied_program_works_on_the_checkout_that_it_lies_in() {
    use std::os::unix::fs::PermissionsExt as _;

    let _alone = alone();
    let copy = env::temp_dir().join(format!("xtask-copied-{}", std::process::id()));
    for folder in ["xtask/artifact", "target/debug"] {
        fs::create_dir_all(copy.join(folder)).unwrap();
    }
    fs::write(copy.join("xtask/artifact/Cargo.toml"), "").unwrap();
    let program = copy.join("target/debug/xtask");
    fs::copy(self::program(), &program).unwrap();
    let cargo = copy.join("cargo");
    fs::write(&cargo, "#!/bin/sh\npwd\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();

    let works_in = |manifest_folder: Option<&Path>, elsewhere: &Path| {
        let mut command = Command::new(&program);
        command.arg("schema").env("CARGO", &cargo).current_dir(elsewhere).env_remove("CARGO_MANIFEST_DIR");
        if let Some(folder) = manifest_folder {
            command.env("CARGO_MANIFEST_DIR", folder);
        }
        let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
        fs::canonicalize(printed.trim_end()).unwrap()
    };
    let here = env::current_dir().unwrap();
    let found = [works_in(Some(&copy.join("xtask")), &here), works_in(None, &here), works_in(None, &env::temp_dir())];
    let expected = fs::canonicalize(&copy).unwrap();
    fs::remove_dir_all(&copy).unwrap();
    assert_eq!(found, [expected.clone(), expected.clone(), expected]);
}
