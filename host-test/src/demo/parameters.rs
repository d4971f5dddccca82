//! What the parameters of a login are for, and which of them may be shown.

use std::io;

use super::screen::Screen;
use crate::masked::masked;

/// Which way a parameter travels. It decides what is made of one that nobody here knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To Cognito: what isn't known stands in the settings.
    Request,
    /// Back from Cognito: what isn't known may be a secret.
    Response,
}

const HIDDEN: bool = true;
const SHOWN: bool = false;

const KNOWN: [(&str, bool, &str); 25] = [
    ("response_type", SHOWN, "asks for a code: the Authorization Code flow"),
    ("client_id", SHOWN, "the app client"),
    ("redirect_uri", SHOWN, "callback_url: where the answer goes"),
    ("scope", SHOWN, "what the app may know of the user"),
    ("state", HIDDEN, "names this attempt; comes back with the answer"),
    ("nonce", HIDDEN, "comes back in the ID token: it can't be another login's"),
    ("code_challenge", HIDDEN, "PKCE: hash of a secret that only the step has"),
    ("code_challenge_method", SHOWN, "PKCE: the hash is SHA-256"),
    ("response_mode", SHOWN, "how the answer is to come back"),
    ("acr_values", SHOWN, "which kinds of login will do"),
    ("claims", SHOWN, "which claims are asked for, one by one"),
    ("max_age", SHOWN, "seconds: sign in again if it was longer ago"),
    ("prompt", SHOWN, "whether the user is to see a page"),
    ("login_hint", SHOWN, "who probably signs in"),
    ("lang", SHOWN, "the language of the sign-in page"),
    ("identity_provider", SHOWN, "straight on to this identity provider"),
    ("idp_identifier", SHOWN, "straight on to the identity provider of this name"),
    ("resource", SHOWN, "the API that the access token is for"),
    ("code", HIDDEN, "buys the tokens: once, with the PKCE secret"),
    ("iss", SHOWN, "who answers"),
    ("error", SHOWN, "why there is no code"),
    ("error_description", SHOWN, "the same in words"),
    ("username", SHOWN, "the user's name"),
    ("password", HIDDEN, "for Cognito alone; the journey never sees it"),
    ("_csrf", HIDDEN, "Cognito's own: the form comes from its page"),
];

/// Prints each parameter with its value, or a mask, and what it is for.
pub(super) fn print(parameters: &[(String, String)], direction: Direction, screen: &mut Screen<'_>) -> io::Result<()> {
    for (name, value) in parameters {
        let known = KNOWN.iter().find(|(known, _, _)| known == name);
        let (hidden, purpose) = match (known, direction) {
            (Some((_, hidden, purpose)), _) => (*hidden, *purpose),
            (None, Direction::Request) => (SHOWN, "from the settings, passed on as written"),
            (None, Direction::Response) => (HIDDEN, "none of this protocol"),
        };
        let shown = if hidden { masked(value) } else { printable(value) };
        screen.cells(&[(6, name), (28, &shown), (53, purpose)])?;
    }
    Ok(())
}

/// Text that came over the wire can't move a terminal's cursor.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_parameter_of_a_response_is_masked() {
        let parameters = [("token".to_owned(), "unknown-secret-unknown-secret".to_owned())];
        let mut bytes = Vec::new();
        print(&parameters, Direction::Response, &mut Screen::new(&mut bytes)).unwrap();
        assert!(!String::from_utf8(bytes).unwrap().contains("unknown-secret"));
    }
}
