//! What is wrong, and what the findings say: each row of the table in `docs/connection-test.md`, false alarms among them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use host_test::cognito::{CannedResponse, Config, Endpoint, Fault, Issuer, Times};
use journey_host::{ClientSecret, Clock, Finding, FindingStatus, HostCall, Import, Injection, Interceptor};
use serde_json::{Value, json};

use super::{line, test};
use crate::stage::Stage;

struct Row {
    /// As the documents name it.
    wrong: &'static str,
    arrange: fn(&mut Stage),
    /// What differs from a connection in order.
    told: &'static str,
}

const fn row(wrong: &'static str, told: &'static str, arrange: fn(&mut Stage)) -> Row {
    Row { wrong, arrange, told }
}

fn answer(stage: &Stage, endpoint: Endpoint, answer: CannedResponse) {
    stage.cognito.faults().answer(endpoint, Times::Always, answer);
}

fn metadata(stage: &Stage, name: &'static str, value: Value) {
    stage.cognito.faults().alter_json(Endpoint::Discovery, Times::Always, move |metadata| metadata[name] = value.clone());
}

fn endpoint(stage: &mut Stage, name: &str, url: String) {
    stage.connector["custom_endpoints"][name] = json!(url);
}

const ROWS: &[Row] = &[
    // Nothing is wrong.
    row("nothing", "all passed", |_| {}),
    row("nothing, with a public client", "all passed", |stage| {
        stage.cognito.configure(|config| config.client.secret = None);
        stage.connector["client_authentication"] = json!("none");
        stage.client_secret = None;
    }),
    row("nothing, with the secret in the body", "all passed", |stage| {
        stage.connector["client_authentication"] = json!("client_secret_post");
    }),
    row("nothing, with discovery", "all passed", |stage| stage.connector = stage.cognito.connector_by_discovery()),
    row("nothing, with `prompt=none`", "all passed", |stage| stage.settings["advanced"] = json!({"prompt": "none"})),
    row("nothing, with an identity provider that is enabled", "all passed", |stage| {
        stage.settings["advanced"] = json!({"identity_provider": "Google"});
    }),
    row("nothing: the pool has two domains, and its metadata name the other one", "all passed", |stage| {
        metadata(stage, "authorization_endpoint", json!("https://other.auth.eu-west-1.amazoncognito.com/oauth2/authorize"));
    }),
    row("nothing: the pool was switched to its updated issuer", "all passed", |stage| {
        stage.cognito.configure(|config| config.issuer = Issuer::Updated);
        stage.connector = stage.cognito.connector();
        stage.connector["issuer"] = json!("updated");
    }),
    row("nothing: `invalid_client` comes with 401 here, and the secret is right", "all passed", |stage| {
        stage.cognito.configure(|config| config.invalid_client_status = 401);
    }),
    row("no settings are given", "`callback` skipped; `scope` skipped", |stage| stage.settings = Value::Null),
    // Settings and connector.
    row(
        "a setting is misspelled",
        "`documents` failed `invalid_settings` at `/settings/scpe`; `callback` skipped; `scope` skipped",
        |stage| stage.settings["scpe"] = json!("openid"),
    ),
    row(
        "the connector isn't valid",
        "`documents` failed `invalid_integration` at `/connector/user_pool_id`; `metadata` skipped; `keys` skipped; `callback` skipped; \
         `scope` skipped; `credentials` skipped; `userinfo` skipped; `clock` skipped",
        |stage| stage.connector["user_pool_id"] = json!("AbCdEf123"),
    ),
    row("the connector is disabled", "`documents` failed `integration_disabled` at `/connector/enabled`", |stage| {
        stage.connector["enabled"] = json!(false);
    }),
    // The pool.
    row(
        "the metadata are another pool's",
        "`metadata` failed `metadata_issuer_mismatch` at `/connector/custom_endpoints/openid_configuration`",
        |stage| stage.connector["user_pool_id"] = json!("eu-west-1_Another12"),
    ),
    row(
        "there is no such pool",
        "`metadata` failed `unexpected_status` at `/connector/custom_endpoints/openid_configuration`",
        |stage| {
            let url = stage.cognito.openid_configuration().replace("AbCdEf123", "Missing12");
            endpoint(stage, "openid_configuration", url);
        },
    ),
    row("the pool uses its other issuer", "`metadata` failed `metadata_issuer_mismatch` at `/connector/issuer`", |stage| {
        stage.connector["issuer"] = json!("updated");
    }),
    row(
        "the pool has no domain",
        "`metadata` failed `user_pool_without_domain` at `/connector/domain`; `callback` skipped; `scope` skipped; \
         `credentials` skipped; `userinfo` skipped",
        |stage| {
            stage.connector = stage.cognito.connector_by_discovery();
            metadata(stage, "authorization_endpoint", json!("https://cognito-idp.eu-west-1.amazonaws.com/oauth2/authorize"));
        },
    ),
    row(
        "the domain is another pool's",
        "`metadata` failed at `/connector/custom_endpoints/authorization_endpoint`; \
         `callback` failed `client_rejected` at `/connector/client_id`; `scope` skipped; `credentials` failed `client_rejected`",
        |stage| {
            metadata(stage, "authorization_endpoint", json!("https://other.auth.eu-west-1.amazoncognito.com/oauth2/authorize"));
            stage.cognito.configure(|config| config.client.id = "another0client".to_owned());
        },
    ),
    row("the metadata can't be had", "`metadata` unknown `metadata_unavailable`", |stage| {
        answer(stage, Endpoint::Discovery, CannedResponse::empty(503));
    }),
    row("something else than metadata comes", "`metadata` unknown `metadata_invalid`", |stage| {
        answer(stage, Endpoint::Discovery, CannedResponse::new(200, "text/html", "<html>"));
    }),
    row("the issuer has no key", "`keys` failed `signing_key_unknown` at `/connector/custom_endpoints/jwks_uri`", |stage| {
        stage.cognito.faults().alter_json(Endpoint::Jwks, Times::Always, |keys| keys["keys"] = json!([]));
    }),
    row(
        "the key set's address is wrong",
        "`keys` failed `unexpected_status` at `/connector/custom_endpoints/jwks_uri`",
        |stage| {
            let url = stage.cognito.jwks_uri().replace("jwks", "keys");
            endpoint(stage, "jwks_uri", url);
        },
    ),
    // The app client, its callback URL and its scope.
    row(
        "the callback URL isn't registered",
        "`callback` failed `client_not_allowed` at `/settings/callback_url`; `scope` skipped",
        |stage| stage.cognito.configure(|config| config.client.redirect_uris.clear()),
    ),
    row(
        "the callback URL ends in a slash too many",
        "`callback` failed `client_not_allowed` at `/settings/callback_url`; `scope` skipped",
        |stage| stage.settings["callback_url"] = json!("http://127.0.0.1:9/callback/"),
    ),
    row(
        "the client id is wrong",
        "`callback` failed `client_rejected` at `/connector/client_id`; `scope` skipped; `credentials` failed `client_rejected`",
        |stage| stage.connector["client_id"] = json!("0no0such0client"),
    ),
    row(
        "the identity provider isn't enabled for the app client",
        "`callback` failed `provider_error` at `/settings/advanced/identity_provider`; `scope` skipped",
        |stage| stage.settings["advanced"] = json!({"identity_provider": "Gogle"}),
    ),
    row(
        "no identity provider has the identifier",
        "`callback` failed `provider_error` at `/settings/advanced/idp_identifier`; `scope` skipped",
        |stage| stage.settings["advanced"] = json!({"idp_identifier": "example.net"}),
    ),
    row(
        "client id, or identity provider: both may be wrong",
        "`callback` unknown `provider_error`; `scope` skipped; `credentials` failed `client_rejected`",
        |stage| {
            stage.settings["advanced"] = json!({"identity_provider": "Gogle"});
            stage.connector["client_id"] = json!("0no0such0client");
        },
    ),
    row(
        "the app client is one for machines (client credentials)",
        "`callback` failed `client_not_allowed` at `/settings/callback_url`; `scope` skipped; `credentials` failed `client_not_allowed`",
        |stage| stage.cognito.configure(|config| config.client.code_grant = false),
    ),
    row("the app client may not ask for the scope", "`scope` failed `scope_rejected` at `/settings/scope`", |stage| {
        stage.settings["scope"] = json!("openid orders/read");
    }),
    row("a further parameter is refused", "`scope` failed `provider_error`", |stage| {
        stage.cognito.faults().set(
            Endpoint::Authorize,
            Times::Always,
            Fault::Respond(CannedResponse::redirect(
                302,
                "http://127.0.0.1:9/callback?error=invalid_request&error_description=invalid+prompt",
            )),
        )
    }),
    // The secret.
    row(
        "the client secret was rotated",
        "`credentials` failed `client_rejected` at `/connector/client_authentication`",
        |stage| stage.client_secret = Some(ClientSecret::new("one-that-was-rotated-away")),
    ),
    row(
        "the client secret ends in a line break",
        "`credentials` failed `invalid_integration` at `/connector/client_authentication`",
        |stage| stage.client_secret = Some(ClientSecret::new("pasted\n")),
    ),
    row(
        "the client secret is missing",
        "`credentials` failed `invalid_integration` at `/connector/client_authentication`",
        |stage| stage.client_secret = None,
    ),
    row(
        "the app client has a secret, and the connector says that it has none",
        "`credentials` failed `client_rejected` at `/connector/client_authentication`",
        |stage| {
            stage.connector["client_authentication"] = json!("none");
            stage.client_secret = None;
        },
    ),
    // What answers in an endpoint's place.
    row(
        "a firewall challenges the host (202)",
        "`callback` unknown `unexpected_status`; `scope` unknown `unexpected_status`",
        |stage| {
            answer(stage, Endpoint::Authorize, CannedResponse::firewall_challenge());
        },
    ),
    row("a firewall sets the host a riddle (405)", "`userinfo` unknown `unexpected_status`", |stage| {
        answer(stage, Endpoint::UserInfo, CannedResponse::firewall_captcha());
    }),
    row("a firewall blocks the host (403)", "`credentials` unknown `unexpected_status`", |stage| {
        answer(stage, Endpoint::Token, CannedResponse::firewall());
    }),
    row("a firewall demands a user agent", "all passed", |stage| {
        stage.cognito.configure(|config| config.user_agent_required = true);
    }),
    row("the pool is rate-limiting requests", "`credentials` unknown `rate_limited`", |stage| {
        answer(stage, Endpoint::Token, CannedResponse::throttled());
    }),
    row("the authorization endpoint can't be reached", "`callback` unknown; `scope` unknown", |stage| {
        stage.cognito.faults().set(Endpoint::Authorize, Times::Always, Fault::Disconnect);
    }),
    row(
        "the authorization endpoint's address is wrong",
        "`metadata` unknown at `/connector/custom_endpoints/authorization_endpoint`; \
         `callback` failed `unexpected_status` at `/connector/custom_endpoints/authorization_endpoint`; `scope` skipped",
        |stage| {
            let url = stage.cognito.authorization_endpoint().replace("authorize", "authorise");
            endpoint(stage, "authorization_endpoint", url);
        },
    ),
    row("the token endpoint can't be reached", "`credentials` unknown `token_unavailable`", |stage| {
        stage.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Disconnect);
    }),
    row(
        "the token endpoint's address is wrong",
        "`metadata` unknown at `/connector/custom_endpoints/token_endpoint`; \
         `credentials` failed `unexpected_status` at `/connector/custom_endpoints/token_endpoint`",
        |stage| {
            let url = stage.cognito.token_endpoint().replace("token", "tokens");
            endpoint(stage, "token_endpoint", url);
        },
    ),
    row("the token endpoint issues tokens for a code that nobody was given", "`credentials` unknown", |stage| {
        let tokens = json!({"access_token": "at", "id_token": "it", "token_type": "Bearer"});
        answer(stage, Endpoint::Token, CannedResponse::json(200, &tokens));
    }),
    row(
        "the userinfo endpoint's address is wrong",
        "`userinfo` failed `unexpected_status` at `/connector/custom_endpoints/userinfo_endpoint`",
        |stage| {
            let url = stage.cognito.userinfo_endpoint().replace("userInfo", "user-info");
            endpoint(stage, "userinfo_endpoint", url);
        },
    ),
    row("the user is sent to an identity provider that nobody asked for", "`callback` unknown; `scope` unknown", |stage| {
        answer(
            stage,
            Endpoint::Authorize,
            CannedResponse::redirect(302, "https://accounts.google.com/o/oauth2/v2/auth?client_id=x"),
        );
    }),
    row("the host's clock is off by two minutes", "`clock` failed `id_token_issued_at`", |stage| {
        let now = stage.clock.now().as_secs();
        stage.cognito.configure(|config| config.clock = Arc::new(move || now - 120));
    }),
];

