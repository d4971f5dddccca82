//! Shares and queues, as a journey engine sees them.

use std::time::Duration;

use tokio::task::JoinSet;

use super::guest::Guest;
use super::{Act, invocation, response_to, settlement, step, visit, watched};
use crate::{Begun, Capacity, Cause, Completed, HostCall, Limits, Runtime, Step, Visit};

/// A host of its own, whose tenants hang at their first host call where their name says so.
fn host(capacity: Capacity) -> Step {
    let runtime = Runtime::new(capacity).unwrap();
    let now = "(call $now (i32.const 3072))";
    let guest = Guest { begin: now, complete: now, ..Guest::default() };
    watched(&step(guest.compile_in(&runtime, "guest")), |call: &HostCall| {
        if call.visit.tenant.starts_with("hanging") { Act::Hang } else { Act::GoOn }
    })
}

fn of(tenant: &str, journey: usize) -> Visit {
    Visit::first(tenant, &format!("journey of {tenant} {journey}"), "login")
}

#[tokio::test]
async fn four_tenants_whose_providers_hang_at_ten_times_their_share_stop_nobody_else() {
    let step = host(Capacity::default());
    let mut hanging = JoinSet::new();
    for call in 0..160 {
        for tenant in 0..4 {
            let (step, visit) = (step.clone(), of(&format!("hanging {tenant}"), call));
            hanging.spawn(async move {
                if call % 2 == 0 {
                    let called = step.begin(&visit, &invocation()).await;
                    (matches!(called.outcome, Begun::Busy), visit)
                } else {
                    let called = step.complete(&visit, &invocation(), None, &response_to(&visit.tenant)).await;
                    (matches!(called.outcome, Completed::Busy), visit)
                }
            });
        }
    }
    // Those beyond share and queue are told at once; the others are at work, or wait.
    let mut busy = Vec::new();
    while hanging.len() > 64 + 256 {
        let (is_busy, visit) = hanging.join_next().await.unwrap().unwrap();
        assert!(is_busy);
        busy.push(visit);
    }
    for round in 0..10 {
        let mut calls = JoinSet::new();
        for tenant in 0..5 {
            let (step, visit) = (step.clone(), of(&format!("other {tenant}"), round));
            calls.spawn(async move {
                let begun = step.begin(&visit, &invocation()).await;
                let completed = step.complete(&visit, &invocation(), None, &response_to(&visit.tenant)).await;
                (begun, completed)
            });
        }
        while let Some(called) = calls.join_next().await {
            let (begun, completed) = called.unwrap();
            assert!(matches!(begun.outcome, Begun::Redirect(_)), "{begun:?}");
            assert!(matches!(completed.outcome, Completed::Authenticated(_)), "{completed:?}");
        }
    }
    for visit in busy {
        assert_eq!(settlement(&step, &visit).await, None, "whoever is turned away is where it was");
    }
    assert!(hanging.len() <= 64 + 256);
}

#[tokio::test]
async fn a_call_whose_time_runs_out_while_it_waits_is_busy_and_settles_nothing() {
    let step = host(Capacity { sandboxes: 1, per_tenant: 1, waiting: 4, waiting_per_tenant: 4 });
    let holder = step.clone();
    let holding = tokio::spawn(async move { holder.begin(&of("hanging", 0), &invocation()).await });
    tokio::task::yield_now().await;
    let hurried = step.with_limits(Limits { wall_clock: Duration::from_millis(200), ..Limits::default() });

    let begun = hurried.begin(&visit(), &invocation()).await;
    assert_eq!((begun.outcome, begun.trapped), (Begun::Busy, None));
    // A quarter of the call's time: what is left is for running.
    assert!(begun.usage.queued >= Duration::from_millis(50) && begun.usage.wall_clock >= begun.usage.queued, "{:?}", begun.usage);
    assert_eq!((begun.usage.cpu, begun.usage.memory), (Duration::ZERO, 0));
    let completed = hurried.complete(&visit(), &invocation(), None, &response_to(&visit().tenant)).await;
    assert_eq!((completed.outcome, completed.trapped), (Completed::Busy, None));
    assert!(completed.usage.queued >= Duration::from_millis(50), "{:?}", completed.usage);
    assert_eq!(settlement(&step, &visit()).await, None);
    assert_eq!(hurried.check("tenant", "{}", "{}").await.unwrap_err().cause, Cause::Busy);
    assert_eq!(hurried.describe("tenant", "{}", "{}").await.unwrap_err().cause, Cause::Busy);
    holding.abort();
}

#[tokio::test]
async fn twenty_thousand_calls_at_once_are_not_taken_in() {
    let step = host(Capacity::default());
    let mut calls = JoinSet::new();
    for call in 0..20_000 {
        let step = step.clone();
        calls.spawn(async move { step.begin(&of(&format!("hanging {}", call % 100), call), &invocation()).await.outcome });
    }
    let mut busy = 0;
    // Begins alone: three quarters of the sandboxes, and of the places to wait.
    while calls.len() > 48 + 192 {
        assert_eq!(calls.join_next().await.unwrap().unwrap(), Begun::Busy);
        busy += 1;
    }
    assert_eq!(busy, 20_000 - 240);
    let visit = of("back from the provider", 0);
    let completed = step.complete(&visit, &invocation(), None, &response_to(&visit.tenant)).await;
    assert!(matches!(completed.outcome, Completed::Authenticated(_)), "a place is kept for whoever has logged in");
}

#[tokio::test]
async fn a_call_that_waits_runs_once_another_is_over() {
    let step = host(Capacity { sandboxes: 1, per_tenant: 1, waiting: 1000, waiting_per_tenant: 1000 });
    let mut calls = JoinSet::new();
    for call in 0..200 {
        let step = step.clone();
        calls.spawn(async move { step.begin(&of("tenant", call), &invocation()).await.outcome });
    }
    while let Some(outcome) = calls.join_next().await {
        assert!(matches!(outcome.unwrap(), Begun::Redirect(_)));
    }
}

#[test]
fn a_busy_call_is_called_busy() {
    assert_eq!((Begun::Busy.to_string(), Completed::Busy.to_string()), ("busy".to_owned(), "busy".to_owned()));
}
