//! What is promised of a store that is another process's: restarts, networks that break, answers that are lost.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::attempts::{LONG, entry, value};
use super::ground::{Ground, apply, authenticated, change};
use super::journeys::variable;
use super::report::{Unheld, broken, ensure, expect};
use super::subject::Network;
use crate::stores::{Applied, CacheScope, Effect, StoreError};

const WAIT: Effect = Effect::Wait { expires_in: LONG };

/// How far from its beginning an act's answers are lost, one after the other: a transaction has a handful.
const ANSWERS: u32 = 6;

/// In a value, and in no error.
const SECRET: &str = "N0-err0r-sh0ws-this";

pub(super) async fn what_was_acknowledged_survives_a_restart(ground: Ground) -> Result<(), Unheld> {
    let (attempts, journeys) = (ground.attempts(), ground.journeys());
    if journeys.is_err() && attempts.is_err() {
        return attempts.map(drop);
    }
    let (visit, open) = (ground.visit("restart"), ground.visit("open"));
    let settle = change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?;
    let mut revisions = Vec::new();
    if let Ok(attempts) = &attempts {
        for _ in 0..3 {
            attempts[0].put(&open, "key", "the same", LONG).await?;
            revisions.push(entry(&attempts[0], &open, "key").await?.revision);
        }
    }
    if let Ok(journeys) = &journeys {
        apply(&journeys[0], &visit, &settle).await?;
        apply(&journeys[0], &open, &change(&[("out", Some("2"))], WAIT)?).await?;
    }
    ground.restart().await?;
    if let Ok(attempts) = &attempts {
        for attempts in attempts {
            let held = ground.recovers(async || attempts.get(&open, "key").await).await?;
            let held = held.ok_or_else(|| broken("an attempt from before the restart", "nothing"))?;
            expect("its value", held.value.as_str(), "the same")?;
            ensure(revisions.last() == Some(&held.revision), "its revision", || "another one".to_owned())?;
        }
        for _ in 0..3 {
            attempts[0].put(&open, "key", "the same", LONG).await?;
            let new = entry(&attempts[1], &open, "key").await?.revision;
            ensure(!revisions.contains(&new), "a revision that was not there before the restart", || "an old one".to_owned())?;
            revisions.push(new);
        }
    }
    if let Ok(journeys) = &journeys {
        for journeys in journeys {
            let settled = ground.recovers(async || journeys.settlement(&visit).await).await?;
            expect("a settlement from before the restart", settled, Some(authenticated("ada")))?;
            expect("its variable", variable(journeys, &visit, "out").await?.as_deref(), Some("1"))?;
            expect("the same change", journeys.apply(&visit, &settle).await?, Applied::Yes)?;
            let late = change(&[("out", None)], Effect::SettleUnlessPending(authenticated("late")))?;
            expect("another change", journeys.apply(&visit, &late).await?, Applied::Settled)?;
            expect("a visit that waited", journeys.apply(&open, &late).await?, Applied::Pending)?;
        }
    }
    Ok(())
}

pub(super) async fn a_server_that_is_gone_is_told_in_time(ground: Ground) -> Result<(), Unheld> {
    broken_network(ground, Network::Cut).await
}

pub(super) async fn a_server_that_is_silent_is_told_in_time(ground: Ground) -> Result<(), Unheld> {
    broken_network(ground, Network::Silent).await
}

async fn broken_network(ground: Ground, network: Network) -> Result<(), Unheld> {
    let visit = ground.visit("network");
    if let Ok(attempts) = ground.attempts() {
        attempts[0].put(&visit, "key", "before", LONG).await?;
    }
    ground.network(network).await?;
    let judged = every_call_fails_in_time(&ground).await;
    ground.network(Network::Sound).await?;
    judged?;
    if let Ok(attempts) = ground.attempts() {
        for attempts in &attempts {
            let held = ground.recovers(async || value(attempts, &visit, "key").await).await?;
            // A put whose request was on its way when the network broke may still arrive.
            ensure(held.is_some(), "an entry from before", || "nothing".to_owned())?;
        }
    }
    if let Ok(journeys) = ground.journeys() {
        for (number, journeys) in journeys.iter().enumerate() {
            let visit = ground.visit(&format!("after-{number}"));
            let settle = change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?;
            let applied = ground.recovers(async || journeys.apply(&visit, &settle).await).await?;
            expect("a change, when the network works again", applied, Applied::Yes)?;
        }
    }
    if let Ok(caches) = ground.caches() {
        for cache in &caches {
            ground.recovers(async || cache.get(&CacheScope::new("component", &visit.tenant), "key").await).await?;
        }
    }
    Ok(())
}

