//! Who may take an attempt, and what the others are told: each row of the table, and each answer of the store.

use super::*;
use crate::testing::{BROWSER, FakeHost, FaultAt, Faulty, FaultyCall, Function, attempt};

const CALLBACK_URL: &str = "https://app.example.com/callback";

fn by(browser: &'static [u8], response_mode: ResponseMode) -> Claimant<'static> {
    Claimant::UserAgent { browser, response_mode, arrived_at: CALLBACK_URL }
}

fn user_agent() -> Claimant<'static> {
    by(BROWSER, ResponseMode::Query)
}

fn begun(state: &str) -> (FakeHost, Secret) {
    let mut host = FakeHost::new();
    let state = Secret::new(state);
    begin_another(&mut host, &state);
    (host, state)
}

fn begin_another(host: &mut FakeHost, state: &Secret) {
    let attempt = attempt(host);
    attempt.store(host, state).unwrap();
}

fn rejection(host: &mut dyn Host, state: &Secret, claimant: Claimant<'_>) -> Option<Rejection> {
    claim(host, state, claimant).err()
}

const AT_WORK: Option<Rejection> = Some(Rejection::Duplicate(Duplicate::AtWork));
const SUPERSEDED: Option<Rejection> = Some(Rejection::Duplicate(Duplicate::Superseded));

#[test]
fn c03_an_attempt_is_handed_over_once_and_its_secrets_are_gone() {
    let (mut host, state) = begun("s");
    let Claimed { attempt: taken, .. } = claim(&mut host, &state, user_agent()).unwrap();
    assert_eq!(taken.client_id, "client");
    assert_eq!(rejection(&mut host, &state, user_agent()), AT_WORK);
    let left = &host.attempts[&attempt::key(&state)];
    for secret in [&taken.nonce, taken.verifier.secret()] {
        assert!(!left.contains(secret.expose()), "{left}");
    }
    assert_eq!(host.lifetimes[&attempt::key(&state)], 900 + 3600);
}

#[test]
fn c02_an_unknown_state_finds_nothing() {
    let (mut host, _) = begun("s");
    assert_eq!(rejection(&mut host, &Secret::new("S"), user_agent()), Some(Rejection::StateUnknown));
    assert_eq!(rejection(&mut host, &Secret::new("S"), Claimant::Host), Some(Rejection::Interrupted), "dropped by the store");
}

#[test]
fn c02_another_browser_takes_nothing() {
    let (mut host, state) = begun("s");
    for browser in [&b"other"[..], b"", b"the browse", b"the browser "] {
        assert_eq!(rejection(&mut host, &state, by(browser, ResponseMode::Query)), Some(Rejection::BrowserMismatch));
    }
    assert!(claim(&mut host, &state, user_agent()).is_ok());
}

/// `begin` stores none; an entry is the store's word.
#[test]
fn c02_an_attempt_of_no_browser_is_nobodys() {
    let mut host = FakeHost::new();
    let state = Secret::new("s");
    let attempt = Attempt { browser: secret::digest(b""), ..attempt(&mut host) };
    attempt.store(&mut host, &state).unwrap();
    assert_eq!(rejection(&mut host, &state, by(b"", ResponseMode::Query)), Some(Rejection::BrowserMismatch));
}

#[test]
fn c13_a_form_post_does_not_answer_a_query_but_a_query_answers_a_form_post() {
    let (mut host, state) = begun("s");
    let claimant = by(BROWSER, ResponseMode::FormPost);
    assert_eq!(rejection(&mut host, &state, claimant), Some(Rejection::ResponseModeMismatch));
    assert!(claim(&mut host, &state, user_agent()).is_ok());

    for response_mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let mut host = FakeHost::new();
        let attempt = Attempt { response_mode: ResponseMode::FormPost, ..attempt(&mut host) };
        attempt.store(&mut host, &state).unwrap();
        assert!(claim(&mut host, &state, by(BROWSER, response_mode)).is_ok());
    }
}

