//! A local Amazon Cognito user pool for tests and the demo: an OpenID Provider on two loopback origins.
//!
//! It does what a relying party meets in practice, quirks included (`email_verified` as a string at userInfo, no `scope` in the token response,
//! `error_description` first, keys whose `kid` is base64 with `+ / =`), and misbehaves on demand: see [`Faults`].
//!
//! Tokens name the pool's issuer as AWS would (`https://cognito-idp.<region>.amazonaws.com/<pool id>`) although every endpoint is on `127.0.0.1`,
//! so a relying party reaches it through custom endpoints: see [`LocalCognito::connector`].

mod authorization_error;
mod authorization_request;
mod authorization_response;
mod authorize;
mod client_authentication;
mod clock;
mod config;
mod endpoint;
mod error_page;
mod faults;
mod federation;
mod grants;
mod http;
mod http_date;
mod id_token_faults;
mod jwt;
mod key_ring;
mod local;
mod login;
mod logout;
mod metadata;
mod pages;
mod provider;
mod random;
mod request_log;
mod revoke;
mod server;
mod sessions;
mod test_keys;
mod times;
mod token;
mod tokens;
mod user;
mod userinfo;
mod words;

pub use authorization_error::AuthorizationError;
pub use clock::{Clock, SteppedClock, system_clock};
pub use config::{AppClient, Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, IdentityProvider, IdpAnswer, Issuer, ResponseModes};
pub use endpoint::Endpoint;
pub use faults::{Answer, Body, Fault, Faults};
pub use http::{Origin, Request};
pub use id_token_faults::Signing;
pub use local::LocalCognito;
pub use request_log::RequestLog;
pub use test_keys::{Algorithm, TestKey};
pub use times::Times;
pub use user::{Identity, User};
