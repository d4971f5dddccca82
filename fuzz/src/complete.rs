//! The whole flow: a script (see [`super::script`]) of one login and of everything that can go wrong in it.

use cognito_oidc::begin::begin;
use cognito_oidc::complete::complete;
use cognito_oidc::host::{Method, Request};
use cognito_oidc::oidc::callback::judge as judge_arrival;
use cognito_oidc::oidc::response::parse;
use cognito_oidc::oidc::token::judge;
use cognito_oidc::secret::digest;
use cognito_oidc::step::configuration::Configuration;
use cognito_oidc::step::error::Code;
use cognito_oidc::step::outcome::{
    Abandonment, AbandonmentReason, Arrival, Authentication, AuthorizationResponse, CompleteOutcome, Completed, Invocation,
};
use serde_json::Value;

use super::documents::{BROWSER, CONNECTOR, SETTINGS};
use super::host::{NOW, ScriptedHost};
use super::outcome::{check_error_variable, check_output_variable};
use super::provider::{ACCESS_TOKEN, CLIENT_SECRET, CODE, Provider, REFRESH_TOKEN};
use super::script::{Script, patched};
use super::signer;

/// What the output variable holds of an earlier visit.
const STALE: &str = "\"stale\"";
/// Calls of `complete` in one run.
const MAX_CALLS: usize = 4;
const CALLS: [&str; 4] = ["query", "form", "timed_out", "cancelled"];

/// Runs a script, and judges each call and all of them together.
pub fn run(input: &[u8]) {
    let script = Script::parse(input);
    let provider = Provider::new(&script);
    let mut host = ScriptedHost::new(|request| provider.answer(request));
    host.now = std::time::Duration::from_secs(script.number("begun_at").unwrap_or(NOW));
    host.tick = std::time::Duration::from_millis(script.number("tick").unwrap_or(0));
    provider.known.borrow_mut().now = host.now.as_secs();
    for (line, kind) in [("cached_keys", "keys"), ("cached_metadata", "metadata"), ("cached_forced", "forced")] {
        if let Some(text) = script.value(line) {
            host.cached.insert(kind, provider.fill(text));
        }
    }

    let visits = if script.has("unbegun") { 0 } else { 1 + usize::from(script.has("again")) };
    for _ in 0..visits {
        if !begin_once(&mut host, &provider, &script) {
            return;
        }
    }
    let is_honest = visits > 0 && !["attempt", "attempt_patch", "newest", "newest_patch"].iter().any(|name| script.has(name));
    overwrite(&mut host, &provider, &script);
    host.fail(script.failures());
    provider.known.borrow_mut().is_completing = true;

    let right = format!("code={CODE}&state={{state}}");
    let mut calls: Vec<(&str, &str)> = script.any_of(&CALLS).take(MAX_CALLS).collect();
    if calls.is_empty() {
        calls.push(("query", &right));
    }
    for (name, value) in calls {
        if let Some(now) = script.number("completed_at") {
            host.now = std::time::Duration::from_secs(now);
        }
        provider.known.borrow_mut().now = host.now.as_secs();
        // A visit that is settled gets no call.
        if Call::new(&mut host, &provider, &script, name, value).run() {
            break;
        }
    }
    if script.is_empty() {
        check_output_variable(&host.variables["cognito_oidc_output"]);
    }
    if is_honest && !host.has_failed {
        assert!(host.requests.iter().filter(|request| is_code_exchange(request)).count() <= visits);
    }
}

