//! Journey variables: names and values of any kind, and what is too long.

use super::attempts::{HUGE, LARGE, LONG};
use super::ground::{Ground, apply, authenticated, change, failed};
use super::journeys::variable;
use super::odd;
use super::report::{Unheld, broken, ensure, expect};
use crate::stores::{Applied, Effect, StoreError};
use crate::visit::Visit;

const WAIT: Effect = Effect::Wait { expires_in: LONG };

pub(super) async fn every_name_is_a_variable_of_its_own(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let visit = ground.visit("names");
    let names = odd::names();
    for (number, name) in names.iter().enumerate() {
        apply(&connections[0], &visit, &change(&[(name, Some(&number.to_string()))], WAIT)?).await?;
    }
    for (number, name) in names.iter().enumerate() {
        expect(&format!("the variable {name:?}"), variable(&connections[1], &visit, name).await?, Some(number.to_string()))?;
    }
    for name in &names {
        apply(&connections[0], &visit, &change(&[(name, None)], WAIT)?).await?;
        expect(&format!("{name:?}, removed"), variable(&connections[1], &visit, name).await?, None)?;
    }
    Ok(())
}

/// Variables that any store writes in one change. A step has two.
const MOST_WRITES: usize = 16;

/// Whatever a store keeps beside the variables: no variable is taken for it.
pub(super) async fn no_variable_is_taken_for_a_settlement(ground: Ground) -> Result<(), Unheld> {
    const WORDS: [&str; 14] = [
        "",
        "s",
        "v",
        "w",
        "p",
        "settlement",
        "settled",
        "settle",
        "variable",
        "visit",
        "pending",
        "pending_until",
        "wait",
        "id",
    ];
    let connections = ground.journeys()?;
    let visit = ground.visit("apart");
    let mut names: Vec<String> = Vec::new();
    for word in WORDS {
        names.push(word.to_owned());
        // A name that reaches a store holds no control character.
        for separator in odd::SEPARATORS.iter().filter(|separator| !separator.chars().any(char::is_control)) {
            names.push(format!("{word}{separator}login"));
            names.push(format!("{word}{separator}login{separator}1"));
            names.push(format!("{word}{separator}1{separator}login"));
        }
    }
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    for names in names.chunks(MOST_WRITES) {
        let writes: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), Some("1"))).collect();
        apply(&connections[0], &visit, &change(&writes, WAIT)?).await?;
    }
    expect("the visit is open", connections[1].settlement(&visit).await?, None)?;
    expect("another one, too", connections[1].settlement(&visit.next()).await?, None)?;
    let next = visit.next();
    apply(&connections[0], &next, &change(&[], Effect::SettleUnlessPending(failed("nothing is pending")))?).await?;
    let settle = change(&[], Effect::Settle(authenticated("ada")))?;
    apply(&connections[0], &visit, &settle).await?;
    for name in &names {
        let held = variable(&connections[1], &visit, name).await?;
        expect(&format!("the variable {name:?}, after the settlement"), held.as_deref(), Some("1"))?;
    }
    let third = Visit { step: "third".to_owned(), ..visit.clone() };
    for names in names.chunks(MOST_WRITES) {
        let removals: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
        apply(&connections[0], &third, &change(&removals, WAIT)?).await?;
    }
    expect("settled, whatever was removed", connections[1].settlement(&visit).await?, Some(authenticated("ada")))?;
    expect("and by the same change", connections[1].apply(&visit, &settle).await?, Applied::Yes)
}

pub(super) async fn json_comes_back_as_it_was_written(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let visit = ground.visit("json");
    for (number, json) in odd::json().iter().enumerate() {
        apply(&connections[0], &visit, &change(&[("out", Some(json))], WAIT)?).await?;
        expect(&format!("text {number}"), variable(&connections[1], &visit, "out").await?.as_ref(), Some(json))?;
    }
    Ok(())
}

pub(super) async fn a_long_variable_is_taken_whole_or_nothing_of_its_change(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let visit = ground.visit("sizes");
    let large = format!("\"{}\"", odd::long(LARGE - 2));
    apply(&connections[0], &visit, &change(&[("error", Some("1")), ("out", Some(&large))], WAIT)?).await?;
    ensure(variable(&connections[1], &visit, "out").await?.as_ref() == Some(&large), "512 KiB, as they were written", || {
        "something else".to_owned()
    })?;

    let huge = format!("\"{}\"", odd::long(HUGE - 2));
    apply(&connections[0], &visit, &change(&[("out", Some("1")), ("error", Some("1"))], WAIT)?).await?;
    let writes = [("error", Some("2")), ("new", Some("2")), ("out", Some(huge.as_str()))];
    let settle = change(&writes, Effect::Settle(authenticated("ada")))?;
    match connections[0].apply(&visit, &settle).await {
        Ok(applied) => {
            expect("2 MiB are taken", applied, Applied::Yes)?;
            let held = variable(&connections[1], &visit, "out").await?;
            ensure(held.as_ref() == Some(&huge), "2 MiB, whole", || format!("{:?} bytes", held.map(|json| json.len())))
        }
        Err(StoreError::TooLarge) => {
            expect("too large: the visit is open", connections[1].settlement(&visit).await?, None)?;
            for (name, held) in [("out", Some("1")), ("error", Some("1")), ("new", None)] {
                expect(
                    &format!("too large: {name} is as before"),
                    variable(&connections[1], &visit, name).await?.as_deref(),
                    held,
                )?;
            }
            // What the host does then: the failure, without the value.
            let fail = change(&[("error", Some("3"))], Effect::Settle(failed("too large")))?;
            expect("the visit can still end", connections[0].apply(&visit, &fail).await?, Applied::Yes)
        }
        Err(error) => Err(broken("2 MiB are taken, or too large", format!("{error}"))),
    }
}
