//! The engine's settings, and those of its pool of sandboxes.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use super::limits::{CORE_ITEMS, Limits};
use super::shares::Capacity;

/// One sandbox beside those of the calls: a component is instantiated once when it is loaded, also where all the others are at
/// work.
const LOADING: usize = 1;

/// Bytes of a sandbox's memory that stay mapped where the kernel can tell which pages were written (`PAGEMAP_SCAN`, Linux 6.7):
/// all that a login uses. A fresh sandbox then takes 12 µs and 3 page faults. Elsewhere each kept byte is zeroed for each call: 1
/// MiB makes a fresh sandbox take 42 µs, none makes it 12 µs and 10 page faults.
const RESIDENT: usize = 2 << 20;

/// The same of each of its tables, however long: a component's own has one page, which is zeroed sooner than it is given back and
/// faulted in anew.
const RESIDENT_TABLE: usize = 64 << 10;

/// What a step doesn't need is switched off. Vectors of 128 bits are on, for the signature's arithmetic; relaxed ones aren't,
/// whose results differ between processors. Garbage collection, threads, stack switching and component-model async aren't even
/// compiled into this host.
pub(super) fn config(capacity: Capacity) -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(capacity)))
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .consume_fuel(false)
        .concurrency_support(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_simd(true)
        .wasm_tail_call(false);
    config
}

/// Reserves 4 GiB of addresses for each sandbox, which is what lets compiled code do without checks of each access: 258 GB for 64
/// of them, of 128 TB that a process has. Memory is taken only as it is used.
fn pool(capacity: Capacity) -> PoolingAllocationConfig {
    let sandboxes = u32::try_from(capacity.sandboxes.saturating_add(LOADING)).unwrap_or(u32::MAX);
    let items = CORE_ITEMS as u32;
    let all_items = sandboxes.saturating_mul(items);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(sandboxes)
        .total_core_instances(all_items)
        .total_memories(sandboxes)
        .total_tables(all_items)
        .total_stacks(sandboxes)
        .max_core_instances_per_component(items)
        .max_memories_per_component(1)
        .max_tables_per_component(items)
        .max_memory_size(Limits::POOL_MEMORY)
        .table_elements(Limits::default().table_elements)
        .table_keep_resident(RESIDENT_TABLE);
    let tells_written_pages = PoolingAllocationConfig::is_pagemap_scan_available();
    pool.pagemap_scan(if tells_written_pages { Enabled::Yes } else { Enabled::No })
        .linear_memory_keep_resident(if tells_written_pages { RESIDENT } else { 0 });
    pool
}
