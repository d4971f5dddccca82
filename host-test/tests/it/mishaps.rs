//! What users and operators meet, through the sandbox: each mishap of the local Cognito ends as it says, with what the operator
//! reads.

use host_test::cognito::Endpoint;
use host_test::demo::{self, Exit};
use host_test::environment::Environment;
use host_test::mishaps::{MISHAPS, Mishap, Scene};
use host_test::telemetry::Lines;
use journey_host::{AuthorizationResponse, Begun, ClientSecret};

use crate::outcomes::documented;
use crate::stage::{CALLBACK_URL, Stage, compiled, query, verdict};

/// A stage on which it happens.
pub(crate) async fn arranged(mishap: &Mishap) -> Stage {
    let mut stage = Stage::new().await;
    let mut client_secret = stage.cognito.client_secret();
    let (mut settings, mut connector) = (stage.settings.clone(), stage.connector.clone());
    (mishap.arrange)(&mut Scene {
        cognito: &stage.cognito,
        settings: &mut settings,
        connector: &mut connector,
        client_secret: &mut client_secret,
    });
    (stage.settings, stage.connector) = (settings, connector);
    stage.client_secret = client_secret.map(ClientSecret::new);
    stage
}

#[tokio::test]
async fn each_mishap_ends_with_its_code_and_tells_what_happened() {
    let documented = documented();
    for mishap in MISHAPS.iter().filter(|mishap| mishap.comes_back) {
        let name = mishap.name;
        let stage = arranged(mishap).await;
        let begun = stage.call_begin().await;
        let ended = match &begun.outcome {
            Begun::Redirect(request) => verdict(&stage.complete(&stage.sign_in(request).await).await),
            _ => verdict(&begun),
        };
        if mishap.code.is_empty() {
            assert_eq!(ended, "authenticated", "{name}");
            let output = stage.output().await.expect("an output");
            assert!(output.to_string().contains(mishap.tells), "{name}: {output}");
            continue;
        }
        assert_eq!(ended, format!("failed: {}", mishap.code), "{name}");
        stage.assert_failed(mishap.code, name).await;
        let error = stage.variable("error_output").await.expect("an error");
        let row = &documented[mishap.code];
        assert_eq!(
            (error["category"].as_str(), error["retryable"].as_bool()),
            (Some(row.category.as_str()), Some(row.is_retryable))
        );
        assert!(!mishap.tells.is_empty() && error.to_string().contains(mishap.tells), "{name}: {error}");
        let exchanges = stage.cognito.requests().count(Endpoint::Token);
        assert!(exchanges <= 1, "{name}: the code was sent {exchanges} times");
        assert!(name != "pasted-secret" || exchanges == 0, "told before anything is sent");
    }
}

#[tokio::test]
async fn an_unknown_client_or_callback_url_leaves_the_user_on_cognitos_own_page() {
    for (name, error) in [("unknown-client", "invalid_request"), ("unknown-callback", "redirect_mismatch")] {
        let mishap = Mishap::named(name).expect("a mishap");
        assert!(!mishap.comes_back);
        let stage = arranged(mishap).await;
        let request = stage.begin().await;
        let page = stage.user_agent.open_until(&request.url, CALLBACK_URL).await.expect("an answer").page().expect("a page");
        assert_eq!(page.url.path(), "/error", "{name}");
        let query = page.url.query().unwrap_or_default();
        assert!(query.starts_with(&format!("error={error}&client_id=")), "{name}: {query}");
    }
}

#[tokio::test]
async fn what_is_left_at_the_end_of_an_apps_url_is_cut_off() {
    for end in ["#", "#_=_"] {
        let stage = Stage::new().await;
        let request = stage.begin().await;
        let AuthorizationResponse::Query(mut arrival) = stage.sign_in(&request).await else { panic!("not a query") };
        for text in [&mut arrival.url, &mut arrival.parameters] {
            text.push_str(end);
        }
        let response = AuthorizationResponse::Query(arrival);
        assert_eq!(verdict(&stage.complete(&response).await), "authenticated", "{end}");
    }
}

#[tokio::test]
async fn no_redirect_that_a_user_edits_tells_what_only_an_endpoint_knows() {
    for (error, code) in [
        ("invalid_client", "provider_error"),
        ("invalid_grant", "provider_error"),
        ("TooManyRequestsException", "provider_error"),
        ("slow_down", "provider_error"),
        ("invalid_request&error_description=invalid_client", "provider_error"),
        ("server_error&error_description=invalid_grant", "provider_unavailable"),
    ] {
        let stage = Stage::new().await;
        let request = stage.begin().await;
        let response = query(&format!("error={error}&state={}", request.state));
        assert_eq!(verdict(&stage.complete(&response).await), format!("failed: {code}"), "{error}");
    }
}

async fn demo(arguments: &[&str]) -> (Exit, String) {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let mut printed = Vec::new();
    let exit =
        demo::run(&arguments, || Ok(compiled()), &Environment::default(), &Lines::kept(), &mut printed).await.expect("a demo");
    (exit, String::from_utf8(printed).expect("UTF-8"))
}

#[tokio::test]
async fn the_demo_lists_what_a_login_can_meet_and_plays_it() {
    let (exit, list) = demo(&["--fail"]).await;
    assert_eq!(exit, Exit::Done);
    assert!(MISHAPS.iter().all(|mishap| list.contains(mishap.name) && list.contains(mishap.code)), "{list}");
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");

    for (name, expected) in [
        ("firewall-challenge", Exit::LoginFailed),
        ("level-higher", Exit::Done),
        ("unknown-setting", Exit::LoginFailed),
        ("unknown-client", Exit::LoginFailed),
    ] {
        let (exit, printed) = demo(&["--fail", name]).await;
        let mishap = Mishap::named(name).expect("a mishap");
        assert_eq!(exit, expected, "{name}: {printed}");
        assert!(printed.contains(mishap.code), "{name}: {printed}");
        let first = printed.lines().next().unwrap_or_default();
        let summary = if exit == Exit::Done { "Logged in: " } else { "Not logged in: " };
        assert!(first.starts_with(summary) && first.contains(mishap.code), "{name}: {first}");
        assert!(printed.lines().all(|line| line.chars().count() <= 80), "{name}: {printed}");
    }
    let (exit, printed) = demo(&["--fail", "no-such-thing"]).await;
    assert_eq!(exit, Exit::Refused);
    assert!(printed.contains("no login fails like"), "{printed}");
}