#[test]
fn a_response_that_arrived_elsewhere_takes_nothing() {
    let (mut host, state) = begun("s");
    for (arrived_at, expected) in [
        ("https://app.example.com/other", Rejection::CallbackMismatch),
        ("https://evil.example/callback", Rejection::CallbackMismatch),
        ("", Rejection::ArrivalMalformed),
        ("/callback", Rejection::ArrivalMalformed),
    ] {
        let claimant = Claimant::UserAgent { browser: BROWSER, response_mode: ResponseMode::Query, arrived_at };
        assert_eq!(rejection(&mut host, &state, claimant), Some(expected), "{arrived_at}");
    }
    assert!(claim(&mut host, &state, user_agent()).is_ok());
}

#[test]
fn a_mismatch_is_told_of_an_attempt_that_was_taken_too() {
    let (mut host, state) = begun("s");
    claim(&mut host, &state, user_agent()).unwrap();
    for seconds in [0, 91] {
        host.advance(seconds);
        assert_eq!(rejection(&mut host, &state, by(b"other", ResponseMode::Query)), Some(Rejection::BrowserMismatch));
        assert_eq!(rejection(&mut host, &state, by(BROWSER, ResponseMode::FormPost)), Some(Rejection::ResponseModeMismatch));
        let elsewhere = Claimant::UserAgent { browser: BROWSER, response_mode: ResponseMode::Query, arrived_at: "https://a/" };
        assert_eq!(rejection(&mut host, &state, elsewhere), Some(Rejection::CallbackMismatch));
    }
}

#[test]
fn the_host_needs_neither_browser_nor_url_to_end_an_attempt() {
    let (mut host, state) = begun("s");
    assert!(claim(&mut host, &state, Claimant::Host).is_ok());
    assert_eq!(rejection(&mut host, &state, Claimant::Host), AT_WORK);
}

#[test]
fn several_attempts_live_side_by_side() {
    let (mut host, first) = begun("first");
    let second = Secret::new("second");
    begin_another(&mut host, &second);
    assert!(claim(&mut host, &second, user_agent()).is_ok());
    assert!(claim(&mut host, &first, user_agent()).is_ok());
}

#[test]
fn a_call_is_lost_after_ninety_seconds_and_the_newest_attempt_tells() {
    let (mut host, state) = begun("s");
    claim(&mut host, &state, user_agent()).unwrap();
    host.advance(90);
    for claimant in [user_agent(), Claimant::Host] {
        assert_eq!(rejection(&mut host, &state, claimant), AT_WORK, "may still be at work");
    }
    host.advance(1);
    for claimant in [user_agent(), Claimant::Host] {
        assert_eq!(rejection(&mut host, &state, claimant), Some(Rejection::Interrupted));
    }
}

#[test]
fn an_older_attempt_that_was_lost_is_a_duplicate_to_all_but_the_host() {
    let (mut host, older) = begun("older");
    claim(&mut host, &older, user_agent()).unwrap();
    let newer = Secret::new("newer");
    begin_another(&mut host, &newer);
    host.advance(91);
    assert_eq!(rejection(&mut host, &older, user_agent()), SUPERSEDED);
    assert_eq!(rejection(&mut host, &older, Claimant::Host), Some(Rejection::Interrupted));
    assert!(claim(&mut host, &newer, user_agent()).is_ok());
}

#[test]
fn c18_a_late_response_to_an_older_attempt_does_not_cost_the_newer_one_its_login() {
    let (mut host, older) = begun("older");
    host.advance(901);
    let newer = Secret::new("newer");
    begin_another(&mut host, &newer);
    assert_eq!(rejection(&mut host, &older, user_agent()), Some(Rejection::Duplicate(Duplicate::Expired)));
    assert!(claim(&mut host, &older, Claimant::Host).is_ok(), "the host may end what it likes");
    host.advance(901);
    assert!(claim(&mut host, &newer, user_agent()).is_ok(), "the newest tells that it is late");
}

