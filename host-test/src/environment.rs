//! What a command takes from its surroundings.

use std::env;

/// Set by whoever runs this program under another name, to what was typed before the command.
const TYPED: &str = "HOST_TEST_TYPED";

/// Where the client secret is read from, and from nowhere else.
const CLIENT_SECRET: &str = "COGNITO_CLIENT_SECRET";

/// What a command takes from its surroundings. The default is that of a program run by its own name, without a secret.
#[derive(Clone)]
pub struct Environment {
    /// What was typed before the command: `host-test`, or `cargo xtask`.
    pub typed: String,
    /// The app client's secret.
    pub client_secret: Option<String>,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_the_process() -> Self {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let typed = variable(TYPED).unwrap_or_else(|| Self::default().typed);
        Self { typed, client_secret: variable(CLIENT_SECRET) }
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self { typed: "host-test".to_owned(), client_secret: None }
    }
}
