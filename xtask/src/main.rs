//! The project's own commands, `cargo xtask …`. [`COMMANDS`] is the list of them.

mod checks;
mod component;
mod interop;
mod process;
mod seal;
mod toolchain;
mod tools;
mod world;

use std::process::ExitCode;

use anyhow::Result;

/// One command: a row of the usage text.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: [Command; 11] = [
    Command {
        name: "build",
        arguments: "",
        about: "build and seal the component, if it isn't up to date",
        run: component::build,
    },
    Command {
        name: "demo",
        arguments: "[arguments]",
        about: "log in through the component, against the local Cognito or the files named",
        run: checks::demo,
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
    Command { name: "schema", arguments: "", about: "write the JSON Schemas of `schema` anew", run: checks::schema },
    Command { name: "deny", arguments: "", about: "licences, origins and advisories of the dependencies", run: checks::deny },
    Command { name: "coverage", arguments: "", about: "line coverage of the component's native tests", run: checks::coverage },
    Command {
        name: "mutants",
        arguments: "[arguments]",
        about: "what the component's native tests don't notice; arguments are cargo-mutants'",
        run: checks::mutants,
    },
    Command {
        name: "fuzz",
        arguments: "[seconds]",
        about: "each fuzz target in turn, 60 s if nothing else is said",
        run: checks::fuzz,
    },
    Command { name: "help", arguments: "", about: "this list", run: help },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "help".to_owned());
    let arguments: Vec<String> = arguments.collect();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("xtask: there is no command `{name}`\n\n{}", usage());
        return ExitCode::FAILURE;
    };
    match (command.run)(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {name} failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn help(_arguments: &[String]) -> Result<()> {
    print!("{}", usage());
    Ok(())
}

fn usage() -> String {
    let rows = COMMANDS.iter().map(|command| {
        let call = format!("{} {}", command.name, command.arguments);
        format!("  cargo xtask {call:<20} {}\n", command.about)
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_one_line_of_usage() {
        assert_eq!(usage().lines().count(), COMMANDS.len());
    }
}
