//! Running other programs.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    process::{Command, ExitStatus, Stdio},
    time::Instant,
};

use anyhow::{Context, Result};

/// A program that was run and didn't succeed: what `cargo xtask` itself ends with, since exit codes mean something (the demo's
/// do).
#[derive(Debug)]
pub(crate) struct Unsuccessful {
    command: String,
    status: ExitStatus,
}

impl Unsuccessful {
    /// Its exit code; where a signal ended it, the one that a shell reports.
    pub(crate) fn exit_code(&self) -> u8 {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&self.status).map(|signal| signal + 128);
        #[cfg(not(unix))]
        let signal = None;
        self.status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
    }
}

impl fmt::Display for Unsuccessful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ended with {}", self.command, self.status)
    }
}

impl std::error::Error for Unsuccessful {}

/// The cargo that runs this program, in the workspace.
pub(crate) fn cargo() -> Command {
    cargo_at(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Another cargo, in the workspace.
pub(crate) fn cargo_at(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(component_artifact::workspace());
    // What cargo tells this program about its own package. Build scripts that look at it (ring's does) would run anew each time
    // that a command is called by hand after it was called from here.
    for (name, _) in env::vars_os() {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Says on one line what begins.
pub(crate) fn say(line: impl AsRef<str>) {
    eprintln!("xtask: {}", line.as_ref());
}

/// Runs to the end; what the command prints is seen.
///
/// # Errors
///
/// It can't be started, or is [`Unsuccessful`].
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("can't start {}", shown(command)))?;
    succeeded(command, status)
}

/// Lets another program take this one's place, where there is such a thing: Ctrl-C and the exit code are that program's own then.
/// Elsewhere, runs it to the end.
///
/// # Errors
///
/// It can't be started; elsewhere also where it is [`Unsuccessful`].
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(error).with_context(|| format!("can't start {}", shown(command)))
    }
    #[cfg(not(unix))]
    run(command)
}

/// Runs to the end and returns what it printed on standard output.
///
/// # Errors
///
/// It can't be started, is [`Unsuccessful`], or prints no UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("can't start {}", shown(command)))?;
    succeeded(command, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no UTF-8", shown(command)))
}

/// Whether it starts and succeeds; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(Unsuccessful { command: shown(command), status }.into())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_of_what_was_run_is_told_through_every_context() {
        for (script, code) in [("exit 1", 1), ("exit 2", 2), ("exit 101", 101), ("kill -TERM $$", 143)] {
            let mut command = Command::new("sh");
            let error = run(command.args(["-c", script])).context("a part failed").context("all of it failed").unwrap_err();
            assert_eq!(error.downcast_ref::<Unsuccessful>().map(Unsuccessful::exit_code), Some(code), "{script}");
        }
        assert!(run(Command::new("sh").args(["-c", "exit 0"])).is_ok());
    }

    #[test]
    fn a_program_that_is_not_there_has_no_exit_code() {
        let error = run(&mut Command::new("/nowhere/at-all")).unwrap_err();
        assert!(error.downcast_ref::<Unsuccessful>().is_none(), "{error:#}");
    }
}

/// One part of a longer command: its name before, its time after.
pub(crate) fn part(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    say(format!("{name} …"));
    let started = Instant::now();
    work().with_context(|| format!("{name} failed"))?;
    say(format!("{name}: fine ({:.1} s)", started.elapsed().as_secs_f64()));
    Ok(())
}
