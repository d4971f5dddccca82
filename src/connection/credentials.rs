//! Client id, secret and method, at the token endpoint: a provider looks at them before it looks at the code.

use super::authorization;
use super::finding::{Check, Finding, Status};
use super::is_wrong_address;
use crate::cognito::refusal::{self, Channel, Refusal};
use crate::host::{FetchError, Response};
use crate::oidc::exchange::{self, Trace};
use crate::oidc::response::ProviderError;
use crate::oidc::{client, token};
use crate::step::error::Failure;

/// A code of the form of Cognito's, and never issued.
pub const CODE: &str = "00000000-0000-4000-8000-000000000000";
/// A redirect URI where no settings name one (RFC 2606 2): nobody registers it.
pub const NO_CALLBACK_URL: &str = "https://connection-test.invalid/callback";

/// What the token endpoint made of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It wasn't asked, and why.
    NotAsked(&'static str),
    /// Client and secret don't fit together, so it wasn't asked.
    Unfit(client::Rejection),
    /// It refuses the code: the client is who it says.
    Known(Trace),
    /// The client may not use codes, or not with this redirect URI.
    NotAllowed(ProviderError, Trace),
    /// It refuses the client.
    Refused(ProviderError, Trace),
    /// It issued tokens for a code that nobody was given.
    Issued(Trace),
    /// Anything else.
    Rejected(token::Rejection),
}

/// Reads the response to the code that was never issued.
#[must_use]
pub fn read(result: Result<Response, FetchError>) -> Evidence {
    match token::judge(result) {
        Ok(tokens) => Evidence::Issued(tokens.trace),
        Err(token::Rejection::Exchange(exchange::Rejection::Refused(error, trace))) => {
            match refusal::classify(Channel::TokenEndpoint, &error) {
                Refusal::GrantRefused => Evidence::Known(trace),
                Refusal::ClientNotAllowed => Evidence::NotAllowed(error, trace),
                Refusal::ClientRejected => Evidence::Refused(error, trace),
                _ => Evidence::Rejected(exchange::Rejection::Refused(error, trace).into()),
            }
        }
        Err(rejection) => Evidence::Rejected(rejection),
    }
}

impl Evidence {
    /// Whether the endpoint knows the client; none where it doesn't say.
    #[must_use]
    pub fn knows_the_client(&self) -> Option<bool> {
        match self {
            Self::Known(_) | Self::NotAllowed(..) => Some(true),
            Self::Refused(..) => Some(false),
            Self::NotAsked(_) | Self::Unfit(_) | Self::Issued(_) | Self::Rejected(_) => None,
        }
    }
}

/// Judges the client. `has_callback_url`: whether the redirect URI was the settings'.
#[must_use]
pub fn judge(
    evidence: &Evidence,
    authorization: &authorization::Evidence,
    has_callback_url: bool,
    path: Option<&'static str>,
) -> Finding {
    let finding = |status, failure| Finding::of(Check::Credentials, status, failure);
    let refused = |error: &ProviderError, trace: &Trace| {
        Failure::from(token::Rejection::from(exchange::Rejection::Refused(error.clone(), trace.clone())))
    };
    match evidence {
        Evidence::NotAsked(why) => Finding::new(Check::Credentials, Status::Skipped, *why),
        Evidence::Unfit(rejection) => finding(Status::Failed, Failure::from(*rejection))
            .remedied("the vault, or the connector: a secret for an app client that has one, and `none` for one that hasn't"),
        Evidence::Known(trace) => {
            let message = "the token endpoint knows the client, and refuses a code that was never issued";
            Finding::new(Check::Credentials, Status::Passed, message).answered(None, Some(trace.clone()))
        }
        Evidence::NotAllowed(error, trace) if has_callback_url => finding(Status::Failed, refused(error, trace)).remedied(
            "AWS console › App clients › Login pages: allow the grant type `Authorization code grant`, and add the callback URL",
        ),
        Evidence::NotAllowed(error, trace) => finding(Status::Unknown, refused(error, trace))
            .remedied("test again with settings: their callback URL may be allowed"),
        Evidence::Refused(error, trace) => {
            let finding = finding(Status::Failed, refused(error, trace));
            if authorization.knows_the_client() {
                finding.at(Some("/connector/client_authentication")).remedied(
                    "the vault: put in the secret of AWS console › App clients › Client secret; the connector: its client authentication",
                )
            } else {
                finding.remedied("AWS console › App clients: compare client id and client secret with connector and vault, and whether it has a secret")
            }
        }
        Evidence::Issued(trace) => {
            let message = "the token endpoint issued tokens for a code that was never issued: it is not a provider to log in at";
            Finding::new(Check::Credentials, Status::Unknown, message).answered(None, Some(trace.clone()))
        }
        Evidence::Rejected(rejection) => {
            let (is_denied, is_wrong) = match rejection {
                token::Rejection::Exchange(rejection) => (*rejection == exchange::Rejection::Denied, is_wrong_address(rejection)),
                token::Rejection::IdTokenMissing(_) => (false, false),
            };
            let failure = Failure::from(rejection.clone());
            match (is_denied, is_wrong) {
                (true, _) => finding(Status::Failed, failure).remedied("the host: allow the endpoint's origin to this tenant"),
                (_, true) => finding(Status::Failed, failure)
                    .at(path)
                    .remedied("the connector: compare the domain, or the custom endpoint, with AWS console › Branding › Domain"),
                _ => finding(Status::Unknown, failure),
            }
        }
    }
}
