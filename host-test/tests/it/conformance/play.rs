//! Plays a row: one login, and what must be true of any.

use host_test::browser::Navigation;
use host_test::cognito::Request;
use journey_host::{AuthorizationResponse, Begun, Completed, Outcome as _, OutcomeKind};
use serde_json::Value;

use super::row::{Expected, Row, Seen};
use crate::stage::{Stage, verdict};

/// How a row ended.
pub(super) struct Played {
    pub(super) ending: Ending,
    /// What didn't hold besides.
    pub(super) problems: Vec<String>,
}

/// What the last call said: in a word, and the code of what failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) word: &'static str,
    pub(super) code: String,
}

impl Ending {
    pub(super) fn new(word: &'static str, code: impl Into<String>) -> Self {
        Self { word, code: code.into() }
    }

    fn of(outcome: &Completed) -> Self {
        let word = match outcome.kind() {
            // A visit that is settled gets no call: the host says `duplicate` by itself.
            OutcomeKind::TooLate => OutcomeKind::Ignored.name(),
            kind => kind.name(),
        };
        Self::new(word, outcome.failure().map(|failure| failure.code.clone()).unwrap_or_default())
    }
}

pub(super) async fn play(row: Row) -> Played {
    let mut stage = row.arranged.stage().await;
    if row.after_a_login {
        let called = stage.login().await;
        assert_eq!(verdict(&called), "authenticated", "the login before");
        stage.visit.round += 1;
    }
    row.arranged.before_begin(&mut stage);

    let mut problems = Problems(Vec::new());
    let begun = stage.cognito.requests().mark();
    let request = match stage.call_begin().await.outcome {
        Begun::Redirect(request) => request,
        Begun::Failed(failed) => {
            let failure = failed.failure;
            problems.calls(row.calls, &stage, begun);
            problems.expect(stage.error_code().await.as_ref() == Some(&failure.code), "the error variable has the code");
            problems.expect(stage.output().await.is_none(), "there is no output");
            return Played { ending: Ending::new("stopped", failure.code), problems: problems.0 };
        }
        other => panic!("{other:?}"),
    };
    let genuine = stage.sign_in(&request).await;
    problems.expect(row.by_form_post == matches!(genuine, AuthorizationResponse::FormPost(_)), "the response came as asked for");
    let response = row.arranged.response(&genuine);
    let browser = stage.browser.clone();
    row.arranged.before_complete(&mut stage);
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
    for (what, holds) in &row.proofs {
        problems.expect(holds(&seen), what);
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
    problems.expect(called.trapped.is_none(), "the step had an outcome");
    Played { ending: Ending::of(&called.outcome), problems: problems.0 }
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