#[test]
fn a_time_beyond_what_clocks_may_differ_by_is_nothing_to_wait_for() {
    let (mut host, state) = begun("s");
    host.advance(1000);
    claim(&mut host, &state, user_agent()).unwrap();
    host.set_back(90);
    assert_eq!(rejection(&mut host, &state, user_agent()), AT_WORK);
    host.set_back(1);
    assert_eq!(rejection(&mut host, &state, user_agent()), Some(Rejection::Interrupted));
}

#[test]
fn whoever_replaces_second_gets_nothing() {
    let (mut host, state) = begun("s");
    let key = attempt::key(&state);
    let read = host.attempt(&key).unwrap().unwrap();
    let Some(Entry::Pending(pending)) = attempt::read::<Entry>(&read.value) else { panic!() };
    claim(&mut host, &state, user_agent()).unwrap();
    let now = host.now().as_secs();
    assert_eq!(take(&mut host, &key, &read, &pending, now), Err(Rejection::Duplicate(Duplicate::Raced)));
    host.attempts.remove(&key);
    assert_eq!(take(&mut host, &key, &read, &pending, now), Err(Rejection::Duplicate(Duplicate::Raced)), "dropped meanwhile");
}

#[test]
fn a_lost_answer_of_the_store_loses_no_login() {
    for (happens, persists, expected) in [
        // The entry shows whose it is.
        (true, false, None),
        (true, true, None),
        (false, false, None),
        (false, true, Some(Rejection::Store(StoreError::Unavailable))),
    ] {
        let (mut host, state) = begun("s");
        let fault = FaultyCall { function: Function::ReplaceAttempt, nth: 1, persists, happens, dies: false };
        let mut at = FaultAt::new(fault);
        let mut faulty = Faulty { host: &mut host, fault: &mut at };
        assert_eq!(rejection(&mut faulty, &state, user_agent()), expected, "{fault:?}");
        assert!(at.has_fired());
        let tries = host.calls.iter().filter(|call| call.starts_with("replace_attempt")).count();
        assert!(tries <= 3, "{tries}");
    }
}

#[test]
fn a_store_that_refuses_is_asked_once() {
    for error in [StoreError::Refused, StoreError::TooLarge] {
        let (mut host, state) = begun("s");
        host.failing.insert("replace_attempt".into(), error);
        assert_eq!(rejection(&mut host, &state, user_agent()), Some(Rejection::Store(error)));
        assert_eq!(host.calls.iter().filter(|call| call.starts_with("replace_attempt")).count(), 1);
        host.failing.clear();
        assert!(claim(&mut host, &state, user_agent()).is_ok(), "nothing was taken");
    }
}

#[test]
fn without_random_bytes_nothing_is_taken() {
    let (mut host, state) = begun("s");
    host.random_fails = true;
    assert_eq!(rejection(&mut host, &state, user_agent()), Some(Rejection::Random(RandomUnavailable)));
    host.random_fails = false;
    assert!(claim(&mut host, &state, user_agent()).is_ok());
}

#[test]
fn what_nobody_can_read_the_host_may_end() {
    let (mut host, state) = begun("s");
    host.attempts.insert(attempt::key(&state), "{}".into());
    assert_eq!(rejection(&mut host, &state, user_agent()), Some(Rejection::Store(StoreError::Unavailable)));
    assert_eq!(rejection(&mut host, &state, Claimant::Host), Some(Rejection::Unreadable), "the wait has an end");
}

#[test]
fn a_store_that_is_down_is_the_stores_failure() {
    let (mut host, state) = begun("s");
    host.failing.insert("attempt".into(), StoreError::Unavailable);
    for claimant in [user_agent(), Claimant::Host] {
        assert_eq!(rejection(&mut host, &state, claimant), Some(Rejection::Store(StoreError::Unavailable)));
    }
    host.failing.clear();
    claim(&mut host, &state, user_agent()).unwrap();
    host.advance(91);
    host.failing.insert("attempt newest".into(), StoreError::Unavailable);
    assert_eq!(rejection(&mut host, &state, user_agent()), Some(Rejection::Store(StoreError::Unavailable)));
    assert_eq!(rejection(&mut host, &state, Claimant::Host), Some(Rejection::Interrupted), "which needn't ask");
}
