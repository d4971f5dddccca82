//! The authorization endpoint, asked with a real request whose redirect isn't followed: where it leads tells what a user would
//! see.
//!
//! | leads to | so |
//! |---|---|
//! | `/login` at the domain; anywhere but these, where an identity provider was asked for | the request is good |
//! | `/error` at the domain | the provider keeps the error to itself: the callback URL, the client, the identity provider |
//! | the callback URL, with an error | client and callback URL are known; the error is what a login would end with |
//! | elsewhere | nothing can be told |

use std::time::Duration;

use url::form_urlencoded;

use super::finding::{Check, Finding, Status};
use super::is_wrong_address;
use crate::cognito::refusal::{self, Channel, Refusal};
use crate::host::{FetchError, Request, Response};
use crate::oidc::exchange::{self, Trace};
use crate::oidc::response::ProviderError;
use crate::oidc::{authorization, callback};
use crate::step::error::{Code, Failure};
use crate::step::rejections;
use crate::web_address;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Where the identity provider's own pages are, and what was asked.
pub struct Asked<'a> {
    /// The endpoint, as it was asked.
    pub endpoint: &'a str,
    /// The callback URL.
    pub redirect_uri: &'a str,
    /// Origins of the provider's own pages.
    pub origins: &'a [String],
    /// Further parameters of the request.
    pub parameters: &'a [(String, String)],
    /// The setting that the endpoint comes from.
    pub path: Option<&'static str>,
}

/// What the endpoint made of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It wasn't asked, and why.
    NotAsked(&'static str),
    /// A user would see a login page.
    Accepted(Trace),
    /// A user would come back with this error.
    Returned(ProviderError, Trace),
    /// A user would be left on a page of the provider's, with this error.
    Kept(ProviderError, Trace),
    /// A user would be sent somewhere else.
    Elsewhere(Trace),
    /// No connection.
    Unreachable,
    /// No redirect.
    Rejected(exchange::Rejection),
}

/// The request, as a user agent would send it.
#[must_use]
pub fn request(request: &authorization::AuthorizationRequest<'_>) -> Request {
    exchange::page(&request.url(), TIMEOUT)
}

/// Reads where the response leads.
#[must_use]
pub fn read(asked: &Asked<'_>, result: Result<Response, FetchError>) -> Evidence {
    if matches!(result, Err(FetchError::Unreachable)) {
        return Evidence::Unreachable;
    }
    let response = match exchange::arrived(result) {
        Ok(response) => response,
        Err(rejection) => return Evidence::Rejected(rejection),
    };
    let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.header("location").filter(|_| is_redirect) else {
        return Evidence::Rejected(exchange::Rejection::UnexpectedStatus(exchange::told(&response)));
    };
    let trace = exchange::trace(&response);
    let Some(url) = web_address::parse(asked.endpoint).ok().and_then(|base| base.join(location).ok()) else {
        return Evidence::Elsewhere(trace);
    };
    let parameter = |name: &str| {
        let mut parameters = form_urlencoded::parse(url.query().unwrap_or_default().as_bytes());
        parameters.find(|(candidate, _)| candidate == name).map(|(_, value)| value.into_owned())
    };
    let error = || Some(ProviderError::new(&parameter("error")?, parameter("error_description").as_deref()));
    if callback::judge(asked.redirect_uri, url.as_str()).is_ok() {
        return error().map_or(Evidence::Elsewhere(trace.clone()), |error| Evidence::Returned(error, trace));
    }
    let is_the_providers = asked.origins.contains(&url.origin().ascii_serialization());
    match url.path().rsplit('/').next() {
        Some("error") if is_the_providers => {
            let error = error().unwrap_or_else(|| ProviderError::new("", None));
            Evidence::Kept(error, trace)
        }
        Some("login") if is_the_providers => Evidence::Accepted(trace),
        _ if asked.identity_provider().is_some() => Evidence::Accepted(trace),
        _ => Evidence::Elsewhere(trace),
    }
}

