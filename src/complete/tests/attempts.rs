//! Several attempts, several responses, and calls that die: what the step says of each. Which of its outcomes counts is the
//! host's to say: see [`super::model`] and [`super::faults`].

use serde_json::json;

use crate::secret::Secret;
use crate::step::outcome::{AbandonmentReason, CompleteOutcome, Completed};
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
fn c03_a_replayed_response_exchanges_nothing() {
    let mut login = Login::new();
    let query = login.authorized();
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
    let variables = login.host.variables.clone();
    let completed = login.complete(&query);
    assert_eq!(verdict(&completed), "ignored: duplicate");
    assert_eq!((completed.event_data, &login.host.variables), (None, &variables));
    login.advance(90);
    assert_eq!(verdict(&login.complete(&query)), "ignored: duplicate");
    // A host that settled the visit doesn't ask any more; to one that didn't, the first call was lost.
    login.advance(1);
    assert_eq!(verdict(&login.complete(&query)), "failed: login_interrupted");
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
fn a_duplicate_says_what_it_is_a_duplicate_of() {
    let mut login = Login::new();
    let older = login.authorized();
    login.complete(&older);
    let message = |login: &mut Login, query: &str| match login.complete(query).outcome {
        crate::step::outcome::CompleteOutcome::Ignored(failed) => failed.failure.message(),
        other => panic!("{other:?}"),
    };
    assert!(message(&mut login, &older).ends_with("at most 90 s ago, and may be at work on it"));
    login.begin();
    login.advance(91);
    assert!(message(&mut login, &older).ends_with("an attempt begun since will end the visit"));
}

#[test]
fn the_host_can_end_a_login_whose_call_was_lost() {
    let mut login = Login::new();
    let redirect = login.begin();
    login.lose(&redirect.state);
    assert_eq!(abandon(&mut login, &redirect.state), "ignored: duplicate");
    login.advance(91);
    assert_eq!(abandon(&mut login, &redirect.state), "failed: login_interrupted");
    assert_eq!(login.error().unwrap()["retryable"], json!(true));
    assert_eq!(exchanged(&login), 0);
}

#[test]
fn the_host_can_end_a_login_that_the_store_has_lost() {
    let mut login = Login::new();
    let redirect = login.begin();
    let query = login.authorize(&redirect);
    login.host.attempts.clear();
    assert_eq!(verdict(&login.complete(&query)), "ignored: state_unknown");
    assert_eq!(abandon(&mut login, &redirect.state), "failed: login_interrupted", "or nothing could end the journey");
}

#[test]
fn an_abandoned_attempt_is_taken() {
    let mut login = Login::new();
    let redirect = login.begin();
    let query = login.authorize(&redirect);
    assert_eq!(abandon(&mut login, &redirect.state), "failed: login_timed_out");
    assert_eq!(verdict(&login.complete(&query)), "ignored: duplicate");
    assert_eq!(login.error().unwrap()["code"], json!("login_timed_out"));
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
        assert!(matches!(login.complete(&junk).outcome, CompleteOutcome::Ignored(_)), "{junk}");
    }
    let form_post = Act::FormPost(query.clone());
    assert!(matches!(login.act(&form_post), Ended::Completed(Completed { outcome: CompleteOutcome::Ignored(_), .. })));
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
}
