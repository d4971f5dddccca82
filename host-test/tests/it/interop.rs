//! Logins at an OpenID Provider that somebody else wrote, and that the OpenID Foundation certified: `oidc-provider` on Node.js.
//! It names the pool's issuer; its endpoints are found by discovery, and it promises `iss` in its responses (RFC 9207), which
//! Cognito doesn't.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use host_test::browser::{Arrival, Browser as UserAgent};
use journey_host::{
    AuthorizationResponse, Begun, Browser, ClientSecret, Completed, Egress, Invocation, Limits, Network, Services, Step,
    TenantPolicy, Visit,
};
use serde_json::{Value, json};

use crate::stage::{CALLBACK_URL, CONNECTOR, callbacks, compiled, query, response, verdict};

const POOL: &str = "eu-west-1_AbCdEf123";
const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123";
/// As `hosts/nodejs/pool.mjs` has it: with characters that must be form-encoded before they go into a Basic header.
const SECRET: &str = "a secret: with+odd%characters&of=every?kind";

/// The provider, which ends with this value.
struct Provider {
    process: Child,
    origin: String,
}

impl Provider {
    fn start() -> Self {
        let folder = component_artifact::workspace().join("target/interop/package/hosts/nodejs");
        let mut command = Command::new("node");
        command.current_dir(folder).args(["pool.mjs", CALLBACK_URL]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Node.js");
        let mut printed = BufReader::new(process.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let login = printed.find_map(|line| serde_json::from_str::<Value>(&line).ok());
        // It goes on to print, and would fail where nobody reads.
        std::thread::spawn(move || printed.for_each(drop));
        let login = login.expect("what to log in with: run `cargo xtask interop`");
        assert_eq!(login["client_secret"], SECRET);
        Self { process, origin: login["origin"].as_str().expect("an origin").to_owned() }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A login that differs from the plain one.
struct Row {
    name: &'static str,
    settings: Value,
    connector: Value,
    secret: Option<&'static str>,
    /// Changes the response on its way.
    change: fn(String) -> String,
    expected: &'static str,
}

fn row(name: &'static str, expected: &'static str) -> Row {
    Row { name, settings: json!({}), connector: json!({}), secret: Some(SECRET), change: |query| query, expected }
}

fn rows() -> Vec<Row> {
    let with = |settings| move |row: Row| Row { settings, ..row };
    let by = |method: &str, secret| {
        let connector = json!({ "client_id": method, "client_authentication": method });
        move |row: Row| Row { connector, secret, ..row }
    };
    let without_issuer = |query: String| query.split('&').filter(|pair| !pair.starts_with("iss=")).collect::<Vec<_>>().join("&");
    vec![
        row("client_secret_basic, query", "authenticated"),
        by("client_secret_post", Some(SECRET))(row("client_secret_post, query", "authenticated")),
        by("none", None)(row("public client, query", "authenticated")),
        with(json!({ "response_mode": "form_post" }))(row("client_secret_basic, form post", "authenticated")),
        with(json!({ "scope": ["openid", "email"] }))(row("a narrower scope", "authenticated")),
        with(json!({ "advanced": { "prompt": "login", "max_age": 60 } }))(row("prompt=login and max_age", "authenticated")),
        with(json!({ "advanced": { "claims": { "id_token": { "auth_time": { "essential": true } } } } }))(row(
            "an essential auth_time",
            "authenticated",
        )),
        with(json!({ "tokens": "output" }))(row("tokens in the output", "authenticated")),
        with(json!({ "advanced": { "prompt": "none" } }))(row("prompt=none without a session", "failed: login_required")),
        with(json!({ "advanced": { "acr_values": "urn:example:password" } }))(row(
            "an authentication context that isn't stated",
            "failed: acr_not_met",
        )),
        by("client_secret_basic", Some("another secret"))(row("another secret", "failed: client_rejected")),
        by("client_secret_post", Some("another secret"))(row("another secret in the body", "failed: client_rejected")),
        Row { change: without_issuer, ..row("iss taken out of the response", "failed: response_issuer_missing") },
        Row {
            change: |query| query.replace("eu-west-1_AbCdEf123", "eu-west-1_Another12"),
            ..row("another iss in the response", "failed: response_issuer_mismatch")
        },
        Row { change: |query| query.replace("code=", "code=x"), ..row("another code", "failed: grant_refused") },
        Row { change: |query| query.replace("state=", "state=x"), ..row("another state", "ignored: state_unknown") },
    ]
}

fn merged(mut document: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        document[name] = value.clone();
    }
    document
}

/// Plays a login, and its response once more.
async fn play(provider: &Provider, number: usize, row: &Row) -> (String, Option<Value>) {
    let policy = TenantPolicy::trusting_the_step().with_discovered(&[&provider.origin]).expect("an origin");
    let egress = Egress::deny_all().with_loopback().with_tenant("tenant", policy);
    let services = Services::in_memory(Network::new(egress).expect("an HTTP client")).serving(callbacks());
    let step = Step::new(compiled(), services, Limits::default());
    let visit = Visit::first("tenant", &format!("journey-{number}"), "login");
    let connector = json!({
        "user_pool_id": POOL, "client_id": "client_secret_basic",
        "custom_endpoints": { "openid_configuration": format!("{}/.well-known/openid-configuration", provider.origin) },
    });
    let invocation = Invocation {
        settings: merged(json!({ "callback_url": CALLBACK_URL }), &row.settings).to_string(),
        connector: merged(connector, &row.connector).to_string(),
        connector_id: CONNECTOR.to_owned(),
        browser: Browser::from_session("the user's session"),
    };
    let begun = step.begin(&visit, &invocation).await;
    let request = match &begun.outcome {
        Begun::Redirect(request) => request.clone(),
        _ => return (verdict(&begun), None),
    };
    let user_agent = UserAgent::new();
    let mut arrival = user_agent.open_until(&request.url, CALLBACK_URL).await.expect("an answer");
    // The user logs in, then consents.
    while let Arrival::Page(page) = arrival {
        let form = page.form().unwrap_or_else(|| panic!("{}: {}", row.name, page.text()));
        let fields = [("login", "ada"), ("password", "any")];
        let known = if form.field("login").is_some() { &fields[..] } else { &[] };
        arrival = user_agent.submit_until(&form, known, CALLBACK_URL).await.expect("an answer");
    }
    let response = match response(&arrival.stopped().expect("a response at the callback URL")) {
        AuthorizationResponse::Query(arrival) => query(&(row.change)(arrival.parameters)),
        other => other,
    };
    let secret = row.secret.map(ClientSecret::new);
    let called = step.complete(&visit, &invocation, secret.as_ref(), &response).await;
    let (first, is_ignored) = (verdict(&called), matches!(called.outcome, Completed::Ignored(_)));
    let again = verdict(&step.complete(&visit, &invocation, secret.as_ref(), &response).await);
    assert!(is_ignored || again == "too late: duplicate", "{}: {first}, then {again}", row.name);
    let output = step.services().journeys.variable("tenant", &visit.journey, "cognito_oidc_output").await.expect("a store");
    (first, output.map(|json| serde_json::from_str(&json).expect("JSON")))
}

#[tokio::test]
#[ignore = "needs Node.js and a package of its own: `cargo xtask interop` installs it and runs this"]
async fn logins_at_a_certified_provider() {
    let provider = Provider::start();
    let mut wrong = Vec::new();
    println!("\n{:<45} {:<36} ok", "login", "verdict");
    for (number, row) in rows().iter().enumerate() {
        let (verdict, output) = play(&provider, number, row).await;
        let is_right = verdict == row.expected && output.is_some() == (verdict == "authenticated");
        println!("{:<45} {verdict:<36} {}", row.name, if is_right { "ok" } else { row.expected });
        if let Some(output) = output {
            assert_eq!(output["user"]["external_user_id"], "ada", "{}", row.name);
            assert_eq!(output["user"]["email"], "ada@example.com", "{}", row.name);
            assert_eq!(output["user"]["email_verified"], true, "{}", row.name);
            assert_eq!(output["login"]["issuer"], ISSUER, "{}", row.name);
        }
        if !is_right {
            wrong.push(row.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
