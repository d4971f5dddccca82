//! What `wit/stores.wit` and [`TenantCache`] promise of a cache: little, but to whom it belongs.

use std::sync::Arc;

use super::attempts::{HUGE, LARGE, LONG};
use super::ground::Ground;
use super::odd;
use super::report::{Unheld, broken, ensure, expect};
use crate::stores::{CacheScope, StoreError, TenantCache};

/// Tries until an entry is there: it may vanish at any time, but not each time.
const TRIES: usize = 3;

fn scope(ground: &Ground) -> CacheScope {
    CacheScope::new("component", &ground.tenant())
}

/// Puts it until it is there.
async fn kept(cache: &Arc<dyn TenantCache>, scope: &CacheScope, key: &str, value: &str) -> Result<(), Unheld> {
    for _ in 0..TRIES {
        cache.put(scope, key, value, LONG).await?;
        match cache.get(scope, key).await? {
            Some(held) => return expect("what was put last", held.as_str(), value),
            None => tokio::task::yield_now().await,
        }
    }
    Err(broken("a cache that keeps something", format!("nothing, {TRIES} times")))
}

pub(super) async fn what_was_put_last_is_read_or_nothing(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.caches()?;
    let scope = scope(&ground);
    expect("what was never put", connections[0].get(&scope, "never").await?, None)?;
    for round in 0..10 {
        let text = format!("value {round}");
        kept(&connections[round % connections.len()], &scope, "key", &text).await?;
        for cache in &connections {
            let held = cache.get(&scope, "key").await?;
            ensure(held.as_ref().is_none_or(|held| *held == text), "what was put last, or nothing", || format!("{held:?}"))?;
        }
    }
    Ok(())
}

pub(super) async fn a_cache_is_one_components_of_one_tenant(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.caches()?;
    let tenant = ground.tenant();
    let scopes = [
        CacheScope::new("component", &tenant),
        CacheScope::new("another", &tenant),
        CacheScope::new("component", &format!("{tenant}-b")),
        CacheScope::new("Component", &tenant),
        CacheScope::new("", &tenant),
        CacheScope::new(&tenant, "component"),
    ];
    for (number, scope) in scopes.iter().enumerate() {
        for other in &scopes[number + 1..] {
            expect("another one's, before it was put", connections[1].get(other, "key").await?, None)?;
        }
        kept(&connections[0], scope, "key", &format!("of {number}")).await?;
    }
    for (number, scope) in scopes.iter().enumerate() {
        let held = connections[1].get(scope, "key").await?;
        ensure(held.as_ref().is_none_or(|held| *held == format!("of {number}")), "its own, or nothing", || format!("{held:?}"))?;
    }
    Ok(())
}

pub(super) async fn keys_and_values_of_any_kind(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.caches()?;
    let scope = scope(&ground);
    let mut keys = odd::names();
    keys.extend(["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/.well-known/jwks.json".to_owned()]);
    for key in &keys {
        kept(&connections[0], &scope, key, &format!("of {key}")).await?;
    }
    for key in &keys {
        let held = connections[1].get(&scope, key).await?;
        ensure(held.as_ref().is_none_or(|held| *held == format!("of {key}")), "the value under that key, or nothing", || {
            format!("{held:?} under {key:?}")
        })?;
    }
    for value in odd::values() {
        kept(&connections[0], &scope, "key", &value).await?;
    }
    Ok(())
}

pub(super) async fn a_long_entry_is_kept_whole_or_too_large(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.caches()?;
    let scope = scope(&ground);
    kept(&connections[0], &scope, "key", &odd::long(LARGE)).await?;
    kept(&connections[0], &scope, "key", "before").await?;
    let huge = odd::long(HUGE);
    let put = connections[0].put(&scope, "key", &huge, LONG).await;
    let held = connections[1].get(&scope, "key").await?;
    match put {
        Ok(()) => {
            ensure(held.as_ref().is_none_or(|held| *held == huge), "2 MiB, whole or not at all", || "a part of it".to_owned())
        }
        Err(StoreError::TooLarge | StoreError::Refused(_)) => {
            ensure(held.as_ref().is_none_or(|held| held == "before"), "too large changes nothing", || "another value".to_owned())
        }
        Err(error) => Err(broken("2 MiB are taken, or too large", format!("{error}"))),
    }
}