fn begin_once(host: &mut ScriptedHost<'_>, provider: &Provider<'_>, script: &Script) -> bool {
    let invocation = Invocation {
        settings: script.value("settings").unwrap_or(SETTINGS),
        connector: script.value("connector").unwrap_or(CONNECTOR),
        browser: script.value("browser").unwrap_or(BROWSER).as_bytes(),
        round: round(script),
    };
    let begun = begin(host, invocation);
    let Ok(redirect) = begun.outcome else { return false };
    let state = redirect.state.expose();
    let attempt: Value =
        serde_json::from_str(&host.attempts[&format!("attempt.{}", digest(state.as_bytes()))]).expect("an attempt");
    let text = |name: &str| attempt["value"]["pending"][name].as_str().expect("a text").to_owned();
    let data = begun.event_data.unwrap_or_default();
    for secret in [state, &text("nonce"), &text("verifier")] {
        assert!(!data.contains(secret));
        assert_eq!(redirect.url.expose().contains(secret), secret != text("verifier"));
    }
    let mut known = provider.known.borrow_mut();
    let earlier = std::mem::replace(&mut known.state, state.to_owned());
    known.other_state = earlier;
    known.nonce = text("nonce");
    known.verifier = text("verifier");
    known.client_id = text("client_id");
    known.issuer = attempt["value"]["pending"]["issuers"][0]["issuer"].as_str().unwrap_or_default().to_owned();
    true
}

/// Puts what the script says into the stores, instead of what `begin` put there.
fn overwrite(host: &mut ScriptedHost<'_>, provider: &Provider<'_>, script: &Script) {
    let hash = digest(provider.known.borrow().state.as_bytes());
    for (name, key) in [("attempt", format!("attempt.{hash}")), ("newest", "newest".to_owned())] {
        match script.value(name) {
            Some("none") => drop(host.attempts.remove(&key)),
            Some(text) => drop(host.attempts.insert(key.clone(), provider.fill(text))),
            None => {}
        }
        if let (Some(stored), Some(patch)) = (host.attempts.get_mut(&key), script.value(&format!("{name}_patch"))) {
            *stored = patched(stored, &provider.fill(patch));
        }
    }
}

/// One call of `complete`, with what was there before it.
struct Call<'run, 'host> {
    host: &'run mut ScriptedHost<'host>,
    provider: &'run Provider<'run>,
    name: &'run str,
    response: String,
    settings: String,
    connector: String,
    browser: &'run [u8],
    client_secret: Option<String>,
    /// The pending attempt that the response names, as stored.
    attempt: Value,
    arrived_at: String,
    round: u32,
}

impl<'run, 'host> Call<'run, 'host> {
    fn new(
        host: &'run mut ScriptedHost<'host>,
        provider: &'run Provider<'run>,
        script: &'run Script,
        name: &'run str,
        value: &str,
    ) -> Self {
        let response = provider.fill(value);
        let state = match name {
            "query" | "form" => parse(&response).map(|response| response.state.expose().to_owned()).unwrap_or_default(),
            _ => response.clone(),
        };
        let hash = digest(state.as_bytes());
        let text = host.attempts.get(&format!("attempt.{hash}"));
        let stored = text.and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
        let attempt = stored["value"]["pending"].clone();
        let document = |name: &str, right: &str| {
            let text = script.value(&format!("{name}_later")).or_else(|| script.value(name)).unwrap_or(right);
            text.replace("{client_secret}", CLIENT_SECRET)
        };
        let client_secret = match script.value("client_secret") {
            Some("none") => None,
            Some(text) => Some(provider.fill(text)),
            None => Some(CLIENT_SECRET.to_owned()),
        };
        let browser = script.value("browser_later").or_else(|| script.value("browser")).unwrap_or(BROWSER).as_bytes();
        let (settings, connector) = (document("settings", SETTINGS), document("connector", CONNECTOR));
        let redirect_uri = attempt["redirect_uri"].as_str().unwrap_or("https://app.example.com/callback");
        let arrived_at = script.value("arrived_at").unwrap_or(redirect_uri).to_owned();
        let round = round(script);
        Self { host, provider, name, response, settings, connector, browser, client_secret, attempt, arrived_at, round }
    }

