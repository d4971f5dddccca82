//! Whose is whose: tenants, journeys, steps and rounds, also where names are made to be mistaken for one another.

use super::attempts::{LONG, entry, value};
use super::ground::{Ground, apply, authenticated, change, failed};
use super::journeys::variable;
use super::odd;
use super::report::{Unheld, broken, expect};
use crate::stores::{Applied, CacheScope, Effect, StoreError};
use crate::visit::Visit;

const WAIT: Effect = Effect::Wait { expires_in: LONG };

/// Others than this one, each by one of the four.
fn others(own: &Visit) -> [Visit; 6] {
    [
        Visit { tenant: format!("{}-b", own.tenant), ..own.clone() },
        Visit { journey: format!("{}-b", own.journey), ..own.clone() },
        Visit { step: "another".to_owned(), ..own.clone() },
        Visit { step: own.step.to_uppercase(), ..own.clone() },
        own.next(),
        Visit { round: u32::MAX, ..own.clone() },
    ]
}

pub(super) async fn an_attempt_is_of_one_visit(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    let own = ground.visit("own");
    connections[0].put(&own, "key", "own", LONG).await?;
    let before = entry(&connections[0], &own, "key").await?;
    for other in others(&own) {
        expect("another visit's get", connections[1].get(&other, "key").await?, None)?;
        let replaced = connections[1].replace(&other, "key", &before.revision, "theirs", LONG).await?;
        expect("another visit's replace", replaced, false)?;
        connections[1].put(&other, "key", "theirs", LONG).await?;
        expect("the entry, after another visit's put", entry(&connections[2], &own, "key").await?, before.clone())?;
        connections[1].leave(&other).await?;
        expect("the entry, after another visit was left", entry(&connections[2], &own, "key").await?, before.clone())?;
    }
    Ok(())
}

pub(super) async fn a_settlement_is_of_one_visit(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let own = ground.visit("own");
    apply(&connections[0], &own, &change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?).await?;
    for (number, other) in others(&own).into_iter().enumerate() {
        expect("another visit's settlement", connections[1].settlement(&other).await?, None)?;
        let is_of_it = other.tenant == own.tenant && other.journey == own.journey;
        let expected = is_of_it.then_some("1");
        expect("a variable is its journey's alone", variable(&connections[1], &other, "out").await?.as_deref(), expected)?;
        let name = format!("of {number}");
        let settle = change(&[(&name, Some("2"))], Effect::SettleUnlessPending(failed(&name)))?;
        expect("another visit can be settled", connections[1].apply(&other, &settle).await?, Applied::Yes)?;
        expect("and has its own", connections[2].settlement(&other).await?, Some(failed(&name)))?;
        expect("the settlement stays", connections[2].settlement(&own).await?, Some(authenticated("ada")))?;
        let expected = is_of_it.then_some("2");
        expect("a variable is its journey's alone", variable(&connections[2], &own, &name).await?.as_deref(), expected)?;
    }
    Ok(())
}

/// Visits that become one where their names are joined by this separator, with or without their round and a key.
fn confusable(ground: &Ground, separator: &str) -> Vec<[(Visit, String); 2]> {
    let tenant = ground.tenant();
    let visit = |tenant: &str, journey: &str, step: &str, round: u32| Visit {
        tenant: tenant.to_owned(),
        journey: journey.to_owned(),
        step: step.to_owned(),
        round,
    };
    let joined = |one: &str, other: &str| format!("{one}{separator}{other}");
    // Each pair has a tenant of its own, or the pairs would meet one another.
    let own = |number: usize| format!("{tenant}-{}-{number}", separator.escape_unicode());
    let key = "key".to_owned();
    let mut pairs = vec![
        [(visit(&joined(&own(0), "b"), "c", "d", 1), key.clone()), (visit(&own(0), &joined("b", "c"), "d", 1), key.clone())],
        [(visit(&own(1), &joined("b", "c"), "d", 1), key.clone()), (visit(&own(1), "b", &joined("c", "d"), 1), key.clone())],
        [(visit(&own(2), "b", "d", 11), key.clone()), (visit(&own(2), "b", &joined("d", "1"), 1), key.clone())],
        [(visit(&own(3), "b", &joined("d", "1"), 2), key.clone()), (visit(&own(3), &joined("b", "d"), "1", 2), key.clone())],
    ];
    // A key's own letters.
    if separator.chars().all(|letter| "._-".contains(letter)) {
        pairs.push([
            (visit(&own(4), "b", "d", 1), format!("2{separator}key")),
            (visit(&own(4), "b", &format!("d{separator}1"), 2), key.clone()),
        ]);
        pairs.push([(visit(&own(5), "b", "d", 1), "1key".to_owned()), (visit(&own(5), "b", "d", 11), key)]);
    }
    pairs
}

/// NUL may be refused: then there is nothing to be mistaken.
fn taken(said: Result<(), StoreError>, separator: &str) -> Result<bool, Unheld> {
    match said {
        Ok(()) => Ok(true),
        Err(StoreError::Refused(_)) if separator.contains('\0') => Ok(false),
        Err(error) => Err(broken(format!("names that hold {separator:?} are taken"), format!("{error}"))),
    }
}

