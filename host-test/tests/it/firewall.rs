//! A firewall in front of the provider, which lets nobody in who doesn't say who he is.

use host_test::browser::{Browser, Navigation};
use host_test::cognito::{Config, Endpoint, LocalCognito};
use serde_json::json;

use crate::stage::{Stage, verdict};

const SERVERS: [Endpoint; 5] = [Endpoint::Discovery, Endpoint::Token, Endpoint::Jwks, Endpoint::UserInfo, Endpoint::Revoke];

#[tokio::test]
async fn a_login_gets_through_a_firewall_that_demands_a_user_agent() {
    let mut stage = Stage::with(Config { user_agent_required: true, ..Config::default() }).await;
    stage.connector = stage.cognito.connector_by_discovery();
    stage.settings["tokens"] = json!("revoke");
    assert_eq!(verdict(&stage.login().await), "authenticated");
    assert_eq!(stage.cognito.revoked_tokens().len(), 1);

    // The component's own, from the step through the host to the provider, and nobody's beside it.
    for endpoint in SERVERS {
        let requests = stage.cognito.requests().to(endpoint);
        assert_eq!(requests.len(), 1, "{endpoint:?}");
        let named: Vec<_> = requests[0].headers.iter().filter(|(name, _)| name == "user-agent").map(|(_, value)| value).collect();
        let [user_agent] = named[..] else { panic!("{endpoint:?}: {named:?}") };
        let version = user_agent.strip_prefix("cognito-oidc/").expect("the component's name");
        assert!(
            version.split('.').count() == 3 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'),
            "{version}"
        );
    }
}

#[tokio::test]
async fn the_firewall_refuses_servers_that_say_nothing_and_no_browser() {
    let cognito = LocalCognito::start(Config { user_agent_required: true, ..Config::default() }).await.expect("a free port");
    let client = Browser::new();
    let get = |url: &str| Navigation::get(url).expect("a URL");
    for url in [
        cognito.openid_configuration(),
        cognito.jwks_uri(),
        cognito.token_endpoint(),
        cognito.userinfo_endpoint(),
        cognito.revocation_endpoint(),
    ] {
        for anonymous in [get(&url), get(&url).header("user-agent", "")] {
            let page = client.request(anonymous).await.expect("an answer");
            assert_eq!((page.status, page.header("content-type")), (403, Some("text/html")), "{url}");
        }
        let named = client.request(get(&url).header("user-agent", "x")).await.expect("an answer");
        assert_ne!(named.status, 403, "{url}");
    }
    let page = client.request(get(&cognito.authorization_endpoint())).await.expect("an answer");
    assert_ne!(page.status, 403, "pages are for browsers, and those have one");
}
