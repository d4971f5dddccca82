//! A host on `wit/` and Wasmtime alone: one login with everything in memory. It shows the contract from the other side of
//! `journey-host`; that library is what a host in production builds on, for shares, times, stores of a fleet, egress and the
//! rules of settling are all missing here.

#![allow(missing_docs, reason = "the bindings are documented in wit/")]

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Result, Store, StoreLimits, StoreLimitsBuilder, bail};

wasmtime::component::bindgen!({ path: "../wit", world: "redirect-step" });

use exports::journey::step::redirect::{Arrival, AuthorizationResponse, BeginOutcome, CompleteOutcome, Invocation};
use exports::journey::step::settings::Description;
use journey::step::{attempts, http, tenant_cache, variables};
use wasi::{clocks::wall_clock, random::random};

/// What the imports work on. Attempts belong to one visit, the cache to one tenant; this host has one of each.
#[derive(Default)]
struct Host {
    /// What the step said that the call would do.
    description: Option<Description>,
    /// Written in this call: to be applied together with its outcome, or not at all.
    staged: Vec<(String, Option<String>)>,
    attempts: HashMap<String, attempts::Entry>,
    cache: HashMap<String, String>,
    revisions: u64,
    limits: StoreLimits,
}

fn main() -> Result<()> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = Engine::new(&config)?;
    let component = Component::from_file(&engine, "target/component/cognito_oidc.wasm")?;
    let mut linker = Linker::new(&engine);
    RedirectStep::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;

    let invocation = Invocation {
        settings: r#"{"callback_url": "https://login.acme.example/callback"}"#.into(),
        connector: r#"{"user_pool_id": "eu-west-1_AbC", "domain": "acme", "client_id": "abc", "issuer": "original"}"#.into(),
        // SHA-256 of the session's cookie, in earnest.
        browser: vec![7; 32],
        round: 1,
    };
    let call = |host: Host| -> Result<(Store<Host>, RedirectStep)> {
        // A fresh instance for each call, and limits on what it may use.
        let mut store = Store::new(&engine, host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(50_000_000)?;
        let step = RedirectStep::instantiate(&mut store, &component, &linker)?;
        let described = step.journey_step_settings().call_describe(&mut store, &invocation.settings, &invocation.connector)?;
        store.data_mut().description = Some(described);
        Ok((store, step))
    };

    let limits = StoreLimitsBuilder::new().memory_size(16 << 20).build();
    let (mut store, step) = call(Host { limits, ..Host::default() })?;
    let request = match step.journey_step_redirect().call_begin(&mut store, &invocation)?.outcome {
        BeginOutcome::Redirect(request) => request,
        BeginOutcome::Failed(failure) => bail!("on to the failure branch: {}", failure.code),
    };
    println!("303 See Other, to a URL of {} bytes", request.url.len());

    let host = Host { staged: Vec::new(), ..store.into_data() };
    let (mut store, step) = call(host)?;
    let parameters = format!("error=access_denied&state={}", request.state);
    let url = format!("https://login.acme.example/callback?{parameters}");
    let response = AuthorizationResponse::Query(Arrival { url, parameters });
    let secret = Some("from the vault");
    match step.journey_step_redirect().call_complete(&mut store, &invocation, secret, &response)?.outcome {
        CompleteOutcome::Authenticated(who) => println!("on to the next step, with {}", who.subject),
        CompleteOutcome::Failed(failure) => println!("on to the failure branch: {}", failure.code),
        CompleteOutcome::Ignored(failure) => println!("waiting on: {}", failure.code),
    }
    println!("together with the outcome, written: {:?}", store.data().staged.iter().map(|(name, _)| name).collect::<Vec<_>>());
    Ok(())
}

impl http::Host for Host {
    fn fetch(&mut self, _request: http::Request) -> std::result::Result<http::Response, http::Error> {
        Err(http::Error::Denied("this host has no network".to_owned()))
    }
}

impl variables::Host for Host {
    fn set(&mut self, name: String, json: Option<String>) -> std::result::Result<(), variables::Error> {
        let described = self.description.as_ref();
        let allowed = described
            .is_some_and(|described| described.error_variable == name || described.output_variable.as_ref() == Some(&name));
        if !allowed {
            return Err(variables::Error::Refused("the step did not describe that it writes this variable".to_owned()));
        }
        self.staged.push((name, json));
        Ok(())
    }
}

impl attempts::Host for Host {
    fn get(&mut self, key: String) -> std::result::Result<Option<attempts::Entry>, variables::Error> {
        Ok(self.attempts.get(&key).cloned())
    }

    fn put(&mut self, key: String, value: String, _lifetime: u32) -> std::result::Result<(), variables::Error> {
        self.revisions += 1;
        self.attempts.insert(key, attempts::Entry { value, revision: self.revisions.to_string() });
        Ok(())
    }

    fn replace(
        &mut self,
        key: String,
        revision: String,
        value: String,
        lifetime: u32,
    ) -> std::result::Result<bool, variables::Error> {
        let stands = self.attempts.get(&key).is_some_and(|entry| entry.revision == revision);
        if stands {
            attempts::Host::put(self, key, value, lifetime)?;
        }
        Ok(stands)
    }
}

impl tenant_cache::Host for Host {
    fn get(&mut self, key: String) -> std::result::Result<Option<String>, variables::Error> {
        Ok(self.cache.get(&key).cloned())
    }

    fn put(&mut self, key: String, value: String, _lifetime: u32) -> std::result::Result<(), variables::Error> {
        self.cache.insert(key, value);
        Ok(())
    }
}

impl wall_clock::Host for Host {
    fn now(&mut self) -> wall_clock::Datetime {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 0, nanoseconds: 1 }
    }
}

impl random::Host for Host {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(len.min(4096)).unwrap_or_default()];
        getrandom::fill(&mut bytes).expect("the system's random bytes");
        bytes
    }

    fn get_random_u64(&mut self) -> u64 {
        getrandom::u64().expect("the system's random bytes")
    }
}