async fn told(row: &Row) -> (Stage, Vec<Finding>) {
    let mut stage = Stage::with(Config::default()).await;
    (row.arrange)(&mut stage);
    let findings = test(&stage).await;
    (stage, findings)
}

#[tokio::test]
async fn each_row_of_what_is_wrong_is_told() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let (stage, findings) = told(row).await;
        let line = line(&findings);
        if line != row.told {
            wrong.push(format!("{}:\n  {line}\n  in place of\n  {}", row.wrong, row.told));
        }
        assert!(stage.cognito.requests().all().len() <= 6, "{}", row.wrong);
        for finding in &findings {
            assert!(!finding.message.is_empty(), "{}: {finding:?}", row.wrong);
            assert!(finding.status != FindingStatus::Failed || finding.remedy.is_some(), "{}: {finding:?}", row.wrong);
        }
        assert_eq!(findings.last().map(|finding| finding.check.as_str()), Some("untested"), "{}", row.wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ROWS.len() >= 25);
}

#[test]
fn each_row_stands_in_the_documents() {
    let documents = super::documents::page();
    for row in ROWS {
        let line = format!("| {} | {} |", row.wrong, row.told);
        assert!(documents.contains(&line), "docs/connection-test.md lacks the row:\n{line}");
    }
    assert_eq!(documents.matches("\n| nothing").count(), ROWS.iter().filter(|row| row.wrong.starts_with("nothing")).count());
}

