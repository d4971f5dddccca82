//! From each module's rejection to the step's failure: the other half of the table in [`super::error`].

use super::error::{Code, Failure};
use crate::cognito::endpoints;
use crate::cognito::id_token::WrongUse;
use crate::cognito::refusal::{self, Refusal};
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
                Duplicate::AtWork => "another call took the attempt at most 90 s ago, and may be at work on it",
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
        };
        let path = Some("/connector/client_authentication".to_owned());
        Self { path, ..Self::from(Code::InvalidIntegration).expecting(expected) }
    }
}

/// What an endpoint that fails is called.
struct EndpointCodes {
    unavailable: Code,
    invalid: Code,
}

const TOKEN: EndpointCodes = EndpointCodes { unavailable: Code::TokenUnavailable, invalid: Code::TokenResponseInvalid };
const USERINFO: EndpointCodes = EndpointCodes { unavailable: Code::UserinfoUnavailable, invalid: Code::UserinfoInvalid };
const KEYS: EndpointCodes = EndpointCodes { unavailable: Code::KeysUnavailable, invalid: Code::KeysInvalid };
const METADATA: EndpointCodes = EndpointCodes { unavailable: Code::MetadataUnavailable, invalid: Code::MetadataInvalid };

impl EndpointCodes {
    fn failure(&self, rejection: exchange::Rejection, refused: impl FnOnce(&ProviderError) -> Code) -> Failure {
        match rejection {
            exchange::Rejection::Denied => Code::DestinationDenied.into(),
            exchange::Rejection::Unavailable(trace) => Failure::from(self.unavailable).traced(trace),
            exchange::Rejection::RateLimited(trace) => Failure::from(Code::RateLimited).traced(trace),
            exchange::Rejection::Invalid(expected, trace) => Failure::from(self.invalid).expecting(expected).traced(trace),
            exchange::Rejection::Refused(error, trace) => Failure { code: refused(&error), ..Failure::from(error).traced(trace) },
        }
    }
}

/// The provider's no, at the authorization or the token endpoint.
fn code_of(error: &ProviderError) -> Code {
    match refusal::classify(error) {
        Refusal::AccessDenied => Code::AccessDenied,
        Refusal::LoginRequired => Code::LoginRequired,
        Refusal::TriggerRefused => Code::TriggerRefused,
        Refusal::AccountJustLinked => Code::AccountJustLinked,
        Refusal::ScopeRejected => Code::ScopeRejected,
        Refusal::ClientNotAllowed => Code::ClientNotAllowed,
        Refusal::ClientRejected => Code::ClientRejected,
        Refusal::GrantRefused => Code::GrantRefused,
        Refusal::Unavailable => Code::ProviderUnavailable,
        Refusal::Other => Code::ProviderError,
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        let code = code_of(&error);
        Self { provider: Some(Box::new(error)), ..Self::from(code) }
    }
}

impl From<token::Rejection> for Failure {
    fn from(rejection: token::Rejection) -> Self {
        match rejection {
            token::Rejection::Exchange(rejection) => TOKEN.failure(rejection, code_of),
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
            endpoints::Rejection::Endpoint(name) => Self::from(Code::MetadataInvalid).expecting(name),
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
