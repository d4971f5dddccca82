//! A local Amazon Cognito user pool for tests and the demo: an OpenID Provider on two loopback origins.
//!
//! It does what a relying party meets in practice, quirks included (`email_verified` as a string at userInfo, no `scope` in the
//! token response, `error_description` first, keys whose `kid` is base64 with `+ / =`), and misbehaves on demand: see [`Faults`].
//!
//! Tokens name the pool's issuer as AWS would (`https://cognito-idp.<region>.amazonaws.com/<pool id>`) although every endpoint is
//! on `127.0.0.1`, so a relying party reaches it through custom endpoints: see [`LocalCognito::connector`].

mod authorization;
mod back_channel;
mod endpoint;
mod faults;
mod keys;
mod local;
mod pool;
mod random;
mod server;
mod state;
mod wire;

pub use authorization::authorization_error::AuthorizationError;
pub use endpoint::Endpoint;
pub use faults::id_token_faults::Signing;
pub use faults::times::Times;
pub use faults::{Body, CannedResponse, Fault, Faults};
pub use keys::test_keys::{Algorithm, TestKey};
pub use local::LocalCognito;
pub use pool::clock::{Clock, SteppedClock, system_clock};
pub use pool::config::{
    AppClient, Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, IdentityProvider, IdpAnswer, Issuer, ResponseModes,
};
pub use pool::user::{Identity, User};
pub use state::request_log::RequestLog;
pub use wire::http::{Origin, Request};
