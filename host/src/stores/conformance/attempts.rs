//! What `wit/stores.wit` and [`Attempts`] promise of entries that are replaced by revision.

use std::collections::HashSet;
use std::sync::Arc;

use super::ground::{Ground, race, together};
use super::odd;
use super::report::{Unheld, broken, ensure, expect};
use crate::stores::{Attempts, Entry, StoreError};
use crate::visit::Visit;

/// Seconds, far longer than a run.
pub(super) const LONG: u32 = 3600;

/// The longest revision that a host passes on to a step, in bytes.
const MAX_REVISION: usize = 128;

/// A value of 512 KiB is taken: `wit/stores.wit`.
pub(super) const LARGE: usize = 512 << 10;

/// Longer than any host passes on. Stores may take it.
pub(super) const HUGE: usize = 2 << 20;

/// Entries of a visit that a store holds at least.
const ENTRIES: usize = 128;

/// By so many a store has said that the visit has too many.
const TOO_MANY: usize = 1100;

pub(super) async fn value(attempts: &Arc<dyn Attempts>, visit: &Visit, key: &str) -> Result<Option<String>, StoreError> {
    Ok(attempts.get(visit, key).await?.map(|entry| entry.value))
}

pub(super) async fn entry(attempts: &Arc<dyn Attempts>, visit: &Visit, key: &str) -> Result<Entry, Unheld> {
    attempts.get(visit, key).await?.ok_or_else(|| broken("what was put is there", "nothing"))
}

pub(super) async fn nothing_is_there_unless_it_was_put(ground: Ground) -> Result<(), Unheld> {
    for attempts in ground.attempts()? {
        let visit = ground.visit("none");
        expect("an entry that was never put", attempts.get(&visit, "key").await?, None)?;
        expect("replacing it", attempts.replace(&visit, "key", "", "value", LONG).await?, false)?;
        expect("replacing it by any revision", attempts.replace(&visit, "key", "0", "value", LONG).await?, false)?;
        expect("and it still isn't there", attempts.get(&visit, "key").await?, None)?;
    }
    Ok(())
}

pub(super) async fn what_has_returned_is_seen_on_every_connection(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("seen");
    for round in 0..30 {
        let (writer, put) = (&connections[round % connections.len()], format!("put {round}"));
        writer.put(&visit, "key", &put, LONG).await?;
        let mut revision = String::new();
        for reader in &connections {
            let seen = entry(reader, &visit, "key").await?;
            expect("a get after the put has returned", &seen.value, &put)?;
            revision = seen.revision;
        }
        let replacer = &connections[(round + 1) % connections.len()];
        let new = format!("replaced {round}");
        expect("a replace of that revision", replacer.replace(&visit, "key", &revision, &new, LONG).await?, true)?;
        for reader in &connections {
            expect("a get after the replace has returned", value(reader, &visit, "key").await?.as_ref(), Some(&new))?;
        }
    }
    Ok(())
}

pub(super) async fn a_revision_never_comes_twice(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("revisions");
    let mut known = HashSet::new();
    for round in 0..12 {
        let attempts = &connections[round % connections.len()];
        // Thrice the same value, by each of both acts, and after the entry was dropped: another state each time.
        attempts.put(&visit, "key", "the same", LONG).await?;
        let put = entry(attempts, &visit, "key").await?.revision;
        expect("a get changes no revision", &entry(attempts, &visit, "key").await?.revision, &put)?;
        expect("a replace by the same value", attempts.replace(&visit, "key", &put, "the same", LONG).await?, true)?;
        let replaced = entry(attempts, &visit, "key").await?.revision;
        for revision in [&put, &replaced] {
            ensure(revision.len() <= MAX_REVISION, "a revision of at most 128 bytes", || format!("{} bytes", revision.len()))?;
            ensure(known.insert(revision.clone()), "a revision that was never there before", || {
                format!("the same one again, in round {round}")
            })?;
        }
        for old in &known {
            let is_replaced = *old != replaced && attempts.replace(&visit, "key", old, "stolen", LONG).await?;
            ensure(!is_replaced, "an old revision replaces nothing", || format!("it did, in round {round}"))?;
        }
        if round % 3 == 2 {
            attempts.leave(&visit).await?;
        }
    }
    Ok(())
}

pub(super) async fn an_entry_is_replaced_in_the_state_that_was_read_alone(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let (attempts, other) = (&connections[0], &connections[1]);
    let visit = ground.visit("stale");
    attempts.put(&visit, "key", "first", LONG).await?;
    let first = entry(attempts, &visit, "key").await?.revision;
    attempts.put(&visit, "key", "second", LONG).await?;
    expect("a put stands, whatever was there", value(other, &visit, "key").await?.as_deref(), Some("second"))?;
    for revision in [first.as_str(), "", "no such revision", "-1"] {
        expect("replacing another state", other.replace(&visit, "key", revision, "late", LONG).await?, false)?;
    }
    let second = entry(other, &visit, "key").await?;
    expect("it is unchanged", second.value.as_str(), "second")?;
    expect("replacing this state", other.replace(&visit, "key", &second.revision, "third", LONG).await?, true)?;
    expect("replacing it again", attempts.replace(&visit, "key", &second.revision, "late", LONG).await?, false)?;
    expect("the replaced value", value(attempts, &visit, "key").await?.as_deref(), Some("third"))
}

