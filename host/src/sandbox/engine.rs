//! The component as machine code: compiled once for a process, instantiated for each call.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Result};

use super::bindings::{RedirectStep, RedirectStepPre};
use super::call::CallState;
use super::limits::{CORE_ITEMS, Limits};

/// How often a running component is asked for its processor time.
const TICK: Duration = Duration::from_millis(10);

/// Sandboxes at a time; a call that finds none free waits, within its wall-clock limit.
const SANDBOXES: u32 = 64;

/// One component, compiled and linked. Cheap to clone; one for a process is enough, whatever the number of tenants.
#[derive(Clone)]
pub struct Compiled {
    pub(super) step: RedirectStepPre<CallState>,
    pub(super) sandboxes: Arc<Semaphore>,
}

impl Compiled {
    /// Compiles the component in this file.
    ///
    /// # Errors
    ///
    /// As [`Compiled::new`]; also where the file can't be read.
    pub fn load(path: &Path) -> Result<Self> {
        Self::new(&std::fs::read(path)?)
    }

    /// Compiles a component from its binary form.
    ///
    /// # Errors
    ///
    /// Where it isn't a component, imports anything but the six interfaces of the world, or lacks an export.
    pub fn new(component: &[u8]) -> Result<Self> {
        let engine = Engine::new(&config())?;
        let component = Component::from_binary(&engine, component)?;
        let mut linker = Linker::<CallState>::new(&engine);
        RedirectStep::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        let step = RedirectStepPre::new(linker.instantiate_pre(&component)?)?;
        tick(&engine)?;
        Ok(Self { step, sandboxes: Arc::new(Semaphore::new(SANDBOXES as usize)) })
    }

    pub(super) fn engine(&self) -> &Engine {
        self.step.engine()
    }
}

/// What the component doesn't need is switched off. Garbage collection, threads, stack switching and component-model async aren't
/// even compiled into this host.
fn config() -> Config {
    let items = CORE_ITEMS as u32;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SANDBOXES)
        .total_core_instances(SANDBOXES * items)
        .total_memories(SANDBOXES)
        .total_tables(SANDBOXES * items)
        .total_stacks(SANDBOXES)
        .max_core_instances_per_component(items)
        .max_memories_per_component(1)
        .max_tables_per_component(items)
        .max_memory_size(Limits::POOL_MEMORY)
        .table_elements(Limits::default().table_elements)
        // A sandbox that comes back to the pool is emptied of the memory that it used; this much stays mapped, as zeroes.
        .linear_memory_keep_resident(1 << 20);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .consume_fuel(false)
        .concurrency_support(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_simd(false)
        .wasm_tail_call(false);
    config
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