/// Each function at once, or the row would take a minute of waiting.
async fn every_call_fails_in_time(ground: &Ground) -> Result<(), Unheld> {
    let (visit, patience) = (ground.visit("network"), ground.subject.patience());
    let mut calls: tokio::task::JoinSet<Result<(), Unheld>> = tokio::task::JoinSet::new();
    if let Ok(attempts) = ground.attempts() {
        let [one, two, three, four] = std::array::from_fn(|_| (std::sync::Arc::clone(&attempts[0]), visit.clone()));
        calls.spawn(async move { fails_in_time(patience, "attempts.get", one.0.get(&one.1, "key")).await });
        calls.spawn(async move { fails_in_time(patience, "attempts.put", two.0.put(&two.1, "key", SECRET, LONG)).await });
        calls.spawn(async move {
            fails_in_time(patience, "attempts.replace", three.0.replace(&three.1, "key", "0", SECRET, LONG)).await
        });
        calls.spawn(async move { fails_in_time(patience, "attempts.leave", four.0.leave(&four.1.next())).await });
    }
    if let Ok(journeys) = ground.journeys() {
        let settle = change(&[("out", Some(&format!("\"{SECRET}\"")))], Effect::Settle(authenticated(SECRET)))?;
        let [one, two, three, four] = std::array::from_fn(|_| (std::sync::Arc::clone(&journeys[0]), visit.clone()));
        calls.spawn(async move { fails_in_time(patience, "journeys.apply", one.0.apply(&one.1, &settle)).await });
        calls.spawn(async move { fails_in_time(patience, "journeys.settlement", two.0.settlement(&two.1)).await });
        calls.spawn(async move {
            fails_in_time(patience, "journeys.variable", three.0.variable(&three.1.tenant, &three.1.journey, "out")).await
        });
        calls.spawn(async move { fails_in_time(patience, "journeys.forget", four.0.forget(&four.1.tenant, "none")).await });
    }
    if let Ok(caches) = ground.caches() {
        let scope = CacheScope::new("component", &visit.tenant);
        let [one, two] = std::array::from_fn(|_| (std::sync::Arc::clone(&caches[0]), scope.clone()));
        calls.spawn(async move { fails_in_time(patience, "cache.get", one.0.get(&one.1, "key")).await });
        calls.spawn(async move { fails_in_time(patience, "cache.put", two.0.put(&two.1, "key", SECRET, LONG)).await });
    }
    while let Some(joined) = calls.join_next().await {
        joined.map_err(|error| broken("a store that doesn't panic", error.to_string()))??;
    }
    Ok(())
}

