//! From each module's rejection to the step's failure: the other half of the table in [`super::error`].

use super::error::{Code, Failure};
use crate::cognito::endpoints;
use crate::cognito::id_token::WrongUse;
use crate::cognito::refusal::{self, Channel, Refusal};
use crate::host::{RandomUnavailable, StoreError};
use crate::oidc::claim::{self, Duplicate};
use crate::oidc::response::ProviderError;
use crate::oidc::{client, exchange, id_token, metadata, response, signing_keys, token, userinfo};

impl From<RandomUnavailable> for Failure {
    fn from(_: RandomUnavailable) -> Self {
        Self::from(Code::Internal).expecting("expected random bytes from the host")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge => Code::OutputTooLarge.into(),
            StoreError::Refused => Self::from(Code::StorageFailed).expecting("expected the host to accept name and value"),
            StoreError::Unavailable => Code::StorageFailed.into(),
        }
    }
}

impl From<response::Rejection> for Failure {
    fn from(rejection: response::Rejection) -> Self {
        match rejection {
            response::Rejection::Malformed(expected) => Self::from(Code::ResponseMalformed).expecting(expected),
            response::Rejection::StateMissing => Code::StateMissing.into(),
            response::Rejection::UnexpectedToken => Code::UnexpectedToken.into(),
        }
    }
}

impl From<claim::Rejection> for Failure {
    fn from(rejection: claim::Rejection) -> Self {
        match rejection {
            claim::Rejection::StateUnknown => Code::StateUnknown.into(),
            claim::Rejection::BrowserMismatch => Code::BrowserMismatch.into(),
            claim::Rejection::ResponseModeMismatch => Code::ResponseModeMismatch.into(),
            claim::Rejection::CallbackMismatch => Code::CallbackMismatch.into(),
            claim::Rejection::ArrivalMalformed => {
                Self::from(Code::Internal).expecting("expected the host to say at which absolute URL the response arrived")
            }
            claim::Rejection::Duplicate(duplicate) => Self::from(Code::Duplicate).expecting(match duplicate {
                Duplicate::Raced => "another call took the attempt a moment before",
                Duplicate::AtWork => claim::AT_WORK,
                Duplicate::Expired => "it came too late, and an attempt begun since is the one that counts",
                Duplicate::Superseded => "another call took the attempt, and was lost; an attempt begun since will end the visit",
            }),
            claim::Rejection::Random(error) => error.into(),
            claim::Rejection::Interrupted => Code::LoginInterrupted.into(),
            claim::Rejection::Unreadable => {
                Self::from(Code::StorageFailed).expecting("expected the pending login as this version of the step stored it")
            }
            // Whatever the store said, it is the store's failure here: nothing is being written yet.
            claim::Rejection::Store(_) => Code::StorageFailed.into(),
        }
    }
}

impl From<client::Rejection> for Failure {
    fn from(rejection: client::Rejection) -> Self {
        let expected = match rejection {
            client::Rejection::SecretMissing => "expected a client secret, or `none`",
            client::Rejection::SecretUnexpected => "expected no client secret for a public client",
            client::Rejection::SecretMalformed => {
                "expected a client secret of visible ASCII characters, without a line break, and without a space at its ends"
            }
        };
        let path = Some("/connector/client_authentication".to_owned());
        Self { path, ..Self::from(Code::InvalidIntegration).expecting(expected) }
    }
}

/// What an endpoint that fails is called.
struct EndpointCodes {
    unavailable: Code,
    invalid: Code,
    /// Its name, behind a message that isn't its own.
    name: &'static str,
}

const TOKEN: EndpointCodes =
    EndpointCodes { unavailable: Code::TokenUnavailable, invalid: Code::TokenResponseInvalid, name: "the token endpoint" };
const USERINFO: EndpointCodes =
    EndpointCodes { unavailable: Code::UserinfoUnavailable, invalid: Code::UserinfoInvalid, name: "the userinfo endpoint" };
const KEYS: EndpointCodes =
    EndpointCodes { unavailable: Code::KeysUnavailable, invalid: Code::KeysInvalid, name: "the issuer's key set" };
const METADATA: EndpointCodes =
    EndpointCodes { unavailable: Code::MetadataUnavailable, invalid: Code::MetadataInvalid, name: "the provider metadata" };

/// A login doesn't contact it, so no code names it.
const AUTHORIZATION: EndpointCodes =
    EndpointCodes { unavailable: Code::ProviderUnavailable, invalid: Code::ProviderError, name: "the authorization endpoint" };

/// What a test of the connection makes of an authorization endpoint that doesn't answer as one.
#[must_use]
pub fn of_authorization_endpoint(rejection: exchange::Rejection) -> Failure {
    AUTHORIZATION.failure(rejection, |_| Code::ProviderError)
}

