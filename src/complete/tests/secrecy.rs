//! Over every outcome of a whole login: nothing secret is in what leaves the step.

use serde_json::json;

use super::scenarios;
use crate::step::outcome::Completed;
use crate::testing::leaks::leak;
use crate::testing::login::{CLIENT_SECRET, ERROR, Ended, Login, verdict};

/// Every secret of the logins so far.
pub(super) fn secrets(login: &Login) -> Vec<(&'static str, String)> {
    let mut secrets = login.provider.borrow().issued.clone();
    // Shorter ones name calls, and aren't secrets.
    secrets.extend(
        login.host.drawn.iter().filter(|drawn| drawn.len() == 43).map(|drawn| ("state, nonce or verifier", drawn.clone())),
    );
    secrets.push(("client secret", CLIENT_SECRET.to_owned()));
    secrets
}

/// All that is for somebody's eyes: event data, error variable, and what the outcome says.
pub(super) fn told(login: &Login, completed: &Completed) -> String {
    let error = login.host.variables.get(ERROR);
    format!("{:?}\n{}\n{}", completed.outcome, completed.event_data.as_deref().unwrap_or(""), error.map_or("", String::as_str))
}

#[test]
fn h01_no_outcome_tells_a_secret() {
    for scenario in scenarios::all() {
        for event_data in [json!("input_output"), json!({"custom": ["/input", "/exchanges", "/error", "/output"]})] {
            let mut login = Login::new();
            login.set("event_data", event_data);
            login.set("tokens", json!("output"));
            let act = (scenario.prepare)(&mut login);
            let text = match login.act(&act) {
                Ended::Begun(begun) => format!("{begun:?} {:?}", login.host.variables),
                Ended::Completed(completed) => told(&login, &completed),
            };
            assert_eq!(leak(&text, &secrets(&login)), None, "{:?}: {text}", scenario.code);
        }
    }
}

#[test]
fn h01_a_begin_tells_its_secrets_in_the_url_alone() {
    let mut login = Login::new();
    login.set("event_data", json!("input_output"));
    let begun = login.journey.begin(&mut login.host);
    let secrets = secrets(&login);
    assert_eq!(login.host.drawn.len(), 3);
    assert_eq!(leak(&format!("{begun:?} {:?}", login.host.variables), &secrets), None);
    let redirect = begun.outcome.unwrap();
    let in_the_url: Vec<bool> = login.host.drawn.iter().map(|drawn| redirect.url.expose().contains(drawn.as_str())).collect();
    assert_eq!(in_the_url, [true, true, false], "state and nonce; of the verifier, its hash");
}

#[test]
fn h01_a_success_tells_tokens_in_the_output_alone() {
    for tokens in ["discard", "revoke", "output"] {
        let mut login = Login::new();
        login.set("event_data", json!("input_output"));
        login.set("tokens", json!(tokens));
        let completed = login.run();
        assert_eq!(verdict(&completed), "authenticated");
        assert_eq!(leak(&told(&login, &completed), &secrets(&login)), None);
        // The ID token and its nonce are the output's; the rest is only where it was asked for.
        let output = login.output().unwrap().to_string();
        let hidden = |name: &str| !["ID token", "nonce", "state, nonce or verifier"].contains(&name);
        let mut secrets = secrets(&login);
        secrets.retain(|(name, _)| hidden(name) && (tokens != "output" || !name.ends_with("token")));
        assert_eq!(leak(&output, &secrets), None);
    }
}

#[test]
fn h01_requests_hold_each_secret_where_it_belongs() {
    let mut login = Login::new();
    login.run();
    let urls = login.fetches().join(" ");
    assert_eq!(leak(&urls, &secrets(&login)), None, "no URL of a back channel holds any");
}

#[test]
fn h01_the_store_keeps_no_secret_under_its_own_name() {
    let mut login = Login::new();
    login.run();
    let keys: Vec<_> = login.host.calls.iter().map(String::as_str).filter(|call| !call.starts_with("fetch")).collect();
    assert_eq!(leak(&keys.join("\n"), &secrets(&login)), None);
}