pub(super) async fn of_many_who_replace_one_succeeds(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("race");
    for round in 0..10 {
        connections[0].put(&visit, "key", "pending", LONG).await?;
        let revision = entry(&connections[round % connections.len()], &visit, "key").await?.revision;
        let took = race(&connections, |number, attempts| {
            let (visit, revision) = (visit.clone(), revision.clone());
            async move { attempts.replace(&visit, "key", &revision, &format!("taken by {number}"), LONG).await }
        })
        .await?;
        let winners: Vec<usize> = (0..took.len()).filter(|&number| took[number]).collect();
        let [winner] = winners[..] else {
            return Err(broken("one of them replaces it", format!("{} did", winners.len())));
        };
        let held = value(&connections[(round + 1) % connections.len()], &visit, "key").await?;
        expect("the entry is the winner's", held, Some(format!("taken by {winner}")))?;
    }
    Ok(())
}

/// Whichever of the two comes first: in the end the entry is what was put.
pub(super) async fn a_put_is_not_lost_to_a_replace(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("put-or-replace");
    for round in 0..20 {
        connections[0].put(&visit, "key", "pending", LONG).await?;
        let revision = entry(&connections[0], &visit, "key").await?.revision;
        let (putter, replacer) = (Arc::clone(&connections[1]), Arc::clone(&connections[2 * (round % 2)]));
        let (own, its) = (visit.clone(), visit.clone());
        let (put, replaced) = together(round, async move { putter.put(&own, "key", "put", LONG).await }, async move {
            replacer.replace(&its, "key", &revision, "replaced", LONG).await
        })
        .await?;
        put?;
        let said = replaced?;
        let held = value(&connections[0], &visit, "key").await?;
        ensure(held.as_deref() == Some("put"), "the entry as it was put, whichever came first", || {
            format!("{held:?}, and replace said {said}")
        })?;
    }
    Ok(())
}

/// What a client does that has lost the answer.
pub(super) async fn a_replace_that_is_repeated_finds_its_own_value(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("repeated");
    connections[0].put(&visit, "key", "pending", LONG).await?;
    let revision = entry(&connections[0], &visit, "key").await?.revision;
    expect("the first time", connections[0].replace(&visit, "key", &revision, "own", LONG).await?, true)?;
    let taken = entry(&connections[0], &visit, "key").await?;
    for attempts in &connections {
        expect("once more", attempts.replace(&visit, "key", &revision, "own", LONG).await?, false)?;
        expect("the entry, value and revision", entry(attempts, &visit, "key").await?, taken.clone())?;
    }
    Ok(())
}

/// A host that has no more time drops the call.
pub(super) async fn a_call_that_is_dropped_happens_or_not(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    for polls in 0..12 {
        let visit = ground.visit(&format!("dropped-{polls}"));
        connections[0].put(&visit, "key", "pending", LONG).await?;
        let before = entry(&connections[0], &visit, "key").await?;
        super::drop_after(polls, connections[0].replace(&visit, "key", &before.revision, "taken", LONG)).await;
        let held = ground.recovers(async || connections[1].get(&visit, "key").await).await?;
        let held = held.map(|entry| entry.value).unwrap_or_default();
        ensure(["pending", "taken"].contains(&held.as_str()), "the entry of before, or the new one", || held.clone())?;
        let held = ground.recovers(async || connections[0].get(&visit, "key").await).await?;
        ensure(held.is_some(), "the connection goes on", || "no entry".to_owned())?;
    }
    Ok(())
}

pub(super) async fn a_visit_that_is_left_holds_nothing(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let (own, next) = (ground.visit("left"), ground.visit("left").next());
    for visit in [&own, &next] {
        for key in ["newest", "a", "b"] {
            connections[0].put(visit, key, "value", LONG).await?;
        }
    }
    let revision = entry(&connections[0], &own, "a").await?.revision;
    connections[1].leave(&own).await?;
    for key in ["newest", "a", "b"] {
        expect("an entry of a visit that was left", connections[2].get(&own, key).await?, None)?;
        expect("the next round's", value(&connections[2], &next, key).await?.as_deref(), Some("value"))?;
    }
    expect("replacing what was left", connections[0].replace(&own, "a", &revision, "late", LONG).await?, false)?;
    expect("and it isn't there", connections[0].get(&own, "a").await?, None)?;
    connections[0].leave(&own).await?;
    connections[0].leave(&ground.visit("never begun")).await?;
    Ok(())
}