impl EndpointCodes {
    fn failure(&self, rejection: exchange::Rejection, refused: impl FnOnce(&ProviderError) -> Code) -> Failure {
        let of = |code| Failure::from(code);
        match rejection {
            exchange::Rejection::Denied => of(Code::DestinationDenied).expecting(self.name),
            exchange::Rejection::Unavailable(None) => of(self.unavailable).expecting("no response came"),
            exchange::Rejection::Unavailable(trace) => {
                of(self.unavailable).expecting("it answered with a server error").traced(trace)
            }
            exchange::Rejection::RateLimited(trace) => of(Code::RateLimited).expecting(self.name).traced(trace),
            exchange::Rejection::UnexpectedStatus(trace) => {
                let status = format!("{}: status {}", self.name, trace.status);
                of(Code::UnexpectedStatus).expecting(status).traced(trace)
            }
            exchange::Rejection::UnexpectedType(expected, trace) => of(self.invalid).expecting(expected).traced(trace),
            exchange::Rejection::Invalid(expected, trace) => of(self.invalid).expecting(expected).traced(trace),
            exchange::Rejection::Refused(error, trace) => {
                let code = refused(&error);
                Failure { provider: Some(Box::new(error)), ..of(code) }.traced(trace)
            }
        }
    }
}

/// The provider's no.
fn code_of(channel: Channel, error: &ProviderError) -> Code {
    match refusal::classify(channel, error) {
        Refusal::AccessDenied => Code::AccessDenied,
        Refusal::LoginRequired => Code::LoginRequired,
        Refusal::TriggerRefused => Code::TriggerRefused,
        Refusal::AccountJustLinked => Code::AccountJustLinked,
        Refusal::ScopeRejected => Code::ScopeRejected,
        Refusal::ClientNotAllowed => Code::ClientNotAllowed,
        Refusal::ClientRejected => Code::ClientRejected,
        Refusal::GrantRefused => Code::GrantRefused,
        Refusal::Unavailable => Code::ProviderUnavailable,
        Refusal::IdentityProviderUnavailable => Code::IdentityProviderUnavailable,
        Refusal::IdentityProviderRejected => Code::IdentityProviderRejected,
        Refusal::Other => Code::ProviderError,
    }
}

/// An error in an authorization response.
impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        let code = code_of(Channel::Redirect, &error);
        Self { provider: Some(Box::new(error)), ..Self::from(code) }
    }
}

impl From<token::Rejection> for Failure {
    fn from(rejection: token::Rejection) -> Self {
        match rejection {
            token::Rejection::Exchange(rejection) => TOKEN.failure(rejection, |error| code_of(Channel::TokenEndpoint, error)),
            token::Rejection::IdTokenMissing(trace) => Self::from(Code::IdTokenMissing).traced(trace),
        }
    }
}

impl From<userinfo::Rejection> for Failure {
    fn from(rejection: userinfo::Rejection) -> Self {
        match rejection {
            userinfo::Rejection::Exchange(rejection) => USERINFO.failure(rejection, |_| Code::UserinfoRefused),
            userinfo::Rejection::SubjectMismatch => Code::UserinfoSubjectMismatch.into(),
        }
    }
}

impl From<signing_keys::Rejection> for Failure {
    fn from(rejection: signing_keys::Rejection) -> Self {
        match rejection {
            signing_keys::Rejection::Exchange(rejection) => KEYS.failure(rejection, |_| Code::KeysUnavailable),
            signing_keys::Rejection::UnknownKey => Code::SigningKeyUnknown.into(),
            signing_keys::Rejection::Unnamed => Code::SigningKeyUnnamed.into(),
        }
    }
}

impl From<endpoints::Rejection> for Failure {
    fn from(rejection: endpoints::Rejection) -> Self {
        match rejection {
            endpoints::Rejection::Metadata(metadata::Rejection::Exchange(rejection)) => {
                METADATA.failure(rejection, |_| Code::MetadataUnavailable)
            }
            endpoints::Rejection::Metadata(metadata::Rejection::IssuerMismatch) => Code::MetadataIssuerMismatch.into(),
            endpoints::Rejection::Endpoint(expected) => Self::from(Code::MetadataInvalid).expecting(expected),
            endpoints::Rejection::NoDomain => Code::UserPoolWithoutDomain.into(),
        }
    }
}

impl From<id_token::Rejection> for Failure {
    fn from(rejection: id_token::Rejection) -> Self {
        let code = match rejection {
            id_token::Rejection::Malformed => Code::IdTokenMalformed,
            id_token::Rejection::Algorithm => Code::IdTokenAlgorithm,
            id_token::Rejection::Critical => Code::IdTokenCritical,
            id_token::Rejection::Signature => Code::IdTokenSignature,
            id_token::Rejection::Issuer => Code::IdTokenIssuer,
            id_token::Rejection::Audience => Code::IdTokenAudience,
            id_token::Rejection::AuthorizedParty => Code::IdTokenAuthorizedParty,
            id_token::Rejection::Expired => Code::IdTokenExpired,
            id_token::Rejection::NotYetValid => Code::IdTokenNotYetValid,
            id_token::Rejection::IssuedAt => Code::IdTokenIssuedAt,
            id_token::Rejection::Subject => Code::IdTokenSubject,
            id_token::Rejection::Nonce => Code::IdTokenNonce,
            id_token::Rejection::AtHash => Code::IdTokenAtHash,
            id_token::Rejection::Acr => Code::AcrNotMet,
            id_token::Rejection::Amr => Code::AmrNotMet,
            id_token::Rejection::TooLarge => Code::IdTokenTooLarge,
            id_token::Rejection::AuthTime => Code::AuthenticationTooOld,
        };
        code.into()
    }
}

impl From<WrongUse> for Failure {
    fn from(_: WrongUse) -> Self {
        Code::IdTokenUse.into()
    }
}
