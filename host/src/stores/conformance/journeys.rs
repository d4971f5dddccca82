//! What [`Journeys`] promises of the act that settles a visit, and of many of them at once.

use std::sync::Arc;

use super::attempts::LONG;
use super::ground::{Ground, apply, authenticated, change, failed, race, together};
use super::report::{Unheld, broken, ensure, expect};
use crate::stores::{Applied, Change, Effect, Journeys, Settlement, StoreError};
use crate::visit::Visit;

const WAIT: Effect = Effect::Wait { expires_in: LONG };

pub(super) async fn variable(journeys: &Arc<dyn Journeys>, visit: &Visit, name: &str) -> Result<Option<String>, StoreError> {
    journeys.variable(&visit.tenant, &visit.journey, name).await
}

pub(super) async fn what_was_applied_is_read_on_every_connection(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for round in 0..10_usize {
        let visit = ground.visit(&format!("applied-{round}"));
        let writer = &connections[round % connections.len()];
        for journeys in &connections {
            expect("of a journey that never was", journeys.settlement(&visit).await?, None)?;
            expect("of a journey that never was", variable(journeys, &visit, "out").await?, None)?;
        }
        apply(writer, &visit, &change(&[("out", Some("1")), ("error", Some("2"))], WAIT)?).await?;
        for journeys in &connections {
            expect("the settlement of a visit that waits", journeys.settlement(&visit).await?, None)?;
            expect("a variable, written while waiting", variable(journeys, &visit, "out").await?.as_deref(), Some("1"))?;
        }
        // Of several writes to one name the last one counts; what is absent can be removed.
        let writes = [("out", Some("3")), ("error", None), ("out", Some("4")), ("never", None)];
        apply(writer, &visit, &change(&writes, Effect::Settle(authenticated("ada")))?).await?;
        for journeys in &connections {
            expect("the settlement", journeys.settlement(&visit).await?, Some(authenticated("ada")))?;
            expect("the last of two writes", variable(journeys, &visit, "out").await?.as_deref(), Some("4"))?;
            for absent in ["error", "never"] {
                expect("a variable that was removed", variable(journeys, &visit, absent).await?, None)?;
            }
        }
        // A name that is removed and written in one change.
        let next = visit.next();
        let writes = [("out", None), ("out", Some("5")), ("error", Some("6")), ("error", None)];
        apply(writer, &next, &change(&writes, Effect::Settle(failed("")))?).await?;
        expect("removed, then written", variable(writer, &next, "out").await?.as_deref(), Some("5"))?;
        expect("written, then removed", variable(writer, &next, "error").await?, None)?;
    }
    Ok(())
}

/// All effects that come later, of other calls.
fn later() -> Result<[Change; 3], Unheld> {
    let writes = [("out", None), ("late", Some("1"))];
    Ok([
        change(&writes, Effect::Settle(authenticated("later")))?,
        change(&writes, Effect::SettleUnlessPending(failed("later")))?,
        change(&writes, WAIT)?,
    ])
}

pub(super) async fn a_visit_is_settled_once(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for (number, effect) in
        [Effect::Settle(authenticated("ada")), Effect::SettleUnlessPending(failed("first"))].into_iter().enumerate()
    {
        let visit = ground.visit(&format!("once-{number}"));
        apply(&connections[0], &visit, &change(&[("out", Some("1"))], effect)?).await?;
        let settled = connections[1].settlement(&visit).await?;
        for late in later()? {
            for journeys in &connections {
                expect("a change of a visit that is settled", journeys.apply(&visit, &late).await?, Applied::Settled)?;
            }
            expect("the settlement stays", connections[1].settlement(&visit).await?, settled.clone())?;
            expect("no variable is removed", variable(&connections[1], &visit, "out").await?.as_deref(), Some("1"))?;
            expect("none is written", variable(&connections[1], &visit, "late").await?, None)?;
        }
    }
    Ok(())
}

