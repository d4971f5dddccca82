//! The program itself, as a shell sees it: what it prints, and what it ends with.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-test"));
    command.args(arguments).stdin(Stdio::null()).env_remove("COGNITO_CLIENT_SECRET").env("TERM", "xterm-256color");
    command
}

fn ended(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

#[test]
fn each_exit_code_means_what_the_usage_says() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, code) in [
        (&["demo"][..], 0),
        (&["demo", "--help"], 0),
        (&["demo", "--fail"], 0),
        (&["demo", "--fail", "firewall"], 1),
        (&["demo", "--fail", "no-such-failure"], 2),
        (&["demo", "--config", "no/such/file"], 2),
        (&["demo", "--serve", "--port", &port], 3),
        (&["check", "--help"], 0),
        (&["check", "--connector", "no/such/file"], 2),
        (&["no-such-command"], 2),
    ] {
        let output = ended(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_usage_names_what_was_typed() {
    for command in ["demo", "check"] {
        let usage = |typed: &str| {
            let output = program(&[command, "--help"]).env("HOST_TEST_TYPED", typed).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(usage("cargo xtask").starts_with(&format!("usage: cargo xtask {command} ")));
        assert!(usage("").starts_with(&format!("usage: host-test {command} ")));
        assert!(usage("").lines().all(|line| line.chars().count() <= 80));
    }
}

#[test]
fn whoever_has_read_enough_is_no_error() {
    for (arguments, code) in [(&["demo"][..], 0), (&["demo", "--fail", "firewall"], 1), (&["demo", "--fail"], 0), (&["help"], 0)]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_pipe_gets_no_colours() {
    let printed = ended(&["demo"]).stdout;
    assert!(printed.starts_with(b"Logged in: ") && !printed.contains(&0x1b));
}
