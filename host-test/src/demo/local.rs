//! The local Cognito, made to fit a connector; and the documents, made to fit the local Cognito.

use serde_json::{Value, json};

use super::documents::Documents;
use crate::cognito::{Config, IdentityProvider, IdpAnswer, Issuer, LocalCognito, ResponseModes};
use crate::journey::Bound;
use crate::mishaps::{Mishap, Scene};

/// The default pool's user who comes through an identity provider.
const FEDERATED_USER: &str = "google_114259";

/// What the local Cognito's claims about a sign-in are worth, for a page that shows them.
pub(super) const WORTH: &str = "Here a stand-in for Cognito makes the token. It asks nobody for a second factor: level and methods are what \
                                the demo has it state, which is as a rule what the settings ask for; a real user pool states what the user \
                                has shown. The time is that of your own sign-in on the stand-in’s page.";

/// A pool and an app client as the documents suppose them: whatever they ask for, the app client may have.
pub(super) fn config(documents: &Documents, callback_url: &str, acr: Option<String>, secret: Option<String>) -> Config {
    let (settings, connector) = (documents.settings(), documents.connector());
    // A pool that honours what the settings ask for states it: a user of the demo has whatever a second factor takes.
    let acr = acr.or_else(|| words(&settings["advanced"]["acr_values"]).into_iter().next());
    let amr = words(&settings["advanced"]["required_amr"]);
    let mut config = Config { acr, amr, ..Config::default() };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(id) = text(&connector["user_pool_id"]) {
        config.user_pool_id = id;
    }
    if connector["issuer"] == "updated" {
        config.issuer = Issuer::Updated;
    }
    if settings["response_mode"] == "form_post" {
        config.response_modes = ResponseModes::FormPost;
    }
    let client = &mut config.client;
    if let Some(id) = text(&connector["client_id"]) {
        client.id = id;
    }
    client.secret = if documents.wants_secret() { secret.or(client.secret.take()) } else { None };
    client.redirect_uris.push(callback_url.to_owned());
    client.scopes.extend(words(&settings["scope"]));

    let advanced = &settings["advanced"];
    let mut provider = IdentityProvider::new("Google", IdpAnswer::SignIn(FEDERATED_USER.to_owned()));
    if let Some(name) = text(&advanced["identity_provider"]) {
        provider.name = name;
    }
    provider.identifiers.extend(text(&advanced["idp_identifier"]));
    config.identity_providers = vec![provider];
    config
}

/// The same pool for people: an account is chosen where there are several, and no page is a dead end.
pub(super) fn for_people(mut config: Config, bound: &Bound) -> Config {
    config.accounts_are_chosen = true;
    config.way_back = Some(format!("{}/journey", bound.base_url()));
    config.client.logout_uris.push(bound.start_page());
    config
}

/// The documents with the addresses of the local Cognito and of the demo in place of their own.
pub(super) fn fitted(documents: &Documents, cognito: &LocalCognito, callback_url: &str) -> Documents {
    let (mut settings, mut connector) = (documents.settings(), documents.connector());
    settings["callback_url"] = json!(callback_url);
    let discovers = connector["domain"].is_null() && connector["custom_endpoints"]["authorization_endpoint"].is_null();
    connector["custom_endpoints"] = match discovers {
        true => json!({ "openid_configuration": cognito.openid_configuration() }),
        false => cognito.custom_endpoints(),
    };
    if let Some(connector) = connector.as_object_mut() {
        connector.remove("domain");
    }
    Documents { settings: settings.to_string(), connector: connector.to_string() }
}

/// Lets the login meet something.
pub(super) fn arrange(mishap: &Mishap, cognito: &LocalCognito, documents: &mut Documents, client_secret: &mut Option<String>) {
    let (mut settings, mut connector) = (documents.settings(), documents.connector());
    (mishap.arrange)(&mut Scene { cognito, settings: &mut settings, connector: &mut connector, client_secret });
    *documents = Documents { settings: settings.to_string(), connector: connector.to_string() };
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_client_may_have_what_the_settings_ask_for() {
        let documents = Documents {
            settings:
                json!({"scope": ["openid", "api/read"], "response_mode": "form_post", "advanced": {"identity_provider": "Okta"}})
                    .to_string(),
            connector: json!({"user_pool_id": "us-east-1_Zz9", "client_id": "abc", "client_authentication": "none"}).to_string(),
        };
        let config = config(&documents, "http://127.0.0.1:1/callback", None, Some("unused".to_owned()));
        assert_eq!((config.region(), config.client.id.as_str()), ("us-east-1", "abc"));
        assert_eq!(config.client.secret, None);
        assert!(config.client.scopes.contains(&"api/read".to_owned()));
        assert_eq!(config.identity_providers[0].name, "Okta");
        assert_eq!(config.response_modes, ResponseModes::FormPost);
        assert_eq!((config.acr, config.amr), (None, Vec::new()));
    }

    #[test]
    fn the_pool_states_the_level_and_the_methods_that_the_settings_ask_for() {
        let advanced = json!({"acr_values": ["urn:cognito:loa:3", "urn:cognito:loa:4"], "required_amr": "mfa"});
        let documents = Documents { settings: json!({ "advanced": advanced }).to_string(), connector: "{}".to_owned() };
        let stated = config(&documents, "http://127.0.0.1:1/callback", None, None);
        assert_eq!((stated.acr.as_deref(), stated.amr), (Some("urn:cognito:loa:3"), vec!["mfa".to_owned()]));
        let other = config(&documents, "http://127.0.0.1:1/callback", Some("urn:cognito:loa:1".to_owned()), None);
        assert_eq!(other.acr.as_deref(), Some("urn:cognito:loa:1"));
    }
}