pub(super) async fn of_many_who_settle_one_succeeds(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for round in 0..10_usize {
        let visit = ground.visit(&format!("race-{round}"));
        // In half of the rounds the visit is known to the store before.
        if round.is_multiple_of(2) {
            apply(&connections[0], &visit, &change(&[("a", None), ("b", None)], WAIT)?).await?;
        }
        let changes: Result<Vec<Change>, Unheld> = (0..64)
            .map(|number: usize| {
                let json = number.to_string();
                change(&[("a", Some(&json)), ("b", Some(&json))], Effect::Settle(authenticated(&json)))
            })
            .collect();
        let changes = changes?;
        let applied = race(&connections, |number, journeys| {
            let (visit, change) = (visit.clone(), changes[number].clone());
            async move { journeys.apply(&visit, &change).await }
        })
        .await?;
        let winners: Vec<usize> = (0..applied.len()).filter(|&number| applied[number] == Applied::Yes).collect();
        let [winner] = winners[..] else {
            return Err(broken("one of them settles the visit", format!("{} were told so", winners.len())));
        };
        let others = applied.iter().filter(|applied| **applied == Applied::Settled).count();
        expect("the others are told that it is settled", others, applied.len() - 1)?;
        let reader = &connections[round % connections.len()];
        expect("the settlement is the winner's", reader.settlement(&visit).await?, Some(authenticated(&winner.to_string())))?;
        for name in ["a", "b"] {
            let held = variable(reader, &visit, name).await?;
            expect(&format!("the variable {name} is the winner's"), held, Some(winner.to_string()))?;
        }
    }
    Ok(())
}

/// What `begin` clears must not be what a login has written that was faster.
pub(super) async fn a_begin_clears_nothing_of_a_settlement(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for round in 0..20_usize {
        let visit = ground.visit(&format!("clearing-{round}"));
        if round.is_multiple_of(2) {
            apply(&connections[0], &visit, &change(&[("out", None), ("error", None)], WAIT)?).await?;
        }
        let (one, other) = (Arc::clone(&connections[round % 3]), Arc::clone(&connections[(round + 1) % 3]));
        let (own, its) = (visit.clone(), visit.clone());
        let begin = change(&[("out", None), ("error", None)], WAIT)?;
        let settle = change(&[("out", Some("1")), ("error", Some("2"))], Effect::Settle(authenticated("ada")))?;
        let (began, settled) =
            together(round, async move { one.apply(&own, &begin).await }, async move { other.apply(&its, &settle).await })
                .await?;
        expect("the settlement is applied", settled?, Applied::Yes)?;
        let began = began?;
        ensure(matches!(began, Applied::Yes | Applied::Settled), "the begin came before, or too late", || format!("{began:?}"))?;
        for (name, json) in [("out", "1"), ("error", "2")] {
            let held = variable(&connections[0], &visit, name).await?;
            ensure(held.as_deref() == Some(json), "what was settled keeps its variables", || {
                format!("{name} is {held:?}, and begin was told {began:?}")
            })?;
        }
    }
    Ok(())
}

pub(super) async fn a_pending_attempt_keeps_a_visit_open(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let visit = ground.visit("pending");
    apply(&connections[0], &visit, &change(&[], WAIT)?).await?;
    let settle = change(&[("error", Some("1"))], Effect::SettleUnlessPending(failed("refused")))?;
    for journeys in &connections {
        expect("settling while an attempt is pending", journeys.apply(&visit, &settle).await?, Applied::Pending)?;
        expect("it is open", journeys.settlement(&visit).await?, None)?;
        expect("and nothing is written", variable(journeys, &visit, "error").await?, None)?;
    }
    // Nothing is pending elsewhere: in another round, at another step.
    for other in [visit.next(), Visit { step: "another".to_owned(), ..visit.clone() }] {
        let settle = change(&[], Effect::SettleUnlessPending(failed("elsewhere")))?;
        expect("another visit waits for nothing", connections[1].apply(&other, &settle).await?, Applied::Yes)?;
    }
    expect(
        "what settles in any case",
        connections[1].apply(&visit, &change(&[], Effect::Settle(authenticated("ada")))?).await?,
        Applied::Yes,
    )
}

/// Either the attempt is pending, and the failure settles nothing, or it is settled, and the attempt came too late.
pub(super) async fn an_attempt_and_a_failure_do_not_both_win(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for round in 0..20_usize {
        let visit = ground.visit(&format!("wait-or-fail-{round}"));
        if round.is_multiple_of(2) {
            apply(&connections[0], &visit, &change(&[], Effect::Wait { expires_in: 0 })?).await?;
        }
        let (one, other) = (Arc::clone(&connections[round % 3]), Arc::clone(&connections[(round + 1) % 3]));
        let (own, its) = (visit.clone(), visit.clone());
        let wait = change(&[], WAIT)?;
        let fail = change(&[], Effect::SettleUnlessPending(failed("unless")))?;
        let (waits, fails) =
            together(round, async move { one.apply(&own, &wait).await }, async move { other.apply(&its, &fail).await }).await?;
        let both = (waits?, fails?);
        ensure(
            matches!(both, (Applied::Yes, Applied::Pending) | (Applied::Settled, Applied::Yes)),
            "the attempt is pending, or the failure has settled the visit",
            || format!("{both:?}"),
        )?;
        let is_settled = connections[0].settlement(&visit).await?.is_some();
        expect("settled, as was said", is_settled, both.1 == Applied::Yes)?;
    }
    Ok(())
}

