//! The component alone: Wasmtime with the reference host's settings, and imports that answer from a table at once.

#![allow(missing_docs, reason = "the bindings are documented in wit/")]

use std::collections::HashMap;
use std::result::Result as StdResult;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, ResourceLimiter, Result, Store, bail,
};

wasmtime::component::bindgen!({ path: "../wit", world: "redirect-step" });

use exports::journey::step::redirect::{Arrival, AuthorizationResponse, BeginOutcome, CompleteOutcome, Invocation};
use journey::step::{attempts, http, tenant_cache, variables};
use wasi::{clocks::wall_clock, random::random};

use crate::fixture::{BROWSER, Canned, Fixture, Login, SECRET, random_byte};


/// What the imports answer. Nothing that the component does changes it, so that one call finds what the one before found.
#[derive(Clone, Default)]
pub struct Tables {
    now: u64,
    pub attempts: HashMap<String, String>,
    pub cache: HashMap<String, String>,
    exchanges: HashMap<String, http::Response>,
}

/// What one sandbox holds on its host's side.
pub struct Host {
    tables: Arc<Tables>,
    drawn: u64,
    pub memory: Memory,
    /// What the component asked to be kept, where that is wanted.
    recorded: Option<Tables>,
}

/// Holds a sandbox to its linear memory, and remembers the most of it, in bytes.
pub struct Memory {
    pub peak: usize,
}

/// One component, compiled and linked.
pub struct Alone {
    pre: RedirectStepPre<Host>,
    pub invocation: Invocation,
}

/// A sandbox that is alive.
pub struct Sandbox {
    pub store: Store<Host>,
    pub step: RedirectStep,
}

impl Alone {
    pub fn new(component: &[u8], fixture: &Fixture) -> Result<Self> {
        let engine = Engine::new(&config())?;
        let component = Component::from_binary(&engine, component)?;
        let mut linker = Linker::new(&engine);
        RedirectStep::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
        let invocation = Invocation {
            settings: fixture.settings.clone(),
            connector: fixture.connector.clone(),
            browser: BROWSER.to_vec(),
            round: 1,
        };
        Ok(Self { pre: RedirectStepPre::new(linker.instantiate_pre(&component)?)?, invocation })
    }

    pub fn instantiate(&self, tables: &Arc<Tables>) -> Result<Sandbox> {
        let host = Host { tables: Arc::clone(tables), drawn: 0, memory: Memory { peak: 0 }, recorded: None };
        let mut store = Store::new(self.pre.engine(), host);
        store.limiter(|host| &mut host.memory);
        store.set_epoch_deadline(u64::MAX / 2);
        let step = self.pre.instantiate(&mut store)?;
        Ok(Sandbox { store, step })
    }

    /// Runs a login once. Returns it, and the tables that an attempt of its own and warm keys make.
    pub fn login(&self, fixture: &Fixture) -> Result<(Login, Arc<Tables>)> {
        let tables = Arc::new(Tables { now: fixture.now, ..Tables::default() });
        let mut sandbox = self.instantiate(&tables)?;
        sandbox.store.data_mut().recorded = Some(Tables::default());
        let login = fixture.authorize(&sandbox.begin(self)?)?;
        let attempts = sandbox.recorded();
        let exchanges = login.exchanges.iter().map(|(url, canned)| (url.clone(), response(canned))).collect();
        let cold = Tables { now: fixture.now, attempts: attempts.attempts, exchanges, ..Tables::default() };

        let mut sandbox = self.instantiate(&Arc::new(cold.clone()))?;
        sandbox.store.data_mut().recorded = Some(Tables::default());
        sandbox.complete(self, &login)?;
        let cache = sandbox.recorded().cache;
        Ok((login, Arc::new(Tables { cache, ..cold })))
    }
}

impl Sandbox {
    pub fn describe(&mut self, alone: &Alone) -> Result<()> {
        let Invocation { settings, connector, .. } = &alone.invocation;
        let described = self.step.journey_step_settings().call_describe(&mut self.store, settings, connector)?;
        wasmtime::ensure!(described.problems.is_empty(), "{:?}", described.problems);
        Ok(())
    }

    /// The authorization request's URL.
    pub fn begin(&mut self, alone: &Alone) -> Result<String> {
        self.store.data_mut().drawn = 0;
        match self.step.journey_step_redirect().call_begin(&mut self.store, &alone.invocation)?.outcome {
            BeginOutcome::Redirect(request) => Ok(request.url),
            BeginOutcome::Failed(failure) => bail!("begin failed: {}", failure.code),
        }
    }

