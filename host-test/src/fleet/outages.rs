//! Stores that are restarted, paused, full, gone, or lose an answer, while logins are under way. The hosts are never restarted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use journey_host::conformance::Network;
use serde_json::json;

use super::ground::{Ground, HOSTS, Server, lock};
use super::logins::listed;

/// Logins under way when something happens.
const LOGINS: usize = 6;

/// Until a host has noticed that its store is back.
const RECOVERY: Duration = Duration::from_secs(30);

/// What a call is told while the store doesn't answer.
const DURING: [&str; 2] = ["busy", "ignored: storage_failed"];

async fn under_way(ground: &Arc<Ground>) -> anyhow::Result<Vec<(String, String)>> {
    let mut under_way = Vec::new();
    for number in 0..LOGINS {
        under_way.push(ground.signed_in(&ground.hosts[number % HOSTS]).await?);
    }
    Ok(under_way)
}

/// Gives the response of each login again until it is taken, as a page that says 503 does.
async fn all_end_well(ground: &Arc<Ground>, under_way: &[(String, String)]) -> anyhow::Result<()> {
    for (number, (journey, target)) in under_way.iter().enumerate() {
        let host = &ground.hosts[(number + 1) % HOSTS];
        let since = Instant::now();
        loop {
            match ground.complete(host, journey, target).await?.as_str() {
                "authenticated" => break,
                verdict if DURING.contains(&verdict) && since.elapsed() < RECOVERY => {}
                verdict => bail!("when the store was back: {verdict}"),
            }
        }
        ground.has_output(&ground.hosts[number % HOSTS], journey).await?;
    }
    Ok(())
}

/// One response while the store is away: nothing is taken, nothing is sent.
async fn one_meanwhile(ground: &Arc<Ground>, under_way: &[(String, String)]) -> anyhow::Result<String> {
    let mark = ground.cognito.requests().mark();
    let Some((journey, target)) = under_way.first() else { bail!("no login is under way") };
    let verdict = ground.complete(&ground.hosts[0], journey, target).await?;
    ensure!(DURING.contains(&verdict.as_str()), "while the store was away: {verdict}");
    ensure!(ground.exchanges_since(mark) == 0, "a code was sent");
    Ok(verdict)
}

/// Stopped and started again by its operator.
pub(super) async fn restarted(ground: &Arc<Ground>) -> anyhow::Result<String> {
    let under_way = under_way(ground).await?;
    lock(&ground.server).stop();
    let meanwhile = one_meanwhile(ground, &under_way).await?;
    lock(&ground.server).run()?;
    all_end_well(ground, &under_way).await?;
    Ok(format!("meanwhile {meanwhile}; then all {LOGINS} authenticated, by the same hosts"))
}

/// Killed, and started again.
pub(super) async fn killed(ground: &Arc<Ground>) -> anyhow::Result<String> {
    let under_way = under_way(ground).await?;
    lock(&ground.server).kill();
    let meanwhile = one_meanwhile(ground, &under_way).await?;
    lock(&ground.server).run()?;
    all_end_well(ground, &under_way).await?;
    Ok(format!("meanwhile {meanwhile}; then all {LOGINS} authenticated, by the same hosts"))
}

/// A server, or the wire to it, that says nothing, and closes nothing.
pub(super) async fn silent(ground: &Arc<Ground>) -> anyhow::Result<String> {
    let under_way = under_way(ground).await?;
    ground.network(Network::Silent);
    let meanwhile = one_meanwhile(ground, &under_way).await;
    ground.network(Network::Sound);
    let meanwhile = meanwhile?;
    all_end_well(ground, &under_way).await?;
    Ok(format!("meanwhile {meanwhile}; then all {LOGINS} authenticated, by the same hosts"))
}

/// Redis alone: its process stands still (SIGSTOP).
pub(super) async fn paused(ground: &Arc<Ground>) -> anyhow::Result<String> {
    let under_way = under_way(ground).await?;
    if let Server::Redis(server) = &*lock(&ground.server) {
        server.pause();
    }
    let meanwhile = one_meanwhile(ground, &under_way).await;
    if let Server::Redis(server) = &*lock(&ground.server) {
        server.resume();
    }
    let meanwhile = meanwhile?;
    all_end_well(ground, &under_way).await?;
    Ok(format!("meanwhile {meanwhile}; then all {LOGINS} authenticated, by the same hosts"))
}

