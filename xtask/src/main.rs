//! The project's own commands, `cargo xtask …`. [`COMMANDS`] is the list of them.

mod bars;
mod bench;
mod browser;
mod checks;
mod component;
mod docs;
#[cfg(test)]
mod evolution;
mod interop;
#[cfg(test)]
mod leads;
mod load;
mod measuring;
mod mutants;
mod package;
mod panics;
mod patches;
mod process;
mod seal;
mod servers;
mod toolchain;
mod tools;
mod wasi_http;
#[cfg(test)]
mod width;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use checks::NotBuilt;
use process::Unsuccessful;

/// What this program ends with where it was called wrongly, or by a name that it doesn't know.
const WRONG_USAGE: u8 = 2;

/// One command: a row of the usage text.
struct Command {
    name: &'static str,
    /// What it takes; empty where it takes nothing, and then any argument is a mistake.
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: [Command; 20] = [
    Command {
        name: "build",
        arguments: "",
        about: "build and seal the component, if it isn't up to date",
        run: component::build,
    },
    Command {
        name: "demo",
        arguments: "[arguments]",
        about: "log in through the component, as its own arguments say: `cargo xtask demo -- --help`",
        run: checks::demo,
    },
    Command {
        name: "check",
        arguments: "[arguments]",
        about: "test a connection without a user, as its own arguments say: `cargo xtask check -- --help`",
        run: checks::check,
    },
    Command { name: "test", arguments: "", about: "format, lints, documentation and all tests", run: checks::test },
    Command {
        name: "conformance",
        arguments: "",
        about: "the table of what a relying party must refuse and accept",
        run: checks::conformance,
    },
    Command {
        name: "interop",
        arguments: "",
        about: "what others wrote: a certified OpenID Provider, other hosts, a browser",
        run: interop::interop,
    },
    Command {
        name: "wasi-http",
        arguments: "",
        about: "the step as a `wasi:http` component, composed with an adapter and a front, and a login through it by `jco serve`",
        run: wasi_http::wasi_http,
    },
    Command {
        name: "screenshots",
        arguments: "[folder]",
        about: "the pictures in `docs/images`, taken anew; with a folder, every page of the demo, light and dark, small and large",
        run: browser::screenshots,
    },
    Command {
        name: "fleet",
        arguments: "[logins]",
        about: "hosts that are processes, over Redis and over PostgreSQL: what is done to them, and what comes of it",
        run: checks::fleet,
    },
    Command {
        name: "docs",
        arguments: "",
        about: "a site of README and docs, in target/docs/site; its links are checked",
        run: docs::docs,
    },
    Command {
        name: "package",
        arguments: "[--check]",
        about: "the component for those without Rust: with its identity, contract, licences and sums; `--check` that it is reproducible",
        run: package::package,
    },
    Command {
        name: "signature",
        arguments: "",
        about: "a million powers of the signature's arithmetic, in the sandbox and natively, against `dashu-int` and `ring`",
        run: checks::signature,
    },
    Command { name: "schema", arguments: "", about: "write the JSON Schemas of `schema` anew", run: checks::schema },
    Command { name: "deny", arguments: "", about: "licences, origins and advisories of the dependencies", run: checks::deny },
    Command { name: "coverage", arguments: "", about: "line coverage of the component's native tests", run: checks::coverage },
    Command {
        name: "mutants",
        arguments: "[arguments]",
        about: "what the tests don't notice: `patches [names]` of the folder `mutants`, `component` and `host` by cargo-mutants; or all",
        run: checks::mutants,
    },
    Command {
        name: "fuzz",
        arguments: "[seconds]",
        about: "each fuzz target in turn, 60 s if nothing else is said",
        run: checks::fuzz,
    },
    Command {
        name: "bench",
        arguments: "[arguments]",
        about: "times, ratios and sizes, beside what others wrote: `--quick` in few rounds, `--write-docs` into README and docs",
        run: bench::bench,
    },
    Command {
        name: "load",
        arguments: "[arguments]",
        about: "what a login takes with many under way, in memory and over Redis: `--quick` with few, `--write-docs` into docs",
        run: load::load,
    },
    Command { name: "help", arguments: "", about: "this list", run: help },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, arguments) = match Call::read(&arguments) {
        Call::Run(command, arguments) => (command, arguments),
        Call::Usage(usage) => {
            print(&usage);
            return ExitCode::SUCCESS;
        }
        Call::Wrong(why) => {
            eprintln!("xtask: {why}\n\n{}", usage());
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match (command.run)(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {} failed: {error:#}", command.name);
            ExitCode::from(exit_code(&error))
        }
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<NotBuilt>() {
        Some(_) => NotBuilt::EXIT_CODE,
        None => error.downcast_ref::<Unsuccessful>().map_or(1, Unsuccessful::exit_code),
    }
}

/// How this program was called.
enum Call<'a> {
    /// To run a command with these arguments.
    Run(&'static Command, &'a [String]),
    /// To be told how.
    Usage(String),
    /// In no way that it knows; why not.
    Wrong(String),
}

impl<'a> Call<'a> {
    fn read(arguments: &'a [String]) -> Self {
        let Some((name, arguments)) = arguments.split_first() else { return Self::Usage(usage()) };
        if is_help(name) {
            return Self::Usage(usage());
        }
        let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
            return Self::Wrong(format!("there is no command `{name}`"));
        };
        // What stands behind `--` is for the program that the command runs.
        if arguments.iter().take_while(|argument| *argument != "--").any(|argument| is_help(argument)) {
            return Self::Usage(row(command));
        }
        match arguments.first() {
            Some(argument) if command.arguments.is_empty() => Self::Wrong(format!("{name} takes no argument like `{argument}`")),
            _ => Self::Run(command, arguments),
        }
    }
}

fn is_help(argument: &str) -> bool {
    ["--help", "-h"].contains(&argument)
}

fn help(_arguments: &[String]) -> Result<()> {
    print(&usage());
    Ok(())
}

/// Whoever has read enough (`| head`) is no error.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn usage() -> String {
    COMMANDS.iter().map(row).collect()
}