impl Asked<'_> {
    /// The setting by which the login goes straight to an identity provider, where one does.
    fn identity_provider(&self) -> Option<&'static str> {
        let names = |name: &str| self.parameters.iter().any(|(candidate, _)| candidate == name);
        let settings = [
            ("identity_provider", "/settings/advanced/identity_provider"),
            ("idp_identifier", "/settings/advanced/idp_identifier"),
        ];
        settings.into_iter().find(|(name, _)| names(name)).map(|(_, path)| path)
    }
}

/// What Cognito says on its error page.
const REDIRECT_MISMATCH: &str = "redirect_mismatch";
const INVALID_REQUEST: &str = "invalid_request";

impl Evidence {
    /// Whether the endpoint knows the client: an answer that no unknown client gets.
    #[must_use]
    pub fn knows_the_client(&self) -> bool {
        match self {
            Self::Accepted(_) | Self::Returned(..) => true,
            Self::Kept(error, _) => error.error == REDIRECT_MISMATCH,
            _ => false,
        }
    }

    /// Whether the endpoint refuses what an unknown client sent, or something else of the request.
    #[must_use]
    pub fn may_not_know_the_client(&self) -> bool {
        matches!(self, Self::Kept(error, _) if error.error == INVALID_REQUEST)
    }
}

/// Client, callback URL and identity provider. `is_known`: whether the token endpoint knows the client, where it says so.
#[must_use]
pub fn callback(evidence: &Evidence, asked: &Asked<'_>, is_known: Option<bool>) -> Finding {
    let passed =
        |message, trace: &Trace| Finding::new(Check::Callback, Status::Passed, message).answered(None, Some(trace.clone()));
    match evidence {
        Evidence::Accepted(trace) => passed("the authorization endpoint sends the user to log in", trace),
        Evidence::Returned(error, trace) if meaning(error) == Refusal::ClientNotAllowed => {
            not_allowed(error, trace).remedied("AWS console › App clients › Login pages: allow the grant type `Authorization code grant`")
        }
        Evidence::Returned(_, trace) => passed("the provider knows client and callback URL", trace),
        Evidence::Kept(error, trace) if error.error == REDIRECT_MISMATCH => not_allowed(error, trace)
            .at(Some("/settings/callback_url"))
            .remedied("AWS console › App clients › Login pages: add the callback URL exactly as in the settings, and allow the grant type `Authorization code grant`"),
        Evidence::Kept(error, trace) if evidence.may_not_know_the_client() => kept(error, trace, asked, is_known),
        Evidence::Kept(error, trace) => {
            let expected = "the authorization endpoint leaves the user on a page of its own";
            provider_error(Check::Callback, Status::Unknown, expected, error, trace)
        }
        Evidence::Rejected(rejection) if is_wrong_address(rejection) => {
            let remedy = "the connector: compare the domain, or the custom endpoint, with AWS console › Branding › Domain";
            let failure = rejections::of_authorization_endpoint(rejection.clone());
            Finding::of(Check::Callback, Status::Failed, failure).at(asked.path).remedied(remedy)
        }
        _ => untold(Check::Callback, evidence),
    }
}

/// `invalid_request`, on the provider's own page: which of the request's parts is wrong, the token endpoint tells by elimination.
fn kept(error: &ProviderError, trace: &Trace, asked: &Asked<'_>, is_known: Option<bool>) -> Finding {
    let told = |status, expected| provider_error(Check::Callback, status, expected, error, trace);
    match (is_known, asked.identity_provider()) {
        (Some(true), Some(path)) => {
            told(Status::Failed, "expected an identity provider that is enabled for the app client").at(Some(path)).remedied(
                "AWS console › App clients › Login pages: enable the identity provider, or correct its name in the settings",
            )
        }
        (Some(true), None) => told(Status::Failed, "it knows the client, and refuses the request: check the advanced settings")
            .remedied("the step's settings: take out the advanced settings one by one"),
        (Some(false), None) if asked.parameters.is_empty() => {
            let failure = Failure { provider: Some(Box::new(error.clone())), ..Code::ClientRejected.into() };
            Finding::of(Check::Callback, Status::Failed, failure.traced(trace.clone()))
                .at(Some("/connector/client_id"))
                .remedied("AWS console › App clients: compare client id, pool and domain with the connector")
        }
        _ => told(Status::Unknown, "it may not know the client, or not allow it the identity provider")
            .remedied("AWS console › App clients › Login pages: compare client id and identity providers"),
    }
}