/// Redis alone: at `maxmemory`, every write is refused.
pub(super) async fn full(ground: &Arc<Ground>) -> anyhow::Result<String> {
    let limit = |memory: &str| -> anyhow::Result<()> {
        if let Server::Redis(server) = &*lock(&ground.server) {
            let said = server.cli(&["CONFIG", "SET", "maxmemory", memory]).map_err(anyhow::Error::msg)?;
            ensure!(said == "OK", "maxmemory: {said}");
        }
        Ok(())
    };
    let under_way = under_way(ground).await?;
    limit("1")?;
    let meanwhile = one_meanwhile(ground, &under_way).await;
    // A begin can't be told as anything before it can be applied: it waits for that up to 75 s.
    let journey = ground.journey();
    let begins = ground.hosts[1].verdict(json!({ "do": "begin", "journey": journey }));
    let freed = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        limit("0")
    };
    let (begun, is_freed) = tokio::join!(begins, freed);
    is_freed?;
    let (meanwhile, begun) = (meanwhile?, begun?);
    ensure!(["failed: storage_failed", "redirect"].contains(&begun.as_str()), "begin: {begun}");
    all_end_well(ground, &under_way).await?;
    Ok(format!("meanwhile complete: {meanwhile}, begin: {begun}; then all {LOGINS} authenticated"))
}

/// Redis alone, without persistence: what was pending is gone, and a visit still has an end.
pub(super) async fn restarted_without_persistence(ground: &Arc<Ground>) -> anyhow::Result<String> {
    let journey = ground.journey();
    let redirect = ground.begin(&ground.hosts[0], &journey).await?;
    let target = ground.sign_in(&redirect).await?;
    let mark = ground.cognito.requests().mark();
    {
        let mut server = lock(&ground.server);
        server.stop();
        server.run()?;
    }
    let since = Instant::now();
    let told = loop {
        match ground.complete(&ground.hosts[1], &journey, &target).await? {
            verdict if DURING.contains(&verdict.as_str()) && since.elapsed() < RECOVERY => {}
            verdict => break verdict,
        }
    };
    ensure!(told == "ignored: state_unknown", "complete: {told}");
    let abandoned = ground.hosts[2].verdict(json!({ "do": "abandon", "journey": journey, "state": redirect.state })).await?;
    ensure!(abandoned == "failed: login_interrupted", "abandoned: {abandoned}");
    ensure!(ground.exchanges_since(mark) == 0, "a code was sent");
    let (journey, target) = ground.signed_in(&ground.hosts[0]).await?;
    ground.completes(&ground.hosts[1], &journey, &target).await?;
    Ok(format!("the pending login: {told}; abandoned: {abandoned}; the next one: authenticated, by the same hosts"))
}

/// Each answer that a `complete` gets of its store is lost in turn, with its connection: of PostgreSQL that of each statement and
/// of COMMIT.
pub(super) async fn answers_lost(ground: &Arc<Ground>) -> anyhow::Result<String> {
    const MOST: u32 = 60;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for after in 0..MOST {
        let (journey, target) = ground.signed_in(&ground.hosts[0]).await?;
        let (mark, lost) = (ground.cognito.requests().mark(), ground.relay.answers_lost());
        ground.network(Network::LosesAnswer { after });
        let verdict = ground.complete(&ground.hosts[0], &journey, &target).await;
        ground.network(Network::Sound);
        let verdict = verdict?;
        ensure!(["authenticated", "ignored: storage_failed"].contains(&verdict.as_str()), "answer {after}: {verdict}");
        if verdict != "authenticated" {
            ground.completes(&ground.hosts[1], &journey, &target).await?;
        }
        ensure!(ground.exchanges_since(mark) == 1, "answer {after}: {} codes were sent", ground.exchanges_since(mark));
        ground.has_output(&ground.hosts[2], &journey).await?;
        if ground.relay.answers_lost() == lost {
            ensure!(after >= 5, "a complete that gets {after} answers");
            return Ok(format!("{after} answers lost, one at a time: {}; each code sent once, each output whole", listed(&told)));
        }
        *told.entry(verdict).or_default() += 1;
    }
    bail!("more than {MOST} answers")
}
