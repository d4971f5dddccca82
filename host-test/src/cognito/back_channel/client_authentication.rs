//! How the app client proves who it is at the token and revocation endpoints (RFC 6749, 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::cognito::pool::config::Config;
use crate::cognito::wire::http::{Request, Response, json};

/// An error of the token or revocation endpoint (RFC 6749, 5.2).
#[derive(Clone, Copy, Debug)]
pub(in crate::cognito) struct EndpointError {
    status: u16,
    code: &'static str,
}

impl EndpointError {
    pub(in crate::cognito) fn new(code: &'static str) -> Self {
        Self { status: 400, code }
    }

    /// The response; Cognito rarely says more than the code.
    pub(in crate::cognito) fn response(self) -> Response {
        json(self.status, &json!({"error": self.code}))
    }
}

/// Checks the client: by Basic, by the body, or by its id alone if it's public.
pub(in crate::cognito) fn authenticate(request: &Request, config: &Config) -> Result<(), EndpointError> {
    let client = &config.client;
    let invalid_client = || EndpointError { status: config.invalid_client_status, code: "invalid_client" };
    let body_id = request.field("client_id");
    let body_secret = request.field("client_secret");
    let (id, secret) = match request.header("authorization") {
        Some(_) if body_secret.is_some() => return Err(EndpointError::new("invalid_request")),
        Some(header) => {
            let (id, secret) = basic(header).ok_or_else(invalid_client)?;
            if body_id.is_some_and(|other| other != id) {
                return Err(EndpointError::new("invalid_request"));
            }
            (Some(id), Some(secret))
        }
        None => (body_id, body_secret),
    };
    if id.as_ref() == Some(&client.id) && secret == client.secret { Ok(()) } else { Err(invalid_client()) }
}

/// Id and secret, each form-encoded before base64 (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    let encoded = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(format!("value={encoded}").as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_basic_are_form_decoded() {
        let header = format!("Basic {}", STANDARD.encode("a%3Ab:c%2Bd+e%25"));
        assert_eq!(basic(&header), Some(("a:b".to_owned(), "c+d e%".to_owned())));
    }

    #[test]
    fn another_scheme_is_not_basic() {
        assert_eq!(basic("Bearer YTpi"), None);
    }
}