/// Notes every import that is called.
#[derive(Default)]
struct Calls(Mutex<Vec<Import>>);

#[async_trait]
impl Interceptor for Calls {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        self.0.lock().expect("a lock").push(call.import);
        None
    }
}

#[tokio::test]
async fn a_test_reads_and_writes_nothing_and_says_that_it_is_one() {
    let mut stage = Stage::new().await;
    let calls = Arc::new(Calls::default());
    stage.step = stage.step.with_interceptor(Arc::clone(&calls) as _);
    test(&stage).await;
    let calls = calls.0.lock().expect("a lock").clone();
    assert!(calls.iter().all(|import| matches!(import, Import::Fetch | Import::Clock | Import::Random)), "{calls:?}");
    assert_eq!(calls.iter().filter(|import| **import == Import::Fetch).count(), 5);
    assert!(stage.cache.dump(&crate::stage::cache_scope()).is_empty());
    assert!(stage.output().await.is_none() && stage.error_code().await.is_none());

    let requests = stage.cognito.requests().all();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.rsplit('/').next().unwrap_or_default()).collect();
    assert_eq!(paths, ["openid-configuration", "jwks.json", "authorize", "token", "userInfo"]);
    for request in &requests {
        let user_agent = request.header("user-agent").unwrap_or_default();
        assert!(user_agent.starts_with("cognito-oidc/") && user_agent.ends_with(" (connection-test)"), "{user_agent}");
    }

    // A login goes on beside it, as if nothing had been.
    let login = stage.login().await;
    assert_eq!(crate::stage::verdict(&login), "authenticated");
}