async fn fails_in_time<T>(
    patience: Duration,
    call: &str,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<(), Unheld> {
    let since = Instant::now();
    // Twice as long, to say how much too late it is.
    let Ok(answer) = timeout(2 * patience, asked).await else {
        return Err(broken(format!("{call} says within {patience:?} that the server is unavailable"), "no answer"));
    };
    let took = since.elapsed();
    ensure(took <= patience, &format!("{call} answers within {patience:?}"), || format!("after {took:?}"))?;
    match answer {
        Err(StoreError::Unavailable(why)) => {
            ensure(!why.contains(SECRET), &format!("an error of {call} that shows no value"), || "the value in it".to_owned())?;
            ensure(!why.is_empty(), &format!("an error of {call} that says why"), || "no word".to_owned())
        }
        Err(error) => Err(broken(format!("{call}: unavailable"), format!("{error}"))),
        Ok(_) => Err(broken(format!("{call}: unavailable"), "an answer")),
    }
}

/// A client may send again what it has lost the answer of, by itself. Then it must come to the same.
pub(super) async fn a_replace_whose_answer_is_lost(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    lost(&ground, async |after| {
        let visit = ground.visit(&format!("replace-{after}"));
        connections[1].put(&visit, "key", "pending", LONG).await?;
        let before = entry(&connections[1], &visit, "key").await?;
        ground.recovers(async || connections[0].get(&visit, "key").await).await?;
        ground.network(Network::LosesAnswer { after }).await?;
        let said = connections[0].replace(&visit, "key", &before.revision, "own", LONG).await;
        ground.network(Network::Sound).await?;
        let held = ground.recovers(async || connections[1].get(&visit, "key").await).await?;
        let held = held.ok_or_else(|| broken("the entry", "nothing"))?;
        match said {
            Ok(true) => expect("replace said true", held.value.as_str(), "own")?,
            // Sent twice, it finds its own value: so does whoever reads the entry.
            Ok(false) => expect("replace said false, of nobody's else", held.value.as_str(), "own")?,
            Err(StoreError::Unavailable(_)) => {
                let is_whole = (held == before) || (held.value == "own" && held.revision != before.revision);
                ensure(is_whole, "it happened, or not", || "half of it".to_owned())?;
            }
            Err(error) => return Err(broken("an answer, or unavailable", format!("{error}"))),
        }
        // Asked again by the step, as `wit/` says: at most one of two calls has it.
        let others = connections[2].replace(&visit, "key", &before.revision, "another", LONG).await?;
        expect("another caller gets what nobody has taken", others, held == before)
    })
    .await
}

pub(super) async fn a_put_whose_answer_is_lost(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    lost(&ground, async |after| {
        let visit = ground.visit(&format!("put-{after}"));
        connections[1].put(&visit, "key", "before", LONG).await?;
        ground.recovers(async || connections[0].get(&visit, "key").await).await?;
        ground.network(Network::LosesAnswer { after }).await?;
        let said = connections[0].put(&visit, "key", "after", LONG).await;
        ground.network(Network::Sound).await?;
        let held = ground.recovers(async || value(&connections[1], &visit, "key").await).await?;
        match said {
            Ok(()) => expect("put said that it is done", held.as_deref(), Some("after"))?,
            Err(StoreError::Unavailable(_)) => {
                let is_whole = matches!(held.as_deref(), Some("before" | "after"));
                ensure(is_whole, "the entry of before, or the new one", || format!("{held:?}"))?;
            }
            Err(error) => return Err(broken("an answer, or unavailable", format!("{error}"))),
        }
        ground.recovers(async || connections[0].put(&visit, "key", "again", LONG).await).await?;
        expect("put again", value(&connections[1], &visit, "key").await?.as_deref(), Some("again"))
    })
    .await
}

pub(super) async fn a_change_whose_answer_is_lost(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    lost(&ground, async |after| {
        let visit = ground.visit(&format!("apply-{after}"));
        apply(&connections[1], &visit, &change(&[("out", Some("0")), ("error", Some("0"))], WAIT)?).await?;
        ground.recovers(async || connections[0].settlement(&visit).await).await?;
        let settle = change(&[("out", Some("1")), ("error", None)], Effect::Settle(authenticated("ada")))?;
        ground.network(Network::LosesAnswer { after }).await?;
        let said = connections[0].apply(&visit, &settle).await;
        ground.network(Network::Sound).await?;
        let settled = ground.recovers(async || connections[1].settlement(&visit).await).await?;
        let is_settled = settled == Some(authenticated("ada"));
        let (out, error) = if is_settled { (Some("1"), None) } else { (Some("0"), Some("0")) };
        expect("all of it, or nothing", variable(&connections[1], &visit, "out").await?.as_deref(), out)?;
        expect("all of it, or nothing", variable(&connections[1], &visit, "error").await?.as_deref(), error)?;
        match said {
            Ok(applied) => {
                expect("what apply said", applied, Applied::Yes)?;
                expect("and what it did", is_settled, true)?;
            }
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(broken("an answer, or unavailable", format!("{error}"))),
        }
        // The host repeats it, under the same id.
        let again = ground.recovers(async || connections[0].apply(&visit, &settle).await).await?;
        expect("the same change again", again, Applied::Yes)?;
        expect("it is in effect", variable(&connections[1], &visit, "out").await?.as_deref(), Some("1"))
    })
    .await
}

/// Plays it with each of its answers lost.
async fn lost(ground: &Ground, play: impl AsyncFn(u32) -> Result<(), Unheld>) -> Result<(), Unheld> {
    let before = ground.subject.answers_lost();
    for after in 0..ANSWERS {
        play(after).await?;
    }
    let lost = ground.subject.answers_lost() - before;
    ensure(lost > 0, "answers that are lost (`Subject::answers_lost`)", || "none was".to_owned())
}
