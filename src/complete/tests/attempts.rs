//! Several attempts, several responses, and calls that die.

use serde_json::json;

use crate::secret::Secret;
use crate::step::outcome::AbandonmentReason;
use crate::testing::login::{Act, Ended, Login, verdict};

fn abandon(login: &mut Login, state: &Secret) -> String {
    match login.act(&Act::Abandon(state.expose().to_owned(), AbandonmentReason::TimedOut)) {
        Ended::Completed(completed) => verdict(&completed),
        Ended::Begun(_) => panic!("begin"),
    }
}

fn exchanged(login: &Login) -> usize {
    login.provider.borrow().exchanged.len()
}

#[test]
fn of_two_attempts_one_wins_and_the_other_changes_nothing() {
    let mut login = Login::new();
    let (first, second) = (login.authorized(), login.authorized());
    assert_eq!(verdict(&login.complete(&second)), "authenticated");
    let variables = login.host.variables.clone();
    login.claim("sub", json!("another user"));
    let completed = login.complete(&first);
    assert_eq!(verdict(&completed), "ignored: duplicate");
    assert_eq!(completed.event_data, None);
    assert_eq!(login.host.variables, variables, "the second tab's user stays out");
}

#[test]
fn a_failed_attempt_wins_too() {
    let mut login = Login::new();
    let (good, denied) = (login.authorized(), login.responded("error=access_denied"));
    assert_eq!(verdict(&login.complete(&denied)), "failed: access_denied");
    assert_eq!(verdict(&login.complete(&good)), "ignored: duplicate");
    assert_eq!(login.output(), None);
    assert_eq!(login.error().unwrap()["code"], json!("access_denied"));
}

#[test]
fn c03_a_replayed_response_exchanges_nothing() {
    let mut login = Login::new();
    let query = login.authorized();
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
    for seconds in [0, 61, 3600] {
        login.advance(seconds);
        assert_eq!(verdict(&login.complete(&query)), "ignored: duplicate");
    }
    assert_eq!(exchanged(&login), 1);
}

#[test]
fn c03_an_error_uses_its_attempt_up() {
    let mut login = Login::new();
    let redirect = login.begin();
    let good = login.authorize(&redirect);
    let denied = format!("error=access_denied&state={}", redirect.state.expose());
    assert_eq!(verdict(&login.complete(&denied)), "failed: access_denied");
    assert_eq!(verdict(&login.complete(&good)), "ignored: duplicate");
    assert_eq!(exchanged(&login), 0);
}

#[test]
fn a_replay_of_an_earlier_visit_does_not_touch_the_next_one() {
    for first in ["error=access_denied", ""] {
        let mut login = Login::new();
        let replayed = if first.is_empty() { login.authorized() } else { login.responded(first) };
        login.complete(&replayed);
        // The journey comes to the step again.
        let next = login.authorized();
        for seconds in [0, 61, 600] {
            login.advance(seconds);
            assert_eq!(verdict(&login.complete(&replayed)), "ignored: duplicate", "{first} after {seconds} s");
        }
        assert_eq!(verdict(&login.complete(&next)), "authenticated");
    }
}

#[test]
fn a_response_that_is_being_handled_is_a_duplicate_and_a_minute_later_interrupted() {
    let mut login = Login::new();
    let redirect = login.begin();
    let query = login.authorize(&redirect);
    login.lose(&redirect.state);
    login.advance(60);
    assert_eq!(verdict(&login.complete(&query)), "ignored: duplicate");
    login.advance(1);
    assert_eq!(verdict(&login.complete(&query)), "failed: login_interrupted");
    assert_eq!(verdict(&login.complete(&query)), "ignored: duplicate");
    assert_eq!(exchanged(&login), 0);
    assert_eq!(login.error().unwrap()["retryable"], json!(true));
}

#[test]
fn the_host_can_end_a_login_whose_call_was_lost() {
    let mut login = Login::new();
    let redirect = login.begin();
    login.lose(&redirect.state);
    assert_eq!(abandon(&mut login, &redirect.state), "ignored: duplicate");
    login.advance(61);
    assert_eq!(abandon(&mut login, &redirect.state), "failed: login_interrupted");
}

#[test]
fn after_a_lost_call_another_attempt_can_still_win() {
    let mut login = Login::new();
    let lost = login.begin();
    let query = login.authorized();
    login.lose(&lost.state);
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
    login.advance(61);
    assert_eq!(abandon(&mut login, &lost.state), "ignored: duplicate");
}

#[test]
fn an_abandoned_login_is_over_for_every_attempt() {
    let mut login = Login::new();
    let redirect = login.begin();
    let (first, second) = (login.authorize(&redirect), login.authorized());
    assert_eq!(abandon(&mut login, &redirect.state), "failed: login_timed_out");
    assert_eq!(verdict(&login.complete(&first)), "ignored: duplicate");
    assert_eq!(verdict(&login.complete(&second)), "ignored: duplicate");
    assert_eq!(login.error().unwrap()["code"], json!("login_timed_out"));
}

#[test]
fn the_host_cannot_end_what_it_does_not_know_or_what_is_over() {
    let mut login = Login::new();
    assert_eq!(abandon(&mut login, &Secret::new("made up")), "ignored: state_unknown");
    assert_eq!(abandon(&mut login, &Secret::new("")), "ignored: state_unknown");
    let redirect = login.begin();
    let query = login.authorize(&redirect);
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
    assert_eq!(abandon(&mut login, &redirect.state), "ignored: duplicate");
    assert!(login.output().is_some());
}

#[test]
fn c13_c02_junk_leaves_the_attempt_for_its_owner() {
    let mut login = Login::new();
    let redirect = login.begin();
    let query = login.authorize(&redirect);
    let state = redirect.state.expose();
    for junk in [
        "".to_owned(),
        "state=".to_owned(),
        format!("state={state}"),
        format!("state={state}&state={state}&code=c"),
        format!("state={state}&code=c&id_token=e.e.e"),
        format!("state={state}&code=%ff"),
        format!("state={state}x&code=c"),
    ] {
        assert!(verdict(&login.complete(&junk)).starts_with("ignored"), "{junk}");
    }
    let form_post = Act::FormPost(query.clone());
    assert!(matches!(login.act(&form_post), Ended::Completed(completed) if verdict(&completed).starts_with("ignored")));
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
}
