//! The arguments of `check`.

use std::path::PathBuf;

use crate::given::Given;

/// What `--help` prints. `typed`: what stood before the command.
#[must_use]
pub fn usage(typed: &str) -> String {
    format!("usage: {typed} check --connector FILE [options]\n{OPTIONS}")
}

const OPTIONS: &str = "
  Tests a connection without a user, in the component's sandbox: at most six
  requests to the user pool, and nothing is written.

  --connector FILE       the connector, as JSON, without the client secret
  --settings FILE        the settings of the step, as JSON; without them
                         callback URL and scope are not tested
  --json                 print the findings as JSON
  --loopback             allow plain http to 127.0.0.1, for a local Cognito
  --allow-origin ORIGIN  allow an origin that the connector doesn't name, such
                         as a custom domain that is to be discovered; may be
                         repeated
  --help                 this text

  The client secret is read from the environment variable COGNITO_CLIENT_SECRET
  and from nowhere else.

  Exit code: 0 nothing failed, 1 something did or nothing was found out, 2 the
  arguments or the files are wrong, 3 the test can't run.
";

/// How the command was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The file with the connector; none where only the usage is asked for.
    pub connector: Option<PathBuf>,
    /// The file with the settings.
    pub settings: Option<PathBuf>,
    /// Whether a program reads the result.
    pub json: bool,
    /// Whether a provider on this machine may be asked.
    pub loopback: bool,
    /// Origins that may be asked though the connector doesn't name them.
    pub further_origins: Vec<String>,
}

impl Arguments {
    /// Reads the arguments after `check`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut given = Given::new(arguments);
        while let Some(mut argument) = given.next() {
            match argument.name {
                "--connector" => parsed.connector = Some(given.value(&mut argument)?.into()),
                "--settings" => parsed.settings = Some(given.value(&mut argument)?.into()),
                "--json" => parsed.json = true,
                "--loopback" => parsed.loopback = true,
                "--allow-origin" => parsed.further_origins.push(given.value(&mut argument)?.to_owned()),
                "--help" | "-h" => return Ok(Self::default()),
                name => return Err(format!("there is no argument `{name}`")),
            }
            argument.end()?;
        }
        if parsed.connector.is_none() {
            return Err("--connector FILE is needed".to_owned());
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
    fn a_connector_is_needed_and_the_rest_is_optional() {
        let plain = Arguments { connector: Some("a".into()), ..Arguments::default() };
        assert_eq!(parse("--connector a"), Ok(plain.clone()));
        assert_eq!(parse("--settings=b --connector=a"), Ok(Arguments { settings: Some("b".into()), ..plain.clone() }));
        assert_eq!(parse("--connector a --json --loopback"), Ok(Arguments { json: true, loopback: true, ..plain }));
        assert_eq!(parse("--connector a --help"), Ok(Arguments::default()));
        for (line, word) in [
            ("", "--connector"),
            ("--connector", "needs a value"),
            ("--json=1 --connector a", "takes no value"),
            ("--secret x", "no argument"),
        ] {
            assert!(parse(line).unwrap_err().contains(word), "{line}");
        }
    }
}