fn row(command: &Command) -> String {
    let call = format!("{} {}", command.name, command.arguments);
    format!("  cargo xtask {call:<20} {}\n", command.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match Call::read(&arguments) {
            Call::Run(command, arguments) => format!("run {} {}", command.name, arguments.join(" ")),
            Call::Usage(usage) => format!("usage of {}", usage.lines().count()),
            Call::Wrong(why) => why,
        }
    }

    #[test]
    fn a_harness_that_is_not_built_ends_otherwise_than_one_that_failed() {
        let failed = process::run(std::process::Command::new("false").arg("x")).unwrap_err();
        assert_eq!(exit_code(&failed), 1);
        assert_eq!(exit_code(&failed.context(NotBuilt)), 3);
    }

    #[test]
    fn each_command_has_one_line_of_usage() {
        assert_eq!(usage().lines().count(), COMMANDS.len());
    }

    #[test]
    fn help_is_known_to_every_command_and_never_an_action() {
        let all = format!("usage of {}", COMMANDS.len());
        for line in ["", "--help", "-h", "--help test"] {
            assert_eq!(read(line), all, "{line}");
        }
        for Command { name, .. } in &COMMANDS {
            for arguments in ["--help", "-h", "x --help", "--help x", "--help --"] {
                assert_eq!(read(&format!("{name} {arguments}")), "usage of 1", "{name} {arguments}");
            }
        }
        for name in ["demo", "check"] {
            assert_eq!(read(&format!("{name} -- --help")), format!("run {name} -- --help"), "its own");
        }
    }

    #[test]
    fn what_no_command_knows_runs_none() {
        assert_eq!(read("tset"), "there is no command `tset`");
        assert_eq!(read("--halp"), "there is no command `--halp`");
        for Command { name, arguments, .. } in &COMMANDS {
            let expected = match arguments.is_empty() {
                true => format!("{name} takes no argument like `--verbose`"),
                false => format!("run {name} --verbose"),
            };
            assert_eq!(read(&format!("{name} --verbose")), expected);
        }
    }
}
