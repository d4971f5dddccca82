//! The provider metadata: whether there is such a pool, and whether its endpoints are the connector's.

use super::finding::{Check, Finding, Status};
use super::{authorization, credentials, is_wrong_address};
use crate::cognito::endpoints::{Endpoints, Rejection, Source};
use crate::cognito::pool::IssuerKind;
use crate::host::{FetchError, Response};
use crate::oidc::exchange::{self, JsonResponse, Trace};
use crate::oidc::metadata::{self, Metadata};
use crate::step::error::Failure;

/// What the metadata tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The document; or why there is none.
    document: Result<Metadata, Rejection>,
    /// Where it was asked for, and is another pool's: whether the pool has an issuer of that name at all.
    names_another_kind: bool,
    /// Whether the response had JSON in it.
    is_of_json: bool,
    trace: Option<Trace>,
}

/// Reads the response.
#[must_use]
pub fn read(source: &Source, result: Result<Response, FetchError>) -> Evidence {
    let trace = result.as_ref().ok().map(exchange::trace);
    let is_of_json = result.as_ref().is_ok_and(exchange::is_of_json);
    let mut names_another_kind = false;
    let document = match exchange::document(result) {
        Err(rejection) => Err(Rejection::Metadata(rejection.into())),
        Ok(JsonResponse { object, trace }) => metadata::judge(&object, &source.names()).map_err(|rejection| {
            let of_either = source.pool.issuers(IssuerKind::Either, &source.additional_regions);
            names_another_kind = metadata::judge(&object, &of_either) != Err(metadata::Rejection::IssuerMismatch);
            Rejection::Metadata(match rejection {
                metadata::Rejection::Exchange(exchange::Rejection::Invalid(expected, _)) => {
                    exchange::Rejection::Invalid(expected, Some(trace)).into()
                }
                other => other,
            })
        }),
    };
    Evidence { document, names_another_kind, is_of_json, trace }
}

impl Evidence {
    /// The issuer that the metadata name.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.document.as_ref().ok().map(|metadata| metadata.issuer.as_str())
    }

    /// The key set that the metadata name, where it may be contacted: a pool without a domain has one too.
    #[must_use]
    pub fn jwks_uri(&self, source: &Source) -> Option<&str> {
        let named = self.document.as_ref().ok().map(|metadata| metadata.jwks_uri.as_str());
        named.filter(|_| source.known().is_none() && source.custom.jwks_uri.is_none()).filter(|uri| source.may_discover(uri))
    }

    /// The authorization endpoint that the metadata name, as written.
    #[must_use]
    pub fn authorization_endpoint(&self) -> Option<&str> {
        self.document.as_ref().ok().map(|metadata| metadata.authorization_endpoint.as_str())
    }

    /// The endpoints of a login: the connector's own, or those that are discovered.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub fn endpoints(&self, source: &Source) -> Result<Endpoints, Rejection> {
        match source.known() {
            Some(endpoints) => Ok(endpoints),
            None => source.discovered(self.document.clone()?),
        }
    }
}

/// Judges the metadata, in the light of what the other endpoints know: a pool can have two domains, and its metadata name one of
/// them.
#[must_use]
pub fn judge(
    evidence: &Evidence,
    source: &Source,
    authorization: &authorization::Evidence,
    credentials: &credentials::Evidence,
) -> Finding {
    let rejected = |rejection| rejected(rejection, evidence, source);
    match (&evidence.document, source.known()) {
        (Err(rejection), _) => rejected(rejection.clone()),
        (Ok(metadata), Some(known)) => compared(&known, metadata, evidence, source, authorization, credentials),
        (Ok(metadata), None) => match source.discovered(metadata.clone()) {
            Ok(_) => passed("the metadata are the pool's, and name its endpoints", evidence),
            Err(rejection) => rejected(rejection),
        },
    }
}

fn passed(message: &'static str, evidence: &Evidence) -> Finding {
    Finding::new(Check::Metadata, Status::Passed, message).answered(None, evidence.trace.clone())
}

const OF_THE_POOL: &str = "AWS console › Overview: compare the user pool's id, region included, with the connector";
const OF_THE_DOMAIN: &str = "AWS console › Branding › Domain: compare the domain with the connector";