/// Reads one variable after another, and the settlement: where the first is there, the next must be, too.
pub(super) async fn a_reader_sees_all_of_a_change_or_nothing(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for round in 0..12 {
        let visit = ground.visit(&format!("whole-{round}"));
        apply(&connections[0], &visit, &change(&[("a", Some("0")), ("b", Some("0"))], WAIT)?).await?;
        let (writer, own) = (Arc::clone(&connections[0]), visit.clone());
        let settle = change(&[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))], Effect::Settle(authenticated("ada")))?;
        let (reader, its) = (Arc::clone(&connections[1]), visit.clone());
        let (applied, torn) = together(round, async move { writer.apply(&own, &settle).await }, async move {
            read_until_settled(&reader, &its, round).await
        })
        .await?;
        expect("the change is applied", applied?, Applied::Yes)?;
        torn?;
    }
    Ok(())
}

async fn read_until_settled(journeys: &Arc<dyn Journeys>, visit: &Visit, round: usize) -> Result<(), Unheld> {
    /// What a reader can look at: the settlement, or a variable.
    const PARTS: [&str; 4] = ["", "a", "b", "c"];
    let is_new = async |part: &str| -> Result<bool, StoreError> {
        match part {
            "" => Ok(journeys.settlement(visit).await?.is_some()),
            name => Ok(variable(journeys, visit, name).await?.as_deref() == Some("1")),
        }
    };
    // Each order of two parts has its round.
    let (first, then) = (PARTS[round % 4], PARTS[(round + 1 + round / 4) % 4]);
    for _ in 0..100_000 {
        let (before, after) = (is_new(first).await?, is_new(then).await?);
        let name = |part: &str| if part.is_empty() { "the settlement".to_owned() } else { format!("the variable {part}") };
        ensure(!before || after, "all of a change, or nothing", || format!("{} was there before {}", name(first), name(then)))?;
        if before {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    Err(broken("the change to be seen", "a reader that never saw it"))
}

/// What a host does that has lost the answer.
pub(super) async fn a_change_that_is_repeated_is_known_again(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for (number, effect) in
        [Effect::Settle(authenticated("ada")), Effect::SettleUnlessPending(failed("first"))].into_iter().enumerate()
    {
        let visit = ground.visit(&format!("repeated-{number}"));
        let settle = change(&[("out", Some("1")), ("gone", None)], effect)?;
        apply(&connections[0], &visit, &settle).await?;
        // The journey has gone on: another step has written both.
        let next = Visit { step: "next".to_owned(), ..visit.clone() };
        let goes_on = change(&[("out", Some("2")), ("gone", Some("3"))], Effect::Settle(authenticated("next")))?;
        apply(&connections[1], &next, &goes_on).await?;
        let settled = connections[0].settlement(&visit).await?;
        for journeys in &connections {
            expect("the same change again", journeys.apply(&visit, &settle).await?, Applied::Yes)?;
            expect("which writes nothing", variable(journeys, &visit, "out").await?.as_deref(), Some("2"))?;
            expect("and removes nothing", variable(journeys, &visit, "gone").await?.as_deref(), Some("3"))?;
            expect("nor settles anew", journeys.settlement(&visit).await?, settled.clone())?;
        }
        for late in later()? {
            expect("another change", connections[0].apply(&visit, &late).await?, Applied::Settled)?;
        }
        expect("and then the same", connections[1].apply(&visit, &settle).await?, Applied::Yes)?;
    }
    Ok(())
}

/// A `begin` that lost its answer waits on, and not for less long.
pub(super) async fn a_wait_that_is_repeated_waits_on(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let visit = ground.visit("waits");
    let wait = change(&[("out", None)], WAIT)?;
    for journeys in &connections {
        expect("a wait, and the same again", journeys.apply(&visit, &wait).await?, Applied::Yes)?;
    }
    let fail = change(&[], Effect::SettleUnlessPending(failed("unless")))?;
    expect("it is pending", connections[0].apply(&visit, &fail).await?, Applied::Pending)?;
    let settle = change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?;
    apply(&connections[0], &visit, &settle).await?;
    // In effect since an earlier try, or too late: but it clears nothing.
    connections[1].apply(&visit, &wait).await?;
    expect("a wait that comes again after the settlement", variable(&connections[0], &visit, "out").await?.as_deref(), Some("1"))
}

/// The answer isn't lost, only late: the first try is still at work when the second one comes.
pub(super) async fn the_same_change_at_once_is_applied_once(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for round in 0..8 {
        let visit = ground.visit(&format!("both-{round}"));
        let settle = change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?;
        let applied = race(&connections, |_, journeys| {
            let (visit, change) = (visit.clone(), settle.clone());
            async move { journeys.apply(&visit, &change).await }
        })
        .await?;
        expect("all of them are told so", applied.iter().filter(|applied| **applied != Applied::Yes).count(), 0)?;
        expect("the settlement", connections[0].settlement(&visit).await?, Some(authenticated("ada")))?;
    }
    Ok(())
}

/// A host that has no more time drops the call, and may repeat it.
pub(super) async fn a_change_that_is_dropped_happens_whole_or_not(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for polls in 0..16 {
        let visit = ground.visit(&format!("dropped-{polls}"));
        let settle = change(&[("a", Some("1")), ("b", Some("1"))], Effect::Settle(authenticated("ada")))?;
        super::drop_after(polls, connections[0].apply(&visit, &settle)).await;
        // Whatever is still on its way ends, or is undone, before another one's turn comes.
        let other = change(&[("a", Some("2")), ("b", Some("2"))], Effect::Settle(authenticated("alan")))?;
        let applied = ground.recovers(async || connections[1].apply(&visit, &other).await).await?;
        let (who, json) = if applied == Applied::Yes { ("alan", "2") } else { ("ada", "1") };
        expect("settled whole by one of them", connections[2].settlement(&visit).await?, Some(authenticated(who)))?;
        for name in ["a", "b"] {
            expect("and each variable is its", variable(&connections[2], &visit, name).await?.as_deref(), Some(json))?;
        }
        let again = ground.recovers(async || connections[0].apply(&visit, &settle).await).await?;
        expect("the dropped one again", again == Applied::Yes, applied != Applied::Yes)?;
    }
    Ok(())
}

pub(super) async fn settlements_come_back_as_they_were(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    for (number, settlement) in super::settlements::every().into_iter().enumerate() {
        let visit = ground.visit(&format!("settlement-{number}"));
        apply(&connections[0], &visit, &change(&[], Effect::Settle(settlement.clone()))?).await?;
        expect(&format!("settlement {number}"), connections[1].settlement(&visit).await?, Some(settlement))?;
    }
    let visit = ground.visit("nul");
    let settlement = failed("a\0b");
    match connections[0].apply(&visit, &change(&[], Effect::Settle(settlement.clone()))?).await {
        Ok(applied) => {
            expect("NUL is taken", applied, Applied::Yes)?;
            expect("and kept", connections[1].settlement(&visit).await?, Some(settlement))
        }
        Err(StoreError::Refused(_)) => expect("NUL is refused", connections[1].settlement(&visit).await?, None::<Settlement>),
        Err(error) => Err(broken("NUL is taken or refused", format!("{error}"))),
    }
}

pub(super) async fn a_journey_that_is_over_is_forgotten_and_no_other(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    let own = ground.visit("over");
    let longer = Visit { journey: format!("{}-and-more", own.journey), ..own.clone() };
    let shorter = Visit { journey: own.journey[..own.journey.len() - 1].to_owned(), ..own.clone() };
    let elsewhere = Visit { tenant: format!("{}-another", own.tenant), ..own.clone() };
    let second = Visit { step: "second".to_owned(), ..own.clone() };
    let others = [longer, shorter, elsewhere];
    for visit in others.iter().chain([&own, &own.next(), &second]) {
        apply(&connections[0], visit, &change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?).await?;
    }
    connections[1].forget(&own.tenant, &own.journey).await?;
    for visit in [&own, &own.next(), &second] {
        expect("the settlement of what is over", connections[2].settlement(visit).await?, None)?;
        expect("a variable of what is over", variable(&connections[2], visit, "out").await?, None)?;
    }
    for visit in &others {
        expect("another journey's settlement", connections[2].settlement(visit).await?, Some(authenticated("ada")))?;
        expect("another journey's variable", variable(&connections[2], visit, "out").await?.as_deref(), Some("1"))?;
    }
    connections[0].forget(&own.tenant, &own.journey).await?;
    connections[0].forget(&own.tenant, "never begun").await?;
    Ok(())
}
