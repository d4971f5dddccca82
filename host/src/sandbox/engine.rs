//! The engine of a process, and the components that it runs: each compiled and checked once, instantiated for each call.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::error::Context;
use wasmtime::{Config, Engine, Result};

use super::bindings::RedirectStep;
use super::exports::Exports;
use super::pool;
use super::scheduler::{Busy, Place, Scheduler};
use super::shape;
use super::shares::{Capacity, Phase};
use super::state::CallState;
use crate::clock::lock;

/// How often a running component is asked for its processor time: a twenty-fifth of what it may have. Asking takes less than a
/// microsecond.
const TICK: Duration = Duration::from_millis(10);

/// The engine, with one pool of sandboxes for all its components. One for a process: it reserves 4 GiB of addresses for each
/// sandbox. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    linker: Linker<CallState>,
    scheduler: Scheduler,
    /// One component is checked at a time: the pool has one sandbox for that.
    checking: Mutex<()>,
}

/// One component, compiled, checked and linked. Cheap to clone; one is enough, whatever the number of tenants.
#[derive(Clone)]
pub struct Compiled {
    pub(super) linked: InstancePre<CallState>,
    pub(super) exports: Arc<Exports>,
    runtime: Runtime,
    name: Arc<str>,
    version: Arc<str>,
}

impl Runtime {
    /// Starts the engine. Compiled code isn't kept.
    ///
    /// # Errors
    ///
    /// Where the machine hasn't the addresses for so many sandboxes.
    pub fn new(capacity: Capacity) -> Result<Self> {
        Self::with(pool::config(capacity), capacity)
    }

    /// The same, which keeps compiled code in this folder, so that a component isn't compiled at each start. The folder is made
    /// where there is none; nobody but this process's user may be let in, nor be able to put another one in its place.
    ///
    /// # Errors
    ///
    /// As [`Runtime::new`]; also where the folder is a symbolic link, belongs to another user, or has another mode than 700.
    #[cfg(feature = "cache")]
    pub fn keeping(capacity: Capacity, folder: &Path) -> Result<Self> {
        let mut config = pool::config(capacity);
        config.cache(Some(super::folder::cache(folder)?));
        Self::with(config, capacity)
    }

    /// Compiles the component in this file. Takes a second or so of processor time: within an async function, on a thread for
    /// such work.
    ///
    /// # Errors
    ///
    /// As [`Runtime::compile`]; also where the file can't be read.
    pub fn load(&self, name: &str, path: &Path) -> Result<Compiled> {
        let component = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
        self.compile(name, &component)
    }

    /// Compiles a component from its binary form. `name`: the operator's own; what the component caches for a tenant belongs to
    /// it, so an upgrade has the same name, and another component another one.
    ///
    /// # Errors
    ///
    /// Where it isn't a component, or hasn't the shape of the contract: the error names the interface and the function that
    /// differs.
    pub fn compile(&self, name: &str, component: &[u8]) -> Result<Compiled> {
        let version = version(component);
        let component = Component::from_binary(self.0.linker.engine(), component)?;
        let linked = self.0.linker.instantiate_pre(&component)?;
        let exports = Exports::of(&component)?;
        {
            let _one_at_a_time = lock(&self.0.checking);
            shape::check(&linked, &exports)?;
        }
        Ok(Compiled { linked, exports: Arc::new(exports), runtime: self.clone(), name: name.into(), version })
    }

    fn with(config: Config, capacity: Capacity) -> Result<Self> {
        let engine = Engine::new(&config)?;
        let mut linker = Linker::<CallState>::new(&engine);
        RedirectStep::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        tick(&engine)?;
        Ok(Self(Arc::new(Inner { linker, scheduler: Scheduler::new(capacity), checking: Mutex::new(()) })))
    }
}

impl Compiled {
    /// As the operator named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and version, for what outlives this.
    pub(crate) fn names(&self) -> [Arc<str>; 2] {
        [Arc::clone(&self.name), Arc::clone(&self.version)]
    }

    /// Which binary it is: the first 12 hexadecimal digits of its SHA-256.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn engine(&self) -> &Engine {
        self.linked.engine()
    }

    /// A place among the calls of its tenant.
    pub(crate) fn enter(&self, tenant: &str, phase: Phase) -> Result<Place, Busy> {
        self.runtime.0.scheduler.enter(tenant, phase)
    }
}

fn version(component: &[u8]) -> Arc<str> {
    Sha256::digest(component).iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// A thread of its own, so that a component which keeps every worker thread busy is still interrupted. It ends with the engine.
fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(())
}