fn compared(
    known: &Endpoints,
    metadata: &Metadata,
    evidence: &Evidence,
    source: &Source,
    authorization: &authorization::Evidence,
    credentials: &credentials::Evidence,
) -> Finding {
    let token_knows = credentials.knows_the_client() == Some(true);
    let differs = |status, message: &'static str, path| {
        let finding = Finding::new(Check::Metadata, status, message).answered(None, evidence.trace.clone());
        finding.at(Some(path)).remedied(OF_THE_DOMAIN)
    };
    if known.authorization != metadata.authorization_endpoint {
        let path = match source.custom.authorization {
            Some(_) => "/connector/custom_endpoints/authorization_endpoint",
            None => "/connector/domain",
        };
        let knows = authorization.knows_the_client() || source.custom.token.is_none() && token_knows;
        let refuses = authorization.may_not_know_the_client() || *authorization == authorization::Evidence::Unreachable;
        return match (knows, refuses) {
            (true, _) => passed(
                "the metadata are the pool's, and name another domain than the connector, which knows the app client too",
                evidence,
            ),
            (false, true) => differs(
                Status::Failed,
                "the metadata name another domain than the connector, and the connector's does not know the app client",
                path,
            ),
            (false, false) => differs(
                Status::Unknown,
                "the metadata name another domain than the connector: a pool can have two, or it is another pool's",
                path,
            ),
        };
    }
    if known.token != metadata.token_endpoint && !token_knows {
        let message = "the metadata name another token endpoint than the connector";
        return differs(Status::Unknown, message, "/connector/custom_endpoints/token_endpoint");
    }
    passed("the metadata are the pool's, and name the same endpoints as the connector", evidence)
}

/// Without metadata a login works all the same where the connector names its domain.
fn rejected(rejection: Rejection, evidence: &Evidence, source: &Source) -> Finding {
    let is_discovered = source.known().is_none();
    let place = match source.custom.openid_configuration {
        Some(_) => "/connector/custom_endpoints/openid_configuration",
        None => "/connector/user_pool_id",
    };
    let finding = |status| Finding::of(Check::Metadata, status, Failure::from(rejection.clone()));
    match &rejection {
        Rejection::NoDomain => finding(Status::Failed)
            .at(Some("/connector/domain"))
            .remedied("AWS console › Branding › Domain: create a domain, and name it in the connector"),
        Rejection::Endpoint(_) => {
            finding(Status::Failed).remedied("the connector: name the domain, so that nothing is discovered")
        }
        Rejection::Metadata(metadata::Rejection::IssuerMismatch) if evidence.names_another_kind => finding(Status::Failed)
            .at(Some("/connector/issuer"))
            .remedied("the connector: `either`, or the issuer that AWS console › Overview shows"),
        Rejection::Metadata(metadata::Rejection::IssuerMismatch) => finding(Status::Failed).at(Some(place)).remedied(OF_THE_POOL),
        Rejection::Metadata(metadata::Rejection::Exchange(exchanged)) => match exchanged {
            wrong if is_wrong_address(wrong) => finding(Status::Failed).at(Some(place)).remedied(OF_THE_POOL),
            // AWS's answer for a pool that wasn't switched to the updated issuer.
            exchange::Rejection::UnexpectedStatus(trace)
                if trace.status == 403
                    && evidence.is_of_json
                    && source.issuer == IssuerKind::Updated
                    && source.custom.openid_configuration.is_none() =>
            {
                finding(Status::Failed)
                    .at(Some("/connector/issuer"))
                    .remedied("the connector: `original`, unless the pool was switched to the updated issuer")
            }
            exchange::Rejection::Denied => {
                let status = if is_discovered { Status::Failed } else { Status::Unknown };
                finding(status).remedied("the host: allow the origin of the metadata to this tenant")
            }
            exchange::Rejection::Invalid(..) if is_discovered => {
                finding(Status::Failed).remedied("the connector: name the domain, so that nothing is discovered")
            }
            _ => finding(Status::Unknown),
        },
    }
}
