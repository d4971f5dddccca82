//! Plays a row: one login, and what must be true of any.

use host_test::browser::Navigation;
use host_test::cognito::Request;
use journey_host::{Arrival, AuthorizationResponse, Begun};
use serde_json::Value;
use url::form_urlencoded;

use super::row::{Expected, Parameters, Row, Seen};
use crate::stage::{Stage, form_post, query, verdict};

/// How a row ended.
pub(super) struct Played {
    /// In the words of [`verdict`], or `stopped: <code>`.
    pub(super) verdict: String,
    /// What didn't hold besides.
    pub(super) problems: Vec<String>,
}

pub(super) async fn play(row: Row) -> Played {
    let mut config = host_test::cognito::Config::default();
    for change in row.setup {
        change(&mut config);
    }
    let mut stage = Stage::with(config).await;
    if row.after_a_login {
        let called = stage.login().await;
        assert_eq!(verdict(&called), "authenticated", "the login before");
        stage.visit.round += 1;
    }
    for change in row.arrangements {
        change(&mut stage);
    }

    let mut problems = Problems(Vec::new());
    let begun = stage.cognito.requests().mark();
    let request = match stage.call_begin().await.outcome {
        Begun::Redirect(request) => request,
        Begun::Failed(failed) => {
            let failure = failed.failure;
            problems.calls(row.calls, &stage, begun);
            problems.expect(stage.error_code().await.as_ref() == Some(&failure.code), "the error variable has the code");
            problems.expect(stage.output().await.is_none(), "there is no output");
            return Played { verdict: format!("stopped: {}", failure.code), problems: problems.0 };
        }
        other => panic!("{other:?}"),
    };
    let genuine = stage.sign_in(&request).await;
    problems.expect(row.by_form_post == matches!(genuine, AuthorizationResponse::FormPost(_)), "the response came as asked for");
    let mut response = genuine.clone();
    for change in row.responses {
        response = altered(&response, change);
    }
    let browser = stage.browser.clone();
    for change in row.interludes {
        change(&mut stage);
    }
    if row.after_the_same_response {
        assert_eq!(verdict(&stage.complete(&genuine).await), "authenticated", "the response before");
    }

    let before = variables(&stage).await;
    let completing = stage.cognito.requests().mark();
    let called = stage.complete(&response).await;
    let after = variables(&stage).await;
    let authorization = Navigation::get(&request.url).expect("a URL").parameters();
    let seen = Seen {
        output: after.0.clone(),
        error: after.1.clone(),
        authorization,
        requests: stage.cognito.requests().back_channel_since(begun),
    };

    problems.calls(row.calls, &stage, completing);
    problems.implicit(&seen);
    for (index, proof) in row.proofs.iter().enumerate() {
        problems.expect(proof(&seen), &format!("proof {index}"));
    }
    match row.expected {
        Expected::Accept => {
            problems.expect(seen.error["code"] == "", "the error variable has no code");
            let mode = if row.by_form_post { "form_post" } else { "query" };
            problems.expect(seen.output["login"]["response_mode"] == mode, "the output is this login's");
        }
        Expected::Reject(code) => {
            problems.expect(seen.error["code"] == code, "the error variable has the code");
            problems.expect(seen.output.is_null(), "there is no output");
        }
        Expected::Ignore(_) => {
            problems.expect(before == after, "nothing is written");
            if !row.after_the_same_response {
                stage.browser = browser;
                let genuine = verdict(&stage.complete(&genuine).await);
                problems.expect(genuine == "authenticated", "the right response still completes the login");
            }
        }
        Expected::Stop(_) => {}
    }
    // A visit that is settled gets no call: the host says `duplicate` by itself.
    Played { verdict: verdict(&called).replace("too late", "ignored"), problems: problems.0 }
}

struct Problems(Vec<String>);

impl Problems {
    fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.0.push(format!("doesn't hold: {what}"));
        }
    }

    fn calls(&mut self, expected: &[&str], stage: &Stage, mark: usize) {
        let requests = stage.cognito.requests().back_channel_since(mark);
        let calls: Vec<&str> = requests.iter().map(|request| request.path.rsplit('/').next().unwrap_or_default()).collect();
        if calls != expected {
            self.0.push(format!("called {calls:?} instead of {expected:?}"));
        }
    }

    /// What the suite looks at in every module.
    fn implicit(&mut self, seen: &Seen) {
        let openid = seen.parameter("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "openid"));
        self.expect(openid, "`openid` is in the scope");
        self.expect(seen.parameter("response_type") == Some("code"), "the response type is `code`");
        let is_authorized = |request: &Request| request.header("authorization").is_some();
        let bare = |request: &Request| !request.query.contains("token") && !request.query.contains("secret");
        self.expect(seen.requests.iter().all(bare), "no token is in a query");
        let token = seen.request("/oauth2/token");
        self.expect(
            token.is_none_or(|token| token.field("redirect_uri").as_deref() == seen.parameter("redirect_uri")),
            "one redirect URI",
        );
        self.expect(token.is_none_or(is_authorized), "the client authenticates by Basic");
    }
}

async fn variables(stage: &Stage) -> (Value, Value) {
    (stage.output().await.unwrap_or_default(), stage.variable("error_output").await.unwrap_or_default())
}

fn altered(response: &AuthorizationResponse, change: impl FnOnce(&mut Parameters)) -> AuthorizationResponse {
    let alter = |text: &str| {
        let mut parameters = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        change(&mut parameters);
        form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
    };
    match response {
        AuthorizationResponse::Query(Arrival { parameters, .. }) => query(&alter(parameters)),
        AuthorizationResponse::FormPost(Arrival { parameters, .. }) => form_post(&alter(parameters)),
        AuthorizationResponse::Abandoned(_) => panic!("no response"),
    }
}