    /// Whether the call moved the journey.
    fn run(mut self) -> bool {
        let (destinations, configuration) = Configuration::read(&self.settings, &self.connector);
        if let Some(name) = &destinations.output_variable {
            self.host.variables.insert(name.clone(), STALE.to_owned());
        }
        self.provider.known.borrow_mut().token_answer = None;
        let started_at = self.host.now.as_secs();
        let (writes, attempts, requests) = (self.host.writes, self.host.attempts.clone(), self.host.requests.len());
        let others = self.other_variables(&destinations.output_variable, &destinations.error_output_variable);

        let completed = self.complete();

        let made = self.host.requests.split_off(requests);
        self.check_requests(&made);
        assert_eq!(others, self.other_variables(&destinations.output_variable, &destinations.error_output_variable));
        self.check_secrecy(&completed, &destinations.error_output_variable);
        if let Some(data) = &completed.event_data {
            assert!(serde_json::from_str::<Value>(data).is_ok_and(|data| data.is_object()));
        }
        let output = destinations.output_variable.as_ref().and_then(|name| self.host.variables.get(name));
        let error = self.host.variables.get(&destinations.error_output_variable);
        let is_settled = match &completed.outcome {
            CompleteOutcome::Ignored(failed) => {
                assert_eq!(self.host.writes, writes, "an ignored response writes nothing");
                assert!(completed.event_data.is_none() && !(failed.retryable && self.round > 2));
                let is_before_the_take = !matches!(failed.failure.code, Code::Duplicate | Code::StorageFailed);
                assert!(!is_before_the_take || (self.host.attempts == attempts && made.is_empty()));
                false
            }
            CompleteOutcome::Failed(failed) => {
                assert!(!(failed.retryable && self.round > 2));
                assert!(self.host.has_failed || output.is_none(), "a failure leaves no output");
                if !self.host.has_failed {
                    check_error_variable(error.expect("an error variable"), failed.failure.code.as_str());
                }
                true
            }
            CompleteOutcome::Authenticated(Authentication { user_pool_id, subject, issuer }) => {
                check_error_variable(error.expect("an error variable"), "");
                let output = check_output_variable(output.expect("an output variable"));
                assert!(configuration.is_ok());
                for (name, value) in [("user_pool_id", user_pool_id), ("subject", subject), ("issuer", issuer)] {
                    assert_eq!(output["login"][name], **value);
                }
                self.check_login(&output, started_at);
                true
            }
        };
        self.host.requests.extend(made);
        is_settled
    }

    fn complete(&mut self) -> Completed {
        let (settings, connector) = (&self.settings, &self.connector);
        let invocation = Invocation { settings, connector, browser: self.browser, round: self.round };
        let arrival = Arrival { url: &self.arrived_at, parameters: &self.response };
        let abandonment = |reason| AuthorizationResponse::Abandoned(Abandonment { state: &self.response, reason });
        let response = match self.name {
            "query" => AuthorizationResponse::Query(arrival),
            "form" => AuthorizationResponse::FormPost(arrival),
            "timed_out" => abandonment(AbandonmentReason::TimedOut),
            _ => abandonment(AbandonmentReason::Cancelled),
        };
        complete(self.host, invocation, self.client_secret.as_deref(), response)
    }

