//! The servers that the tests of the stores start by themselves: found, or installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, run, say, succeeds};
use crate::tools;

/// Debian's packages, and the program by which each is known.
const PACKAGES: [(&str, &str); 2] = [("redis-server", "redis-server"), ("postgresql", "initdb")];

/// Says whether a package that is being installed may start its service (Debian's `invoke-rc.d`). 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Makes sure of both. What stops, pauses or fills a server needs one of its own, whatever `REDIS_URL` and `DATABASE_URL` name.
///
/// # Errors
///
/// One is missing, and this isn't root's process on a system with `apt-get`. The message names the packages.
pub(crate) fn make_sure() -> Result<()> {
    make_sure_of(&PACKAGES.map(|(package, _)| package), "the tests of the stores")
}

/// Makes sure of these packages. `who` needs them: plural, for a message.
///
/// # Errors
///
/// As [`make_sure`].
pub(crate) fn make_sure_of(packages: &[&str], who: &str) -> Result<()> {
    let asked = PACKAGES.iter().filter(|(package, _)| packages.contains(package));
    let missing: Vec<&str> = asked.filter(|(_, program)| find(program).is_none()).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !tools::is_root() || !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("{who} need servers that are missing: install {list}");
    }
    say(format!("{who} need {list}; services are not started"));
    let own_policy = !Path::new(POLICY).exists();
    if own_policy {
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").context(POLICY)?;
        run(Command::new("chmod").args(["755", POLICY]))?;
    }
    let installed = tools::debian_packages(&missing);
    if own_policy {
        fs::remove_file(POLICY).context(POLICY)?;
    }
    installed
}

/// What the tests of the stores ran on, in one line.
///
/// # Errors
///
/// A server is missing.
pub(crate) fn what_ran() -> Result<String> {
    let named = |variable: &str| if env::var_os(variable).is_some() { format!(" and {variable}") } else { String::new() };
    let mut parts = Vec::new();
    for ((_, program), variable) in PACKAGES.iter().zip(["REDIS_URL", "DATABASE_URL"]) {
        let path = find(program).with_context(|| format!("{program} is missing"))?;
        let path = if *program == "initdb" { path.with_file_name("postgres") } else { path };
        parts.push(format!("{}{}", version(&output(Command::new(path).arg("--version"))?), named(variable)));
    }
    Ok(format!("the stores ran on {}", parts.join(", on ")))
}

/// `Redis server v=7.0.15 sha=…` and `postgres (PostgreSQL) 15.18 (Debian …)`, without what nobody looks for.
fn version(text: &str) -> String {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    match text.split_whitespace().find_map(|word| word.strip_prefix("v=")) {
        Some(version) => format!("{first} {version}"),
        None => format!("PostgreSQL {}", words.nth(1).unwrap_or("of an unknown version")),
    }
}

/// In the search path, or where Debian puts PostgreSQL's programs of each version.
fn find(program: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    versions.chain(env::split_paths(&path)).map(|folder| folder.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_servers_print_them() {
        for (text, expected) in [
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=x", "Redis 7.0.15"),
            ("Valkey server v=8.1.1 sha=00000000:0", "Valkey 8.1.1"),
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "PostgreSQL 15.18"),
        ] {
            assert_eq!(version(text), expected);
        }
    }
}
