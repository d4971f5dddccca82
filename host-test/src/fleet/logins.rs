//! Logins on a fleet whose parts all work: hosts that take turns, the same response everywhere, two versions of the component.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{anyhow, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::ground::{Ground, HOSTS};

/// Logins under way at a time.
const AT_A_TIME: usize = 12;

/// Each begins on one host, is completed by the next one, and looked at on the third.
pub(super) async fn take_turns(ground: &Arc<Ground>, logins: usize) -> anyhow::Result<String> {
    let mark = ground.cognito.requests().mark();
    let next = Arc::new(AtomicUsize::new(0));
    let mut users = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (ground, next) = (Arc::clone(ground), Arc::clone(&next));
        users.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= logins {
                    return anyhow::Ok(());
                }
                let [first, second, third] = [0, 1, 2].map(|step| &ground.hosts[(number + step) % HOSTS]);
                let (journey, target) = ground.signed_in(first).await?;
                let verdict = ground.complete(second, &journey, &target).await?;
                ensure!(verdict == "authenticated", "login {number}: {verdict}");
                ground.has_output(third, &journey).await?;
            }
        });
    }
    while let Some(user) = users.join_next().await {
        user??;
    }
    let exchanges = ground.exchanges_since(mark);
    ensure!(exchanges == logins, "{exchanges} codes were sent in {logins} logins");
    Ok(format!("{logins} authenticated, {exchanges} codes sent, {logins} outputs whole on a third host"))
}

/// The same response at all hosts at once, several times at each.
pub(super) async fn at_all_hosts_at_once(ground: &Arc<Ground>, rounds: usize) -> anyhow::Result<String> {
    const EACH: usize = 4;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..rounds {
        let (journey, target) = ground.signed_in(&ground.hosts[round % HOSTS]).await?;
        let mark = ground.cognito.requests().mark();
        let mut calls = JoinSet::new();
        for number in 0..HOSTS * EACH {
            let (ground, journey, target) = (Arc::clone(ground), journey.clone(), target.clone());
            calls.spawn(async move { ground.complete(&ground.hosts[number % HOSTS], &journey, &target).await });
        }
        let mut won = 0;
        while let Some(verdict) = calls.join_next().await {
            let verdict = verdict??;
            won += usize::from(verdict == "authenticated");
            let is_known = ["authenticated", "ignored: duplicate", "too late: duplicate"].contains(&verdict.as_str());
            ensure!(is_known, "{verdict}");
            *told.entry(verdict).or_default() += 1;
        }
        ensure!(won == 1, "{won} calls were told authenticated");
        ensure!(ground.exchanges_since(mark) == 1, "{} codes were sent", ground.exchanges_since(mark));
        ground.has_output(&ground.hosts[0], &journey).await?;
    }
    Ok(format!("one outcome and one exchange each time: {}", listed(&told)))
}

/// A rolling deployment: some hosts have the new version already.
pub(super) async fn two_versions(ground: &Arc<Ground>, logins: usize) -> anyhow::Result<String> {
    let variant = Variant::of(&ground.setup.component)?;
    let new = ground.host_of(&variant.path()).await?;
    for number in 0..logins {
        let old = &ground.hosts[number % HOSTS];
        for (first, second) in [(old, &new), (&new, old)] {
            let (journey, target) = ground.signed_in(first).await?;
            ground.completes(second, &journey, &target).await?;
        }
    }
    // And one host changes over while logins are under way on it.
    let changes = ground.another_host().await?;
    let mut under_way = Vec::new();
    for _ in 0..logins {
        under_way.push(ground.signed_in(&changes).await?);
    }
    let (before, after) = under_way.split_at(logins / 2);
    for (journey, target) in before {
        ground.completes(&changes, journey, target).await?;
    }
    changes.ask(json!({ "do": "replace", "component": variant.path() })).await?;
    for (journey, target) in after {
        ground.completes(&changes, journey, target).await?;
    }
    Ok(format!("{} begun by one and completed by the other, {logins} on a host that changed over: all authenticated", 2 * logins))
}

/// Another binary of the same contract, under the same name: until there are releases, the same code.
struct Variant(std::path::PathBuf);

impl Variant {
    fn of(component: &str) -> anyhow::Result<Self> {
        // A custom section (WebAssembly core specification, 5.5.3) that nobody reads.
        const SECTION: &[u8] = b"\x00\x08\x07another";
        let mut bytes = std::fs::read(component)?;
        bytes.extend_from_slice(SECTION);
        let path = std::env::temp_dir().join(format!("another-version-{}.wasm", std::process::id()));
        std::fs::write(&path, bytes).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Variant {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(super) fn listed(told: &BTreeMap<String, usize>) -> String {
    told.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
}
