//! Responses that come twice, at once, too late, to the wrong place, or from a call that is dead. Of any number of them one moves
//! the journey, each code is sent once, and the output is one user's whole.

use std::collections::BTreeMap;
use std::time::Duration;

use host_test::browser::Browser as UserAgent;
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, Endpoint, Fault, Times, User};
use journey_host::{AuthorizationResponse, Browser, Called, Completed, Limits, Step, Visit};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::stage::{Stage, compiled, form_post, query, verdict};

/// A second user who signs in by password.
const ALAN: (&str, &str) = ("alan@example.com", "Christopher-1936");

/// How often a race is run.
const ROUNDS: u32 = 25;

/// A pool of two users.
async fn stage_for_two() -> Stage {
    let mut config = Config::default();
    let alan = User::new("alan", "0c9be3a2-7d41-70f8-9e55-2b1f6c7d8e90", ALAN.1);
    config.users.push(alan.attribute("email", ALAN.0).attribute("email_verified", true).attribute("name", "Alan Turing"));
    Stage::with(config).await
}

/// An attempt whose user has signed in; and its code is on the way.
async fn response_of(stage: &Stage, (username, password): (&str, &str)) -> AuthorizationResponse {
    let request = stage.begin().await;
    stage.sign_in_as(&UserAgent::new(), &request, username, password).await
}

/// Calls of `complete` that run at once.
struct Race<'a> {
    stage: &'a Stage,
    calls: JoinSet<Called<Completed>>,
}

impl<'a> Race<'a> {
    fn new(stage: &'a Stage) -> Self {
        Self { stage, calls: JoinSet::new() }
    }

    /// Another call, on the stage's host or on another one of its fleet.
    fn run(&mut self, step: &Step, response: &AuthorizationResponse) {
        let (step, visit, invocation) = (step.clone(), self.stage.visit.clone(), self.stage.invocation());
        let (secret, response) = (self.stage.client_secret.clone(), response.clone());
        self.calls.spawn(async move { step.complete(&visit, &invocation, secret.as_ref(), &response).await });
    }

    /// How often each verdict was given: what is told as anything but ignored was applied.
    async fn verdicts(self) -> BTreeMap<String, usize> {
        let mut verdicts = BTreeMap::new();
        for called in self.calls.join_all().await {
            // Whether the visit was settled already when the call began is a matter of time.
            let verdict = match &called.outcome {
                Completed::TooLate(failure) => Completed::Ignored(failure.clone()).to_string(),
                _ => verdict(&called),
            };
            *verdicts.entry(verdict).or_default() += 1;
        }
        verdicts
    }
}

fn verdicts<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    counts.into_iter().map(|(verdict, count)| (verdict.to_owned(), count)).collect()
}

/// A step on another host of the fleet: what the hosts share is their services.
fn another_host(stage: &Stage) -> Step {
    Step::new(compiled(), stage.step.services().clone(), Limits::default())
}

