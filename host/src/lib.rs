//! How to embed a step of the package `journey:step` with Wasmtime.
//!
//! [`Compiled`] is the component as machine code, one for a process. [`Step`] is that component with the services of one host
//! ([`Services`]: stores, network, clock, random bytes, callback URLs) and its [`Limits`]; it is what a journey engine calls. Each call
//! gets a fresh sandbox, and an authority that the component itself described:
//!
//! ```text
//! step       begin, complete, check, describe; the act that applies an outcome
//! sandbox    one call in one sandbox: engine, limits, imports
//! services   what a host brings along
//! network    egress policy, judged addresses, the HTTP client
//! stores     attempts, journeys, the tenants' cache
//! ```
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use journey_host::{Begun, Browser, Callbacks, Compiled, Egress, Invocation, Limits, Network, Services, Step, TenantPolicy, Visit};
//!
//! let compiled = Compiled::load("cognito_oidc.wasm".as_ref())?;
//! let policy = TenantPolicy::permitting(&["https://*.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com"])?;
//! let network = Network::new(Egress::deny_all().with_tenant("acme", policy))?;
//! let callbacks = Callbacks::none().with("https://login.acme.example/callback", "acme", "pool")?;
//! let step = Step::new(compiled, Services::in_memory(network).serving(callbacks), Limits::default());
//!
//! let visit = Visit::first("acme", "journey-1", "login");
//! let invocation = Invocation {
//!     settings: r#"{"callback_url": "https://login.acme.example/callback"}"#.into(),
//!     connector: r#"{"name": "pool", "user_pool_id": "eu-west-1_AbCdEf123", "domain": "acme", "client_id": "abc"}"#.into(),
//!     connector_id: "pool".into(),
//!     browser: Browser::from_session("the value of the session's cookie"),
//! };
//! match step.begin(&visit, &invocation).await.outcome {
//!     Begun::Redirect(request) => println!("303 to {} bytes of URL", request.url.len()),
//!     other => println!("{other}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: nothing of a sandbox outlives its call; what wasn't applied isn't handed out as an outcome; a call that has no outcome
//! writes no variable of the step's; the client secret enters a sandbox through `complete` alone; no text that this crate makes
//! (`Debug`, errors, traces) holds a secret.

mod callbacks;
mod clock;
mod description;
pub mod network;
mod outcome;
mod response;
mod sandbox;
mod services;
mod step;
mod stores;
mod visit;

pub use callbacks::{CallbackRefused, Callbacks};
pub use clock::{Clock, ManualClock, Random, SeededRandom, SystemClock, SystemRandom};
pub use description::{Description, Problem};
pub use network::{
    AddressRange, Egress, EgressProxy, Exchange, FetchError, HardenedClient, HttpClient, Network, OriginPattern, Refused,
    Resolver, Response, Route, SystemResolver, TenantPolicy,
};
pub use outcome::{
    Authentication, AuthorizationRequest, Category, Failed, Failure, FailureBehavior, ProviderAnswer, ResponseMode,
};
pub use response::{Abandonment, AbandonmentReason, Arrival, AuthorizationResponse, PublicOrigin};
pub use sandbox::engine::Compiled;
pub use sandbox::intercept::{Fault, Faults, HostCall, HostReply, Import, Injection, Interceptor, Moment, Printer};
pub use sandbox::limits::Limits;
pub use sandbox::{Cause, Trapped, Usage};
pub use services::Services;
pub use step::{Begun, Called, Completed, Step};
pub use stores::memory::{MemoryAttempts, MemoryCache, MemoryJourneys};
pub use stores::{Applied, Attempts, Change, ChangeId, Effect, Entry, Journeys, Settlement, StoreError, TenantCache, Write};
pub use visit::{Browser, ClientSecret, Invocation, Visit};
pub use {http, url, wasmtime};
