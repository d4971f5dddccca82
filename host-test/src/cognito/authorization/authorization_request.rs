//! The authorization request: parsed once, so that what is passed on is known to be sound.

use super::authorization_error::AuthorizationError;
use crate::cognito::pool::config::{AppClient, Config};
use crate::cognito::wire::http::find;

const OPENID_SCOPES: [&str; 3] = ["email", "phone", "profile"];

/// A checked authorization request (RFC 6749, 4.1.1; OpenID Connect Core 1.0, 3.1.2.1).
#[derive(Clone, Debug)]
pub(in crate::cognito) struct AuthorizationRequest {
    pub(in crate::cognito) client_id: String,
    pub(in crate::cognito) redirect_uri: String,
    pub(in crate::cognito) state: Option<String>,
    pub(in crate::cognito) scopes: Vec<String>,
    /// The S256 challenge.
    pub(in crate::cognito) code_challenge: Option<String>,
    pub(in crate::cognito) nonce: Option<String>,
    pub(in crate::cognito) prompt: Option<String>,
    /// In seconds.
    pub(in crate::cognito) max_age: Option<u64>,
    pub(in crate::cognito) identity_provider: Option<String>,
    pub(in crate::cognito) idp_identifier: Option<String>,
    pub(in crate::cognito) login_hint: Option<String>,
    pub(in crate::cognito) lang: Option<String>,
    /// Whether the answer was asked for by form post.
    pub(in crate::cognito) form_post: bool,
    /// The query as it came, for the login page's URL.
    pub(in crate::cognito) query: String,
}

/// Why a request is refused, and where the browser goes.
#[derive(Debug)]
pub(in crate::cognito) enum Refusal {
    /// To Cognito's own error page, with this `error`: nothing in the request says that the redirect URI is to be trusted.
    ErrorPage(&'static str),
    /// Back to the relying party.
    Redirect { redirect_uri: String, state: Option<String>, error: AuthorizationError },
}

impl AuthorizationRequest {
    /// Reads and checks the query of an authorization request.
    pub(in crate::cognito) fn parse(query: &str, config: &Config) -> Result<Self, Refusal> {
        let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let parameter = |name: &str| find(&parameters, name).filter(|value| !value.is_empty()).map(str::to_owned);
        let client = &config.client;

        let missing = Refusal::ErrorPage("Required parameters missing");
        let (Some(client_id), Some(redirect_uri)) = (parameter("client_id"), parameter("redirect_uri")) else {
            return Err(missing);
        };
        if client_id != client.id {
            return Err(Refusal::ErrorPage("invalid_request"));
        }
        // Cognito says the same of a client that has no use for a redirect URI.
        if !client.redirect_uris.contains(&redirect_uri) || !client.code_grant {
            return Err(Refusal::ErrorPage("redirect_mismatch"));
        }

        let state = parameter("state");
        let refuse = |error| Refusal::Redirect { redirect_uri: redirect_uri.clone(), state: state.clone(), error };
        let invalid = |description: &str| refuse(AuthorizationError::new("invalid_request", Some(description)));

        match parameter("response_type").as_deref() {
            Some("code") => {}
            Some("token") => {
                return Err(refuse(AuthorizationError::new("unauthorized_client", None)));
            }
            None => return Err(missing),
            Some(_) => return Err(invalid("invalid response_type")),
        }
        let scopes = scopes(parameter("scope").as_deref(), client).map_err(refuse)?;
        let code_challenge = parameter("code_challenge");
        match parameter("code_challenge_method").as_deref() {
            Some("S256") if code_challenge.as_ref().is_some_and(|challenge| challenge.len() == 43) => {}
            Some("S256") => return Err(invalid("invalid code_challenge")),
            None if code_challenge.is_none() && !config.pkce_required => {}
            _ => return Err(invalid("code_challenge_method must be S256")),
        }
        let max_age = match parameter("max_age").map(|text| text.parse()) {
            None => None,
            Some(Ok(seconds)) => Some(seconds),
            Some(Err(_)) => return Err(invalid("invalid max_age")),
        };
        let prompt = parameter("prompt");
        if prompt.as_ref().is_some_and(|prompt| prompt.split(' ').any(|value| value == "none") && prompt != "none") {
            return Err(invalid("invalid prompt"));
        }

        Ok(Self {
            client_id,
            state,
            scopes,
            code_challenge,
            nonce: parameter("nonce"),
            prompt,
            max_age,
            identity_provider: parameter("identity_provider"),
            idp_identifier: parameter("idp_identifier"),
            login_hint: parameter("login_hint"),
            lang: parameter("lang"),
            form_post: parameter("response_mode").as_deref() == Some("form_post"),
            query: query.to_owned(),
            redirect_uri,
        })
    }

    /// Whether `prompt` holds this value.
    pub(in crate::cognito) fn prompts(&self, value: &str) -> bool {
        self.prompt.as_ref().is_some_and(|prompt| prompt.split(' ').any(|part| part == value))
    }
}

/// The scopes granted: those asked for, or all of the client's. What is asked for too much is refused the way Cognito does it:
/// `invalid_scope` stands in the description, not in `error`.
fn scopes(asked: Option<&str>, client: &AppClient) -> Result<Vec<String>, AuthorizationError> {
    let Some(asked) = asked else {
        return Ok(client.scopes.clone());
    };
    let scopes: Vec<String> = asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let without_openid = !scopes.iter().any(|scope| scope == "openid");
    let allowed = |scope: &String| client.scopes.contains(scope) && !(without_openid && OPENID_SCOPES.contains(&scope.as_str()));
    if scopes.iter().all(allowed) { Ok(scopes) } else { Err(AuthorizationError::new("invalid_request", Some("invalid_scope"))) }
}