pub(super) async fn every_key_is_a_key_of_its_own(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("keys");
    let longest = "k".repeat(64);
    let keys = [
        "a",
        "A",
        "aa",
        "a.",
        "a-",
        "a_",
        ".",
        "..",
        "-",
        "_",
        "-1",
        "0",
        "00",
        "1e3",
        "newest",
        "null",
        "a.b",
        "a-b",
        "a_b",
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0123456789._-",
        &longest,
        &longest[1..],
    ];
    for key in keys {
        connections[0].put(&visit, key, &format!("of {key}"), LONG).await?;
    }
    for key in keys {
        expect(&format!("the value under {key}"), value(&connections[1], &visit, key).await?, Some(format!("of {key}")))?;
    }
    Ok(())
}

pub(super) async fn values_come_back_as_they_were_put(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("values");
    for (number, text) in odd::values().iter().enumerate() {
        let key = number.to_string();
        connections[0].put(&visit, &key, text, LONG).await?;
        let put = entry(&connections[1], &visit, &key).await?;
        expect(&format!("value {number} as it was put"), &put.value, text)?;
        expect("a replace", connections[1].replace(&visit, &key, &put.revision, text, LONG).await?, true)?;
        expect(&format!("value {number} as it replaced"), value(&connections[2], &visit, &key).await?.as_ref(), Some(text))?;
    }
    // Nobody promises NUL, which databases of text can't hold. It is taken whole, or refused.
    let before = value(&connections[0], &visit, "0").await?;
    let held = match connections[0].put(&visit, "0", "a\0b", LONG).await {
        Ok(()) => Some("a\0b".to_owned()),
        Err(StoreError::Refused(_)) => before,
        Err(error) => return Err(broken("NUL is taken or refused", format!("{error}"))),
    };
    expect("a value with NUL", value(&connections[1], &visit, "0").await?, held)
}

pub(super) async fn a_long_value_is_taken_whole_or_too_large(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let visit = ground.visit("sizes");
    let large = odd::long(LARGE);
    connections[0].put(&visit, "key", &large, LONG).await?;
    ensure(value(&connections[1], &visit, "key").await?.as_ref() == Some(&large), "512 KiB, as they were put", || {
        "something else".to_owned()
    })?;
    let huge = odd::long(HUGE);
    connections[0].put(&visit, "key", "before", LONG).await?;
    let before = entry(&connections[0], &visit, "key").await?;
    let replaced = connections[0].replace(&visit, "key", &before.revision, &huge, LONG).await;
    judge_huge(replaced.map(|replaced| replaced.then_some(())), &connections[1], &visit, &before, &huge).await?;
    connections[0].put(&visit, "key", "before", LONG).await?;
    let before = entry(&connections[0], &visit, "key").await?;
    let put = connections[0].put(&visit, "key", &huge, LONG).await;
    judge_huge(put.map(Some), &connections[1], &visit, &before, &huge).await
}

async fn judge_huge(
    said: Result<Option<()>, StoreError>,
    attempts: &Arc<dyn Attempts>,
    visit: &Visit,
    before: &Entry,
    huge: &str,
) -> Result<(), Unheld> {
    let held = entry(attempts, visit, "key").await?;
    match said {
        Ok(Some(())) => ensure(held.value == huge, "2 MiB, whole", || format!("{} bytes", held.value.len())),
        Err(StoreError::TooLarge) => {
            ensure(held == *before, "too large changes nothing", || "another value or revision".to_owned())
        }
        Ok(None) => Err(broken("2 MiB are taken, or too large", "the revision was said not to stand")),
        Err(error) => Err(broken("2 MiB are taken, or too large", format!("{error}"))),
    }
}

pub(super) async fn a_visit_holds_many_entries_and_not_any_number(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let (attempts, visit) = (&connections[0], ground.visit("entries"));
    let mut taken = 0;
    let refused = loop {
        if taken == TOO_MANY {
            break None;
        }
        match attempts.put(&visit, &taken.to_string(), "value", LONG).await {
            Ok(()) => taken += 1,
            Err(StoreError::Refused(_)) => break Some(taken.to_string()),
            Err(error) => return Err(broken("a visit that has too many is refused more", format!("{error}"))),
        }
    };
    ensure(taken >= ENTRIES, "128 entries at least", || format!("{taken}"))?;
    let Some(refused) = refused else {
        return Err(broken("a bound to the entries of a visit", format!("{taken} were taken")));
    };
    expect("what was refused", connections[1].get(&visit, &refused).await?, None)?;
    for key in ["0", "1", "127"] {
        expect("an entry of before", value(&connections[1], &visit, key).await?.as_deref(), Some("value"))?;
    }
    attempts.put(&visit, "0", "again", LONG).await?;
    let first = entry(attempts, &visit, "1").await?.revision;
    expect("replacing in a full visit", attempts.replace(&visit, "1", &first, "taken", LONG).await?, true)?;
    attempts.put(&visit.next(), &refused, "value", LONG).await?;
    attempts.leave(&visit).await?;
    attempts.put(&visit, &refused, "room again", LONG).await?;
    Ok(())
}