    pub fn complete(&mut self, alone: &Alone, login: &Login) -> Result<()> {
        self.store.data_mut().drawn = 0;
        let arrival = Arrival { url: login.arrival.clone(), parameters: login.query.clone() };
        let response = AuthorizationResponse::Query(arrival);
        let redirect = self.step.journey_step_redirect();
        match redirect.call_complete(&mut self.store, &alone.invocation, Some(SECRET), &response)?.outcome {
            CompleteOutcome::Authenticated(_) => Ok(()),
            CompleteOutcome::Failed(failure) | CompleteOutcome::Ignored(failure) => bail!("complete ended with {}", failure.code),
        }
    }

    fn recorded(mut self) -> Tables {
        self.store.data_mut().recorded.take().unwrap_or_default()
    }
}

impl Tables {
    pub fn without_cache(&self) -> Arc<Self> {
        Arc::new(Self { cache: HashMap::new(), ..self.clone() })
    }
}

/// As `host/src/sandbox/pool.rs` has it, for fewer sandboxes.
pub fn config() -> Config {
    const SANDBOXES: u32 = 40;
    const ITEMS: u32 = 8;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SANDBOXES)
        .total_core_instances(SANDBOXES * ITEMS)
        .total_memories(SANDBOXES)
        .total_tables(SANDBOXES * ITEMS)
        .max_core_instances_per_component(ITEMS)
        .max_memories_per_component(1)
        .max_tables_per_component(ITEMS)
        .max_memory_size(16 << 20)
        .table_elements(10_000)
        .table_keep_resident(64 << 10);
    let tells_written_pages = PoolingAllocationConfig::is_pagemap_scan_available();
    pool.pagemap_scan(if tells_written_pages { Enabled::Yes } else { Enabled::No })
        .linear_memory_keep_resident(if tells_written_pages { 2 << 20 } else { 0 });
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true);
    config
}

fn response(canned: &Canned) -> http::Response {
    let headers = vec![("content-type".to_owned(), canned.content_type.to_owned())];
    http::Response { status: 200, headers, body: canned.body.clone().into_bytes() }
}

impl http::Host for Host {
    fn fetch(&mut self, request: http::Request) -> StdResult<http::Response, http::Error> {
        let answer = self.tables.exchanges.get(&request.url).cloned();
        answer.ok_or_else(|| http::Error::Denied(format!("nothing is canned for {}", request.url)))
    }
}

impl variables::Host for Host {
    fn set(&mut self, _name: String, _json: Option<String>) -> StdResult<(), variables::Error> {
        Ok(())
    }
}

impl attempts::Host for Host {
    fn get(&mut self, key: String) -> StdResult<Option<attempts::Entry>, variables::Error> {
        let value = self.tables.attempts.get(&key).cloned();
        Ok(value.map(|value| attempts::Entry { value, revision: "1".to_owned() }))
    }

    fn put(&mut self, key: String, value: String, _lifetime: u32) -> StdResult<(), variables::Error> {
        if let Some(recorded) = &mut self.recorded {
            recorded.attempts.insert(key, value);
        }
        Ok(())
    }

    fn replace(&mut self, _key: String, _revision: String, _value: String, _lifetime: u32) -> StdResult<bool, variables::Error> {
        Ok(true)
    }
}

impl tenant_cache::Host for Host {
    fn get(&mut self, key: String) -> StdResult<Option<String>, variables::Error> {
        Ok(self.tables.cache.get(&key).cloned())
    }

    fn put(&mut self, key: String, value: String, _lifetime: u32) -> StdResult<(), variables::Error> {
        if let Some(recorded) = &mut self.recorded {
            recorded.cache.insert(key, value);
        }
        Ok(())
    }
}

impl wall_clock::Host for Host {
    fn now(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: self.tables.now, nanoseconds: 0 }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 1, nanoseconds: 0 }
    }
}

impl random::Host for Host {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        let from = self.drawn;
        self.drawn += len;
        (from..self.drawn).map(random_byte).collect()
    }

    fn get_random_u64(&mut self) -> u64 {
        let bytes = self.get_random_bytes(8);
        bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.peak = self.peak.max(desired);
        Ok(desired <= 16 << 20)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 10_000)
    }
}
