//! The keys that ID tokens are verified with.

use super::finding::{Check, Finding, Status};
use super::is_wrong_address;
use crate::host::{FetchError, Response};
use crate::oidc::{exchange, signing_keys};
use crate::step::error::{Code, Failure};

/// Judges a key set.
#[must_use]
pub fn judge(result: Result<Response, FetchError>, path: &'static str) -> Finding {
    let finding = |status, failure| Finding::of(Check::Keys, status, failure);
    let rejection = match signing_keys::judge(result) {
        Ok(set) if set.is_empty() => {
            let expected = "expected one that can be used at least: RSA of 2048 to 4096 bits, for RS256 signatures";
            let failure = Failure::from(Code::SigningKeyUnknown).expecting(expected);
            let remedy = "the connector: compare the pool's id, or the custom endpoint, with AWS console › Overview";
            return finding(Status::Failed, failure).at(Some(path)).remedied(remedy);
        }
        Ok(_) => return Finding::new(Check::Keys, Status::Passed, "the issuer publishes keys that can be used"),
        Err(rejection) => rejection,
    };
    let (is_denied, is_wrong) = (rejection == exchange::Rejection::Denied, is_wrong_address(&rejection));
    let is_invalid = matches!(rejection, exchange::Rejection::Invalid(..));
    let failure = Failure::from(signing_keys::Rejection::from(rejection));
    match (is_denied, is_wrong || is_invalid) {
        (true, _) => finding(Status::Failed, failure).remedied("the host: allow the issuer's origin to this tenant"),
        (_, true) => {
            let remedy = "the connector: compare the pool's id and region, or the custom endpoint, with AWS console › Overview";
            finding(Status::Failed, failure).at(Some(path)).remedied(remedy)
        }
        _ => finding(Status::Unknown, failure),
    }
}