pub(super) async fn no_two_visits_of_attempts_are_mistaken(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    for separator in odd::SEPARATORS {
        for [(one, its_key), (other, own_key)] in confusable(&ground, separator) {
            let (its, own) = (connections[0].get(&one, &its_key).await, connections[0].get(&other, &own_key).await);
            if !taken(its.map(drop), separator)? || !taken(own.map(drop), separator)? {
                continue;
            }
            connections[0].put(&one, &its_key, "one", LONG).await?;
            let what = format!("an entry of another visit, where names are joined by {separator:?}");
            expect(&what, value(&connections[1], &other, &own_key).await?, None)?;
            connections[1].put(&other, &own_key, "other", LONG).await?;
            expect("the first one's", value(&connections[2], &one, &its_key).await?.as_deref(), Some("one"))?;
            connections[1].leave(&other).await?;
            expect(
                "the first one's, when the other is left",
                value(&connections[2], &one, &its_key).await?.as_deref(),
                Some("one"),
            )?;
        }
    }
    Ok(())
}

pub(super) async fn no_two_journeys_are_mistaken(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for separator in odd::SEPARATORS {
        for [(one, _), (other, _)] in confusable(&ground, separator) {
            let change_of = |json: &str| change(&[("out", Some(json))], Effect::Settle(authenticated(json)));
            let (its, own) = (connections[0].settlement(&one).await, connections[0].settlement(&other).await);
            if !taken(its.map(drop), separator)? || !taken(own.map(drop), separator)? {
                continue;
            }
            apply(&connections[0], &one, &change_of("1")?).await?;
            let what = format!("a settlement of another visit, where names are joined by {separator:?}");
            expect(&what, connections[1].settlement(&other).await?, None)?;
            let is_one_journey = one.tenant == other.tenant && one.journey == other.journey;
            let expected = is_one_journey.then_some("1");
            let what = format!("a variable of another journey, where names are joined by {separator:?}");
            expect(&what, variable(&connections[1], &other, "out").await?.as_deref(), expected)?;
            apply(&connections[1], &other, &change_of("2")?).await?;
            expect("the first one's settlement", connections[2].settlement(&one).await?, Some(authenticated("1")))?;
            if !is_one_journey {
                expect("the first one's variable", variable(&connections[2], &one, "out").await?.as_deref(), Some("1"))?;
                connections[1].forget(&other.tenant, &other.journey).await?;
                expect("when the other is forgotten", connections[2].settlement(&one).await?, Some(authenticated("1")))?;
            }
        }
        // A variable's name, beside its journey's.
        let own = ground.visit(&format!("names-{}", separator.escape_unicode()));
        let longer = Visit { journey: format!("{}{separator}x", own.journey), ..own.clone() };
        // No variable's name holds a control character.
        if separator.chars().any(char::is_control) {
            continue;
        }
        let name = format!("x{separator}out");
        apply(&connections[0], &own, &change(&[(&name, Some("1"))], WAIT)?).await?;
        expect("a variable of a journey whose name is longer", variable(&connections[1], &longer, "out").await?, None)?;
    }
    Ok(())
}

pub(super) async fn no_two_caches_are_mistaken(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.caches()?;
    for separator in odd::SEPARATORS {
        let own = format!("{}-{}", ground.tenant(), separator.escape_unicode());
        let pairs = [
            [
                (CacheScope::new(&format!("{own}{separator}b"), "c"), "key".to_owned()),
                (CacheScope::new(&own, &format!("b{separator}c")), "key".to_owned()),
            ],
            [
                (CacheScope::new("c", &format!("{own}{separator}k")), "key".to_owned()),
                (CacheScope::new("c", &own), format!("k{separator}key")),
            ],
        ];
        for [(one, its_key), (other, own_key)] in pairs {
            // No key of a cache holds a control character.
            if own_key.chars().any(char::is_control) || !taken(connections[0].put(&one, &its_key, "one", LONG).await, separator)?
            {
                continue;
            }
            let what = format!("another cache's entry, where names are joined by {separator:?}");
            expect(&what, connections[1].get(&other, &own_key).await?, None)?;
        }
    }
    Ok(())
}

/// Tenants, journeys and steps with names of any kind.
pub(super) async fn names_of_any_kind_are_names(ground: Ground) -> Result<(), Unheld> {
    let (attempts, journeys) = (ground.attempts(), ground.journeys());
    if attempts.is_err() {
        journeys?;
        return attempts.map(drop);
    }
    let (attempts, names) = (attempts?, odd::names());
    let visits: Vec<Visit> = names
        .iter()
        .flat_map(|name| {
            let own = ground.visit("any");
            [
                Visit { tenant: format!("{}{name}", own.tenant), ..own.clone() },
                Visit { journey: format!("{}{name}", own.journey), ..own.clone() },
                Visit { step: name.clone(), ..own },
            ]
        })
        .collect();
    for (number, visit) in visits.iter().enumerate() {
        attempts[0].put(visit, "key", &number.to_string(), LONG).await?;
        if let Ok(journeys) = &journeys {
            apply(&journeys[0], visit, &change(&[], Effect::Settle(authenticated(&number.to_string())))?).await?;
        }
    }
    for (number, visit) in visits.iter().enumerate() {
        let what = format!("of {visit:?}");
        expect(&what, value(&attempts[1], visit, "key").await?, Some(number.to_string()))?;
        if let Ok(journeys) = &journeys {
            expect(&what, journeys[1].settlement(visit).await?, Some(authenticated(&number.to_string())))?;
        }
    }
    Ok(())
}