/// The output is one user's, in each of its parts.
fn assert_one_users(output: &Value) {
    let subject = &output["id_token_claims"]["sub"];
    assert!(subject.is_string());
    for other in [&output["user_info"]["sub"], &output["user"]["external_user_id"], &output["login"]["subject"]] {
        assert_eq!(other, subject);
    }
    for email in [&output["user_info"]["email"], &output["user"]["email"]] {
        assert_eq!(email, &output["id_token_claims"]["email"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c03_c16_the_same_response_a_hundred_times_at_once_is_exchanged_once() {
    let stage = Stage::new().await;
    let hosts = [stage.step.clone(), another_host(&stage)];
    let response = stage.sign_in(&stage.begin().await).await;
    let mut race = Race::new(&stage);
    for host in hosts.iter().cycle().take(100) {
        race.run(host, &response);
    }
    assert_eq!(race.verdicts().await, verdicts([("authenticated", 1), ("ignored: duplicate", 99)]));
    for endpoint in [Endpoint::Token, Endpoint::UserInfo] {
        assert_eq!(stage.cognito.requests().count(endpoint), 1, "{endpoint:?}");
    }
    assert_one_users(&stage.output().await.expect("an output"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c03_of_two_users_who_finish_one_journey_at_once_one_wins_whole() {
    let mut stage = stage_for_two().await;
    for round in 0..ROUNDS {
        stage.next_journey();
        let ada = response_of(&stage, (DEFAULT_USERNAME, DEFAULT_PASSWORD)).await;
        let alan = response_of(&stage, ALAN).await;
        let mut race = Race::new(&stage);
        for response in if round % 2 == 0 { [&ada, &alan] } else { [&alan, &ada] } {
            race.run(&stage.step, response);
        }
        assert_eq!(race.verdicts().await, verdicts([("authenticated", 1), ("ignored: duplicate", 1)]));
        let output = stage.output().await.expect("an output");
        assert_one_users(&output);
        let email = output["user"]["email"].as_str();
        assert!(email == Some(DEFAULT_USERNAME) || email == Some(ALAN.0), "{email:?}");
        assert_eq!(stage.error_code().await.as_deref(), Some(""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_login_and_a_refusal_at_once_one_is_told_whole() {
    let mut stage = stage_for_two().await;
    for _ in 0..ROUNDS {
        stage.next_journey();
        let refused = stage.begin().await;
        let refused = query(&format!("error=access_denied&state={}", refused.state));
        let ada = response_of(&stage, (DEFAULT_USERNAME, DEFAULT_PASSWORD)).await;
        let mut race = Race::new(&stage);
        race.run(&stage.step, &ada);
        race.run(&stage.step, &refused);
        let verdicts = race.verdicts().await;
        assert_eq!(verdicts.get("ignored: duplicate"), Some(&1), "{verdicts:?}");
        match verdicts.contains_key("authenticated") {
            true => assert_one_users(&stage.output().await.expect("an output")),
            false => stage.assert_failed("access_denied", "the refusal won").await,
        }
    }
}

#[tokio::test]
async fn c03_an_old_tab_changes_nothing_any_more() {
    let stage = stage_for_two().await;
    let old = response_of(&stage, (DEFAULT_USERNAME, DEFAULT_PASSWORD)).await;
    let new = response_of(&stage, ALAN).await;
    assert_eq!(verdict(&stage.complete(&new).await), "authenticated");
    let output = stage.output().await;
    for _ in 0..2 {
        assert_eq!(verdict(&stage.complete(&old).await), "too late: duplicate");
        stage.advance(120);
    }
    assert_eq!(stage.output().await, output);
}

#[tokio::test]
async fn an_old_tab_that_comes_first_wins_and_the_new_one_is_too_late() {
    let stage = stage_for_two().await;
    let old = response_of(&stage, (DEFAULT_USERNAME, DEFAULT_PASSWORD)).await;
    let new = response_of(&stage, ALAN).await;
    assert_eq!(verdict(&stage.complete(&old).await), "authenticated");
    assert_eq!(verdict(&stage.complete(&new).await), "too late: duplicate");
    assert_eq!(stage.output().await.expect("an output")["user"]["email"], DEFAULT_USERNAME);
}

#[tokio::test]
async fn what_answered_an_earlier_visit_does_not_answer_the_next() {
    let mut stage = Stage::new().await;
    let earlier = stage.sign_in(&stage.begin().await).await;
    assert_eq!(verdict(&stage.complete(&earlier).await), "authenticated");
    stage.visit.round += 1;
    let next = stage.sign_in(&stage.begin().await).await;
    assert_eq!(stage.output().await, None, "an earlier output doesn't survive `begin`");
    for _ in 0..2 {
        assert_eq!(verdict(&stage.complete(&earlier).await), "ignored: state_unknown");
        stage.advance(91);
    }
    assert_eq!(verdict(&stage.complete(&next).await), "authenticated");
}

#[tokio::test]
async fn c02_a_response_for_another_journey_or_another_browser_takes_nothing() {
    let mut stage = Stage::new().await;
    let response = stage.sign_in(&stage.begin().await).await;
    let (visit, browser) = (stage.visit.clone(), stage.browser.clone());

    stage.visit = Visit::first("tenant", "another journey", "login");
    stage.begin().await;
    assert_eq!(verdict(&stage.complete(&response).await), "ignored: state_unknown");
    stage.visit = Visit::first("tenant", &visit.journey, "another step");
    assert_eq!(verdict(&stage.complete(&response).await), "ignored: state_unknown");

    stage.visit = visit;
    for stranger in [Browser::from_session("another session"), Browser::from_bytes(b"")] {
        stage.browser = stranger;
        assert_eq!(verdict(&stage.complete(&response).await), "ignored: browser_mismatch");
    }
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 0);
    stage.browser = browser;
    assert_eq!(verdict(&stage.complete(&response).await), "authenticated");
}

#[tokio::test]
async fn c18_an_expired_response_ends_the_login_and_exchanges_nothing() {
    let stage = Stage::new().await;
    let request = stage.begin().await;
    let response = stage.sign_in(&request).await;
    stage.advance(u64::from(request.expires_in) + 1);
    assert_eq!(verdict(&stage.complete(&response).await), "failed: login_expired");
    assert_eq!(verdict(&stage.complete(&response).await), "too late: duplicate");
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 0);
    stage.assert_failed("login_expired", "expired").await;
}

/// A host that dies between taking the attempt and applying the outcome. Nobody knows what became of the code: it isn't sent
/// again.
#[tokio::test]
async fn c16_a_call_that_is_lost_while_it_waits_leaves_a_journey_that_can_go_on() {
    let mut stage = Stage::new().await;
    for endpoint in [Endpoint::Token, Endpoint::Jwks, Endpoint::UserInfo] {
        stage.next_journey();
        let exchanges = stage.cognito.requests().count(Endpoint::Token);
        let response = stage.sign_in(&stage.begin().await).await;
        stage.lose(&response, endpoint).await;
        assert_eq!(verdict(&stage.complete(&response).await), "ignored: duplicate", "{endpoint:?}: as if it were at work");
        stage.advance(90);
        assert_eq!(verdict(&stage.complete(&response).await), "ignored: duplicate", "{endpoint:?}");
        assert_eq!(stage.error_code().await, None, "{endpoint:?}: nothing was written");
        stage.advance(1);
        assert_eq!(verdict(&stage.complete(&response).await), "failed: login_interrupted", "{endpoint:?}");
        stage.assert_failed("login_interrupted", "a lost call").await;
        assert_eq!(verdict(&stage.complete(&response).await), "too late: duplicate", "{endpoint:?}");
        assert_eq!(stage.cognito.requests().count(Endpoint::Token), exchanges + 1, "{endpoint:?}");

        stage.visit.round += 1;
        assert_eq!(verdict(&stage.login().await), "authenticated", "{endpoint:?}");
    }
}

/// The state of this login is unknown to whoever sends junk: what he has are states of his own, and all the rest.
fn junk(number: usize, own: &AuthorizationResponse) -> AuthorizationResponse {
    let AuthorizationResponse::Query(own) = own else { panic!("a query") };
    let text = match number % 8 {
        0 => own.parameters.clone(),
        1 => format!("code={number}&state={number}"),
        2 => format!("error=access_denied&state={number}"),
        3 => format!("code={number}"),
        4 => format!("state={number}&state={number}&code=%"),
        5 => format!("id_token={number}&state={number}"),
        6 => "%".repeat(number),
        _ => String::new(),
    };
    if number.is_multiple_of(3) { form_post(&text) } else { query(&text) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_pieces_of_junk_do_not_hinder_a_login() {
    const PIECES: usize = 1000;
    let mut stage = Stage::new().await;
    let attackers = stage.sign_in(&stage.begin().await).await;
    stage.next_journey();
    let response = stage.sign_in(&stage.begin().await).await;
    // While half of the junk is handled, this login waits for its tokens.
    stage.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Delay(Duration::from_millis(500)));
    let mut race = Race::new(&stage);
    for number in 0..PIECES {
        if number == PIECES / 2 {
            race.run(&stage.step, &response);
        }
        race.run(&stage.step, &junk(number, &attackers));
    }
    let verdicts = race.verdicts().await;
    assert_eq!(verdicts.get("authenticated"), Some(&1), "{verdicts:?}");
    assert_eq!(
        verdicts.iter().filter(|(verdict, _)| verdict.starts_with("ignored: ")).map(|(_, count)| count).sum::<usize>(),
        PIECES
    );
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 1);
    assert_one_users(&stage.output().await.expect("an output"));
}

#[tokio::test]
async fn any_host_of_a_fleet_completes_what_another_began() {
    let stage = Stage::new().await;
    let response = stage.sign_in(&stage.begin().await).await;
    let called = another_host(&stage).complete(&stage.visit, &stage.invocation(), stage.client_secret.as_ref(), &response).await;
    assert!(matches!(called.outcome, Completed::Authenticated(_)), "{:?}", called.outcome);
    assert_one_users(&stage.output().await.expect("an output"));
}
