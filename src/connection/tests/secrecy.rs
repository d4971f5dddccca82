//! What a provider repeats, and where a client secret would go.

use url::form_urlencoded;

use super::*;
use crate::connection::describe;
use crate::testing::leaks::leak;
use crate::testing::provider::refusal;

/// Every text of the findings.
fn texts(findings: &[Finding]) -> String {
    format!("{findings:?}")
}

#[test]
fn a_provider_that_repeats_what_it_was_sent_gets_nothing_of_it_into_a_finding() {
    for place in ["location", "error page", "body", "code verifier", "request id"] {
        let mut connection = Connection::new();
        let echo = move |request: &Request| -> Option<Fetched> {
            let sent = [request.url.clone(), String::from_utf8_lossy(&request.body).into_owned()].into_iter();
            let sent = sent.chain(request.headers.iter().map(|(_, value)| value.clone())).collect::<Vec<_>>().join(" ");
            let encoded: String = form_urlencoded::byte_serialize(sent.as_bytes()).collect();
            Some(match place {
                "location" => redirect(&format!("{CALLBACK_URL}?error=invalid_request&error_description={encoded}")),
                "error page" => kept(&encoded),
                "body" => refusal(400, "invalid_client", Some(&sent)),
                // By itself: at the end of a body it would be cut off.
                "code verifier" => {
                    let (_, verifier) = form_urlencoded::parse(&request.body).find(|(name, _)| name == "code_verifier")?;
                    refusal(400, "invalid_client", Some(&verifier))
                }
                _ => {
                    let mut response = response(404, "text/html", "");
                    response.headers.push(("x-amz-cognito-request-id".into(), sent));
                    Ok(response)
                }
            })
        };
        connection.answers.borrow_mut().push(Box::new(echo));
        connection.set("advanced", json!({"lang": "de"}));
        let findings = texts(&connection.test());
        let mut secrets = vec![("client secret", CLIENT_SECRET.to_owned())];
        secrets.extend(connection.host.drawn.iter().map(|drawn| ("state, nonce or verifier", drawn.clone())));
        assert!(secrets.len() >= 4, "{place}");
        assert_eq!(leak(&findings, &secrets), None, "{place}");
    }
}

/// Of a connector.
type Edit<'a> = &'a dyn Fn(&mut Value);

#[test]
fn a_connectors_use_of_its_secret_changes_with_whatever_would_send_it_elsewhere() {
    let connector = || json!({"user_pool_id": POOL, "domain": "shop", "client_id": CLIENT, "issuer": "original"});
    let used = |change: &dyn Fn(&mut Value)| {
        let mut connector = connector();
        change(&mut connector);
        describe(&connector.to_string()).map(|target| target.secret_use)
    };
    let plain = used(&|_| {}).unwrap();
    let endpoint =
        |name: &'static str| move |connector: &mut Value| connector["custom_endpoints"][name] = json!("https://evil.example/x");
    let others: [(&str, Edit<'_>); 9] = [
        ("issuer", &|connector| connector["issuer"] = json!("either")),
        ("pool", &|connector| connector["user_pool_id"] = json!("eu-west-1_Ac")),
        ("client id", &|connector| connector["client_id"] = json!("another")),
        ("method", &|connector| connector["client_authentication"] = json!("client_secret_post")),
        ("domain", &|connector| connector["domain"] = json!("other")),
        ("token endpoint", &endpoint("token_endpoint")),
        ("revocation endpoint", &endpoint("revocation_endpoint")),
        ("discovery", &|connector| connector["domain"] = json!(null)),
        ("regions", &|connector| connector["additional_regions"] = json!(["us-east-1"])),
    ];
    for (what, change) in others {
        assert!(used(change).is_some_and(|other| other != plain), "{what}");
    }
    // Where endpoints are discovered, whoever names the metadata names the token endpoint.
    let discovering = |custom: Value| {
        used(&|connector: &mut Value| {
            connector["domain"] = json!(null);
            connector["custom_endpoints"] = custom.clone();
        })
    };
    let named = json!({"openid_configuration": "https://evil.example/metadata"});
    assert_ne!(discovering(json!({})), discovering(named));
    assert_ne!(discovering(json!({})), discovering(json!({"token_endpoint": "https://evil.example/x"})));

    for (what, change) in [
        ("name", &(|connector: &mut Value| connector["name"] = json!("Shop")) as Edit<'_>),
        ("the default method", &|connector| connector["client_authentication"] = json!("client_secret_basic")),
        ("the whole domain", &|connector| connector["domain"] = json!("shop.auth.eu-west-1.amazoncognito.com")),
        ("userinfo", &endpoint("userinfo_endpoint")),
        ("disabled", &|connector| connector["enabled"] = json!(false)),
    ] {
        assert_eq!(used(change).as_ref(), Some(&plain), "{what}");
    }
    assert_eq!(describe(&connector().to_string()).unwrap().directory, POOL);
    assert_eq!(describe("{}"), None);
    assert!(plain.len() <= 128);
}
