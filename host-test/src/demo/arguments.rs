//! The arguments of the demo.

use std::path::PathBuf;

use crate::given::Given;
use crate::mishaps::Mishap;

/// What `--help` prints. `typed`: what stood before the command.
#[must_use]
pub fn usage(typed: &str) -> String {
    format!("usage: {typed} demo [options]\n{OPTIONS}")
}

const OPTIONS: &str = "
  Plays one whole login through the component, in its sandbox, against a Cognito
  on this machine, and prints what happened. With files, it is played with their
  settings.

  --config FILE          the settings of the step, as JSON
  --integration FILE     the connector, as JSON, without the client secret
  --local                use the local Cognito (the default): callback_url and
                         the connector's endpoints are replaced by local ones,
                         and everything else is used as written
  --acr VALUE            what the local Cognito states as `acr`; without it,
                         what the settings ask for
  --fail NAME            what the login meets: a refusal, a firewall, a mistake
                         in the settings …; without a name, the list of them
  --serve                don't play the login: serve it, for a browser of yours,
                         until Ctrl-C
  --store URL            with --serve: keep everything in redis://… or
                         postgres://…, encrypted by the keys in JOURNEY_KEYS.
                         Demos over one store are a fleet: what one begins,
                         another completes
  --port N               with --serve: listen on this port
  --real                 serve it with the files exactly as they are: the user
                         pool that they name, and callback_url, which must be
                         http://localhost:PORT/PATH
  --allow-origin ORIGIN  with --real: allow an origin that the connector doesn't
                         name, such as a custom domain that is to be discovered;
                         may be repeated
  --help                 this text

  The client secret is read from the environment variable COGNITO_CLIENT_SECRET
  and from nowhere else. Without it, the local Cognito uses one of its own.

  Exit code: 0 the user is logged in, or what was served has ended; 1 the login
  failed; 2 the arguments or the files are wrong; 3 the demo can't run.
";

/// How the demo was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The file with the settings.
    pub config: Option<PathBuf>,
    /// The file with the connector.
    pub integration: Option<PathBuf>,
    /// What the local Cognito states as `acr`.
    pub acr: Option<String>,
    /// What the login meets.
    pub fail: Option<&'static Mishap>,
    /// Whether only the list of what a login can meet is asked for.
    pub lists_failures: bool,
    /// Whether a person's browser plays the login.
    pub serve: bool,
    /// The store of a fleet.
    pub store: Option<String>,
    /// Where to listen.
    pub port: Option<u16>,
    /// Whether the user pool is the one that the files name.
    pub real: bool,
    /// Origins that may be asked though the connector doesn't name them.
    pub further_origins: Vec<String>,
    /// Whether only the usage is asked for.
    pub help: bool,
}

impl Arguments {
    /// Reads the arguments after `demo`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut local = false;
        let mut given = Given::new(arguments);
        while let Some(mut argument) = given.next() {
            match argument.name {
                "--config" => parsed.config = Some(given.value(&mut argument)?.into()),
                "--integration" => parsed.integration = Some(given.value(&mut argument)?.into()),
                "--acr" => parsed.acr = Some(given.value(&mut argument)?.to_owned()),
                "--fail" if given.is_alone(&argument) => parsed.lists_failures = true,
                "--fail" => {
                    let name = given.value(&mut argument)?;
                    let unknown = || format!("no login fails like `{name}`: --fail alone lists those that do");
                    parsed.fail = Some(Mishap::named(name).ok_or_else(unknown)?);
                }
                "--store" => parsed.store = Some(given.value(&mut argument)?.to_owned()),
                "--port" => {
                    parsed.port =
                        Some(given.value(&mut argument)?.parse().map_err(|_| "--port needs a number up to 65535".to_owned())?)
                }
                "--allow-origin" => parsed.further_origins.push(given.value(&mut argument)?.to_owned()),
                "--local" => local = true,
                "--serve" => parsed.serve = true,
                "--real" => parsed.real = true,
                "--help" | "-h" => parsed.help = true,
                name => return Err(format!("there is no argument `{name}`")),
            }
            argument.end()?;
        }
        if local && parsed.real {
            return Err("--local and --real exclude each other".to_owned());
        }
        if parsed.real && (parsed.config.is_none() || parsed.integration.is_none()) {
            return Err("--real needs --config FILE and --integration FILE".to_owned());
        }
        if parsed.real && parsed.fail.is_some() {
            return Err("--fail is for the local Cognito; a real one fails by itself".to_owned());
        }
        if parsed.real && parsed.acr.is_some() {
            return Err("--acr is for the local Cognito; a real one states what it will".to_owned());
        }
        if !parsed.further_origins.is_empty() && !parsed.real {
            return Err("--allow-origin is for --real; the local Cognito's own are allowed".to_owned());
        }
        for (name, is_given) in [("--store", parsed.store.is_some()), ("--port", parsed.port.is_some())] {
            if is_given && (!parsed.serve || parsed.real) {
                return Err(format!("{name} is for --serve, with the local Cognito"));
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&arguments)
    }

    #[test]
    fn a_value_stands_behind_an_equals_sign_or_a_space() {
        let expected = Arguments { config: Some("a.json".into()), serve: true, ..Arguments::default() };
        assert_eq!(parse("--config a.json --serve"), Ok(expected.clone()));
        assert_eq!(parse("--serve --config=a.json"), Ok(expected));
    }

    #[test]
    fn without_a_name_the_failures_are_listed() {
        let listed = Arguments { lists_failures: true, ..Arguments::default() };
        assert_eq!(parse("--fail"), Ok(listed.clone()));
        assert_eq!(parse("--fail --serve"), Ok(Arguments { serve: true, ..listed }));
        assert_eq!(parse("--fail firewall").map(|arguments| arguments.fail.map(|fail| fail.name)), Ok(Some("firewall")));
        assert_eq!(parse("--fail=firewall").map(|arguments| arguments.fail.map(|fail| fail.name)), Ok(Some("firewall")));
    }

    #[test]
    fn the_usage_names_the_command_that_was_typed_and_fits_a_terminal() {
        let usage = usage("cargo xtask");
        assert!(usage.starts_with("usage: cargo xtask demo "), "{usage}");
        assert!(usage.lines().all(|line| line.chars().count() <= 80), "{usage}");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        for (line, word) in [
            ("--config", "needs a value"),
            ("--serve=yes", "takes no value"),
            ("--secret x", "no argument"),
            ("x", "no argument"),
            ("--real", "needs --config"),
            ("--real --local --config a --integration b", "exclude"),
            ("--fail no-such-failure", "--fail alone"),
            ("--real --fail firewall --config a --integration b", "--fail"),
            ("--store redis://127.0.0.1", "--serve"),
            ("--port 8001", "--serve"),
            ("--serve --port x", "a number"),
            ("--serve --store redis://a --real --config a --integration b", "local"),
            ("--real --acr 1 --config a --integration b", "--acr"),
            ("--allow-origin https://login.example.com", "--real"),
            ("--allow-origin", "needs a value"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