    fn other_variables(&self, output: &Option<String>, error: &String) -> Vec<(String, String)> {
        let is_other = |(name, _): &(&String, &String)| Some(*name) != output.as_ref() && *name != error;
        self.host.variables.iter().filter(is_other).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The code goes to the token endpoint alone, and once; no secret goes where it doesn't belong.
    fn check_requests(&self, made: &[Request]) {
        assert!(made.iter().filter(|request| is_code_exchange(request)).count() <= 1);
        let is_endpoint = |request: &Request, name: &str| self.attempt[name] == *request.url;
        for request in made {
            assert_eq!(request.headers.iter().filter(|(name, _)| *name == "user-agent").count(), 1);
            let body = String::from_utf8_lossy(&request.body);
            let is_authorized = request.headers.iter().any(|(name, _)| *name == "authorization");
            match request.method {
                Method::Post if is_code_exchange(request) => assert!(is_endpoint(request, "token_endpoint")),
                Method::Post => assert!(is_endpoint(request, "revocation_endpoint") && !body.contains(CODE)),
                Method::Get if is_authorized => assert!(is_endpoint(request, "userinfo_endpoint") && body.is_empty()),
                Method::Get => {
                    let issuers = self.attempt["issuers"].as_array().expect("issuers");
                    assert!(issuers.iter().any(|issuer| issuer["jwks_uri"] == *request.url));
                    let is_plain = |(name, _): &(&str, String)| ["accept", "user-agent"].contains(name);
                    assert!(request.headers.iter().all(is_plain) && body.is_empty());
                }
            }
        }
    }

    /// No secret of the run that the component has learned stands where somebody looks.
    fn check_secrecy(&self, completed: &Completed, error_variable: &str) {
        let known = self.provider.known.borrow();
        let mut secrets: Vec<&str> =
            self.client_secret.as_deref().filter(|secret| *secret == CLIENT_SECRET).into_iter().collect();
        let holds = |name: &str, secret: &str| !secret.is_empty() && self.attempt[name] == secret;
        secrets.extend(
            [("nonce", known.nonce.as_str()), ("verifier", &known.verifier)]
                .iter()
                .filter(|(name, secret)| holds(name, secret))
                .map(|(_, secret)| secret),
        );
        let response = parse(&self.response).ok();
        let is_response = matches!(self.name, "query" | "form");
        if let Some(response) = response.filter(|_| is_response) {
            secrets.extend(
                [known.state.as_str(), &known.other_state]
                    .into_iter()
                    .filter(|state| !state.is_empty() && *state == response.state.expose()),
            );
            secrets.extend(response.result.ok().filter(|code| code.expose().contains(CODE)).map(|_| CODE));
        }
        // What doesn't pass for a token response holds no tokens that the component would know.
        if let Some(tokens) = known.token_answer.clone().and_then(|answer| judge(answer).ok()) {
            secrets.extend(tokens.access_token.expose().contains(ACCESS_TOKEN).then_some(ACCESS_TOKEN));
            secrets.extend(tokens.refresh_token.filter(|token| token.expose().contains(REFRESH_TOKEN)).map(|_| REFRESH_TOKEN));
            secrets.extend(
                (tokens.id_token.expose() == known.id_token && known.id_token.len() > 300).then_some(known.id_token.as_str()),
            );
        }

        let mut texts = vec![completed.event_data.clone().unwrap_or_default()];
        match &completed.outcome {
            CompleteOutcome::Authenticated(_) => {}
            CompleteOutcome::Ignored(failed) => texts.push(failed.failure.message()),
            CompleteOutcome::Failed(failed) => {
                texts.extend([failed.failure.message(), self.host.variables.get(error_variable).cloned().unwrap_or_default()]);
            }
        }
        for secret in secrets {
            assert!(!texts.iter().any(|text| text.contains(secret)), "{secret} in {texts:?}");
        }
    }

    /// Who is let in came with a token that an honest provider signed, for this attempt, in time, in the same user agent.
    fn check_login(&self, output: &Value, started_at: u64) {
        let token = output["id_token"].as_str().expect("a token");
        assert!((0..2).any(|index| signer::key(index).signed(token)));
        let claims = &output["id_token_claims"];
        let issuers = self.attempt["issuers"].as_array().expect("issuers");
        assert!(issuers.iter().any(|issuer| issuer["issuer"] == claims["iss"]));
        let client_id = &self.attempt["client_id"];
        assert!(
            claims["aud"] == *client_id || claims["aud"].as_array().is_some_and(|all| all.iter().all(|one| one == client_id))
        );
        assert_eq!(claims["nonce"], self.attempt["nonce"]);
        assert_eq!(claims["token_use"], "id");
        assert_eq!(claims["sub"], output["user_info"]["sub"]);
        assert!(claims["exp"].as_f64().expect("a date") + 61.0 > started_at as f64);
        assert_eq!(self.attempt["browser"], digest(self.browser));
        assert!(!self.browser.is_empty());
        assert!(judge_arrival(self.attempt["redirect_uri"].as_str().expect("a URL"), &self.arrived_at).is_ok());
        assert!(started_at <= self.attempt["expires_at"].as_u64().expect("a time"));
        assert!(self.name == "query" || (self.name == "form" && self.attempt["response_mode"] == "form_post"));
        let granted = &output["tokens"];
        assert!(granted.is_null() || self.settings.contains("output"));
    }
}

fn round(script: &Script) -> u32 {
    script.number("round").and_then(|round| u32::try_from(round).ok()).unwrap_or(1)
}

fn is_code_exchange(request: &Request) -> bool {
    request.body.windows(29).any(|window| window == b"grant_type=authorization_code")
}
