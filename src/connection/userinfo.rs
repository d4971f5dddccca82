//! The userinfo endpoint, asked without a token: its refusal shows that it is one.

use super::finding::{Check, Finding, Status};
use super::is_wrong_address;
use crate::host::{FetchError, Response};
use crate::oidc::{exchange, userinfo};
use crate::step::error::Failure;

/// Judges the response to a request without a token.
#[must_use]
pub fn judge(result: Result<Response, FetchError>, path: Option<&'static str>) -> Finding {
    let rejection = match userinfo::judge_without_token(result) {
        Ok(trace) => {
            let message = "the userinfo endpoint asks for an access token, as it must";
            return Finding::new(Check::Userinfo, Status::Passed, message).answered(None, Some(trace));
        }
        Err(rejection) => rejection,
    };
    let is_denied = rejection == exchange::Rejection::Denied;
    let is_wrong = is_wrong_address(&rejection);
    let failure = Failure::from(userinfo::Rejection::from(rejection));
    if is_denied {
        let remedy = "the host: allow the endpoint's origin to this tenant, or the endpoint's address";
        return Finding::of(Check::Userinfo, Status::Failed, failure).remedied(remedy);
    }
    if is_wrong {
        let remedy = "the connector: compare the domain, or the custom endpoint, with AWS console › Branding › Domain";
        return Finding::of(Check::Userinfo, Status::Failed, failure).at(path).remedied(remedy);
    }
    Finding::of(Check::Userinfo, Status::Unknown, failure)
}
