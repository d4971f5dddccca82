//! The OpenID Connect relying party, with nothing of Cognito in it.
//!
//! Asking and judging are apart: a module builds a request (pure), the host performs it, and the module judges the response
//! (pure). So each check can be tested without a wire. What passed a check is a type of its own ([`id_token::IdToken`],
//! [`token::TokenResponse`]): nothing unchecked fits where a checked value is expected. Each module has a rejection of its own;
//! `step::error` turns them into codes.

pub mod attempt;
pub mod authorization;
pub mod cache;
pub mod callback;
pub mod claim;
pub mod client;
pub mod exchange;
pub mod form;
pub mod http_date;
pub mod id_token;
pub mod issuer;
pub mod jws;
pub mod keys;
pub mod metadata;
pub mod pkce;
pub mod provider_text;
pub mod response;
pub mod revocation;
pub mod scope;
pub mod signature;
pub mod signing_keys;
pub mod token;
pub mod userinfo;

/// The one signature algorithm (RFC 7518 3.3): a token of any other is refused, a key for any other is left out, and
/// [`signature`] can verify no other.
pub const ALGORITHM: &str = "RS256";

/// The difference between two clocks that is tolerated, in seconds. The conformance suite takes 360 for too much.
pub const CLOCK_TOLERANCE: u64 = 60;
