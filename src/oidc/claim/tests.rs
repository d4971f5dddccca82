//! Who may take an attempt, and what the others are told.

use super::*;
use crate::testing::{FakeHost, attempt};

const BROWSER: &[u8] = b"browser";

fn by(browser: &'static [u8], response_mode: ResponseMode) -> Claimant<'static> {
    Claimant::UserAgent { browser, response_mode }
}

fn begun(state: &str) -> (FakeHost, Secret) {
    let mut host = FakeHost::new();
    let state = Secret::new(state);
    let attempt = attempt(&mut host);
    store(&mut host, &state, BROWSER, &attempt).unwrap();
    (host, state)
}

fn claim_rejection(host: &mut FakeHost, state: &Secret, claimant: Claimant<'_>) -> Option<Rejection> {
    claim(host, state, claimant).err()
}

#[test]
fn c03_an_attempt_is_handed_over_once() {
    let (mut host, state) = begun("s");
    let claimant = by(BROWSER, ResponseMode::Query);
    let taken = claim(&mut host, &state, claimant).unwrap();
    assert_eq!(taken.client_id, "client");
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate));
}

#[test]
fn c02_an_unknown_state_finds_nothing() {
    let (mut host, _) = begun("s");
    let other = Secret::new("S");
    assert_eq!(claim_rejection(&mut host, &other, by(BROWSER, ResponseMode::Query)), Some(Rejection::StateUnknown));
}

#[test]
fn c02_another_browser_takes_nothing() {
    let (mut host, state) = begun("s");
    for browser in [&b"other"[..], b""] {
        let claimant = by(browser, ResponseMode::Query);
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::BrowserMismatch));
    }
    assert!(claim(&mut host, &state, by(BROWSER, ResponseMode::Query)).is_ok());
}

#[test]
fn c13_a_form_post_does_not_answer_a_query_but_a_query_answers_a_form_post() {
    let (mut host, state) = begun("s");
    let claimant = by(BROWSER, ResponseMode::FormPost);
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::ResponseModeMismatch));
    assert!(claim(&mut host, &state, by(BROWSER, ResponseMode::Query)).is_ok());

    for response_mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let mut host = FakeHost::new();
        let attempt = Attempt { response_mode: ResponseMode::FormPost, ..attempt(&mut host) };
        store(&mut host, &state, BROWSER, &attempt).unwrap();
        assert!(claim(&mut host, &state, by(BROWSER, response_mode)).is_ok());
    }
}

#[test]
fn the_host_needs_no_browser_to_end_an_attempt() {
    let (mut host, state) = begun("s");
    assert!(claim(&mut host, &state, Claimant::Host).is_ok());
    assert_eq!(claim_rejection(&mut host, &state, Claimant::Host), Some(Rejection::Duplicate));
}

#[test]
fn several_attempts_live_side_by_side_and_one_wins() {
    let (mut host, first) = begun("first");
    let second = Secret::new("second");
    let attempt = attempt(&mut host);
    store(&mut host, &second, BROWSER, &attempt).unwrap();
    let claimant = by(BROWSER, ResponseMode::Query);
    assert!(claim(&mut host, &second, claimant).is_ok());
    assert!(claim(&mut host, &first, claimant).is_ok());
    assert_eq!(win(&mut host), Ok(true));
    assert_eq!(win(&mut host), Ok(false));
}

#[test]
fn a_duplicate_is_told_from_a_call_that_was_lost() {
    let claimant = by(BROWSER, ResponseMode::Query);
    let (mut host, state) = begun("s");
    claim(&mut host, &state, claimant).unwrap();
    host.advance(60);
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate), "may still be at work");
    host.advance(1);
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Interrupted));
    assert_eq!(win(&mut host), Ok(true));
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate), "an attempt has won");
}

#[test]
fn a_crash_before_the_marker_was_written_is_found_out_a_minute_later() {
    let claimant = by(BROWSER, ResponseMode::Query);
    let (mut host, state) = begun("s");
    host.take_attempt(&attempt_key(&state)).unwrap();
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate));
    host.advance(61);
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Interrupted));
}

#[test]
fn a_crash_before_the_marker_of_an_attempt_that_lost_is_a_duplicate() {
    let claimant = by(BROWSER, ResponseMode::Query);
    let (mut host, state) = begun("s");
    host.take_attempt(&attempt_key(&state)).unwrap();
    win(&mut host).unwrap();
    for _ in 0..2 {
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate));
        host.advance(61);
    }
}

#[test]
fn what_was_handled_in_an_earlier_visit_does_not_interrupt_the_next_one() {
    let claimant = by(BROWSER, ResponseMode::Query);
    let (mut host, handled) = begun("handled");
    claim(&mut host, &handled, claimant).unwrap();
    win(&mut host).unwrap();
    let attempt = attempt(&mut host);
    store(&mut host, &Secret::new("next"), BROWSER, &attempt).unwrap();
    host.advance(61);
    assert_eq!(claim_rejection(&mut host, &handled, claimant), Some(Rejection::Duplicate));
    assert_eq!(win(&mut host), Ok(true));
}

#[test]
fn a_take_that_the_store_has_undone_is_made_again() {
    let claimant = by(BROWSER, ResponseMode::Query);
    let (mut host, state) = begun("s");
    let stored = host.attempts[&attempt_key(&state)].clone();
    claim(&mut host, &state, claimant).unwrap();
    host.attempts.insert(attempt_key(&state), stored);
    host.advance(61);
    assert!(claim(&mut host, &state, claimant).is_ok());
}

#[test]
fn an_attempt_that_was_taken_goes_on_while_the_store_fails() {
    let (mut host, state) = begun("s");
    host.failing.insert("attempt open".into(), StoreError::Unavailable);
    host.failing.insert("put_attempt".into(), StoreError::Unavailable);
    assert!(claim(&mut host, &state, by(BROWSER, ResponseMode::Query)).is_ok());
}

#[test]
fn what_the_store_holds_instead_is_not_believed() {
    let claimant = by(BROWSER, ResponseMode::Query);
    let (mut host, state) = begun("s");
    let good = host.attempts[&attempt_key(&state)].clone();
    for text in ["", "{}", "null", &good.replace(r#""version":1"#, r#""version":2"#), &good.replace("client_id", "x")] {
        host.attempts.insert(attempt_key(&state), text.to_owned());
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Unreadable), "{text}");
    }
    host.attempts.insert(marker_key(&state), "{}".into());
    assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Store(StoreError::Unavailable)));
    assert_eq!(claim_rejection(&mut host, &state, Claimant::Host), Some(Rejection::Unreadable), "the wait has an end");
}

#[test]
fn the_store_keeps_an_attempt_an_hour_longer_than_it_counts_and_the_rest_longer_still() {
    let (host, state) = begun("s");
    assert_eq!(host.lifetimes[&attempt_key(&state)], 900 + 3600);
    assert_eq!(host.lifetimes[&marker_key(&state)], 900 + 7200);
    assert_eq!(host.lifetimes[OPEN], 900 + 7200);
}

#[test]
fn no_key_of_the_store_shows_the_state() {
    let (host, _) = begun("the-state");
    assert!(host.attempts.keys().all(|key| !key.contains("the-state")));
}

#[test]
fn h01_an_attempt_prints_neither_nonce_nor_verifier() {
    let mut host = FakeHost::new();
    let attempt = attempt(&mut host);
    let printed = format!("{attempt:?}");
    assert!(!printed.contains(attempt.nonce.expose()));
    assert!(!printed.contains(attempt.verifier.secret().expose()));
}