/// The scope, and whatever else a request that came so far is refused for.
#[must_use]
pub fn scope(evidence: &Evidence) -> Finding {
    match evidence {
        Evidence::Accepted(trace) => Finding::new(Check::Scope, Status::Passed, "the app client may ask for this scope")
            .answered(None, Some(trace.clone())),
        Evidence::Returned(error, trace) => returned(error, trace),
        Evidence::Kept(..) => {
            Finding::new(Check::Scope, Status::Skipped, "not told: the provider looks at the callback URL first")
        }
        Evidence::Rejected(rejection) if is_wrong_address(rejection) => {
            Finding::new(Check::Scope, Status::Skipped, "not told: there is no authorization endpoint at this address")
        }
        _ => untold(Check::Scope, evidence),
    }
}

fn returned(error: &ProviderError, trace: &Trace) -> Finding {
    let finding = |status| Finding::of(Check::Scope, status, Failure::from(error.clone()).traced(trace.clone()));
    match meaning(error) {
        // Nobody is logged in, and the request was looked at to its end.
        Refusal::LoginRequired => {
            let message = "the app client may ask for this scope; a user who isn't logged in yet will come back with `login_required`";
            Finding::new(Check::Scope, Status::Passed, message).answered(Some(error.clone()), Some(trace.clone()))
        }
        Refusal::ScopeRejected => finding(Status::Failed)
            .at(Some("/settings/scope"))
            .remedied("AWS console › App clients › Login pages: allow the scope under `OpenID Connect scopes` or `Custom scopes`, or take it out of the settings"),
        Refusal::ClientNotAllowed => {
            Finding::new(Check::Scope, Status::Skipped, "not told: the provider looks at the grant type first")
        }
        // This very request is refused, whoever the user is.
        Refusal::Other if error.error == INVALID_REQUEST => {
            finding(Status::Failed).remedied("the step's settings: check the advanced settings")
        }
        _ => finding(Status::Unknown),
    }
}

fn meaning(error: &ProviderError) -> Refusal {
    refusal::classify(Channel::Redirect, error)
}

fn not_allowed(error: &ProviderError, trace: &Trace) -> Finding {
    let failure = Failure { provider: Some(Box::new(error.clone())), ..Code::ClientNotAllowed.into() };
    Finding::of(Check::Callback, Status::Failed, failure.traced(trace.clone()))
}

fn provider_error(check: Check, status: Status, expected: &'static str, error: &ProviderError, trace: &Trace) -> Finding {
    let failure = Failure { provider: Some(Box::new(error.clone())), ..Code::ProviderError.into() };
    Finding::of(check, status, failure.expecting(expected).traced(trace.clone()))
}

/// An answer that says nothing of the request.
fn untold(check: Check, evidence: &Evidence) -> Finding {
    let unknown = |message: &'static str| Finding::new(check, Status::Unknown, message);
    match evidence {
        Evidence::NotAsked(why) => Finding::new(check, Status::Skipped, *why),
        Evidence::Rejected(exchange::Rejection::Unavailable(None)) | Evidence::Unreachable => {
            unknown("the authorization endpoint: no response came")
        }
        // A login doesn't contact it: the user agent goes there.
        Evidence::Rejected(rejection @ exchange::Rejection::Denied) => {
            Finding::of(check, Status::Unknown, rejections::of_authorization_endpoint(rejection.clone()))
                .remedied("the host: allow the origin of the authorization endpoint too, for tests")
        }
        Evidence::Rejected(rejection) => {
            Finding::of(check, Status::Unknown, rejections::of_authorization_endpoint(rejection.clone()))
        }
        Evidence::Elsewhere(trace) | Evidence::Accepted(trace) | Evidence::Returned(_, trace) | Evidence::Kept(_, trace) => {
            unknown("the authorization endpoint leads somewhere else than to its login page").answered(None, Some(trace.clone()))
        }
    }
}
