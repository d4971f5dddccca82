//! What users and operators meet: logins that go wrong, and some that look as if they would, each by its name. The local Cognito
//! plays them; the demo shows them to an author, and a test holds each to what the step makes of it.

use std::fmt;

use serde_json::{Value, json};

use crate::cognito::{AuthorizationError, CannedResponse, Endpoint, Fault, LocalCognito, Times};

/// A login that meets something.
pub struct Mishap {
    /// In words with hyphens.
    pub name: &'static str,
    /// What happens.
    pub about: &'static str,
    /// The error code that it ends with; empty where the user is logged in all the same.
    pub code: &'static str,
    /// What the operator reads among other things, in the error variable; or the author, in the output.
    pub tells: &'static str,
    /// Whether anything arrives at the callback URL. Where nothing does, the user is left on Cognito's own page.
    pub comes_back: bool,
    /// Makes it happen.
    pub arrange: fn(&mut Scene<'_>),
}

/// What a mishap changes, before the login begins.
pub struct Scene<'a> {
    /// The pool.
    pub cognito: &'a LocalCognito,
    /// The step's settings, as they are used.
    pub settings: &'a mut Value,
    /// The connector, as it is used.
    pub connector: &'a mut Value,
    /// The client secret that the host passes.
    pub client_secret: &'a mut Option<String>,
}

impl Scene<'_> {
    fn refuse(&self, error: AuthorizationError) {
        self.cognito.faults().refuse_login(Times::Always, error);
    }

    fn answer(&self, endpoint: Endpoint, answer: CannedResponse) {
        self.cognito.faults().answer(endpoint, Times::Always, answer);
    }

    fn claim(&self, name: &'static str, value: Value) {
        self.cognito.faults().alter_id_token(Times::Always, move |_, claims| claims[name] = value.clone());
    }

    fn advanced(&mut self, name: &str, value: Value) {
        self.settings["advanced"][name] = value;
    }
}

/// By its name, which no other has.
impl PartialEq for Mishap {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Mishap {}

impl fmt::Debug for Mishap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Mishap {
    /// Whether the user is logged in all the same.
    #[must_use]
    pub fn succeeds(&self) -> bool {
        self.code.is_empty() && self.comes_back
    }

    /// The mishap of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MISHAPS.iter().find(|mishap| mishap.name == name)
    }
}

const fn mishap(
    name: &'static str,
    code: &'static str,
    about: &'static str,
    tells: &'static str,
    arrange: fn(&mut Scene<'_>),
) -> Mishap {
    Mishap { name, about, code, tells, comes_back: true, arrange }
}

/// All of them, in the order in which a login meets them.
pub const MISHAPS: &[Mishap] = &[
    mishap(
        "unknown-setting",
        "invalid_settings",
        "a setting is spelled callbackUrl",
        "perhaps `callback_url` is meant",
        |scene| scene.settings["callbackUrl"] = json!("https://login.example.com/callback"),
    ),
    mishap(
        "metadata-without-https",
        "metadata_invalid",
        "the pool's metadata name a token endpoint that isn't https",
        "expected `token_endpoint` as an https URL",
        |scene| {
            *scene.connector = scene.cognito.connector_by_discovery();
            let change = |metadata: &mut Value| metadata["token_endpoint"] = json!("http://login.example.com/oauth2/token");
            scene.cognito.faults().alter_json(Endpoint::Discovery, Times::Always, change);
        },
    ),
    Mishap {
        comes_back: false,
        ..mishap("unknown-client", "", "the connector names an app client that the pool doesn't have", "", |scene| {
            scene.connector["client_id"] = json!("0no0such0client");
        })
    },
    Mishap {
        comes_back: false,
        ..mishap("unknown-callback", "", "the callback URL isn't registered at the app client", "", |scene| {
            scene.cognito.configure(|config| config.client.redirect_uris.clear());
        })
    },
    mishap("access-denied", "access_denied", "the user says no at an identity provider", "user denied access", |scene| {
        scene.refuse(AuthorizationError::access_denied());
    }),
    mishap(
        "user-cancelled",
        "access_denied",
        "the user says no at Apple, which has a word of its own",
        "user_cancelled_authorize",
        |scene| {
            scene.refuse(AuthorizationError::user_cancelled());
        },
    ),
    mishap("scope-rejected", "scope_rejected", "the app client may not ask for a scope", "invalid_scope", |scene| {
        scene.settings["scope"] = json!("openid orders/read");
    }),
    mishap("trigger", "trigger_refused", "a Lambda trigger refuses the user", "Not on the list", |scene| {
        scene.refuse(AuthorizationError::pre_sign_up("Not on the list"));
    }),
    mishap(
        "saml-trigger",
        "trigger_refused",
        "a Lambda trigger refuses a user who came by SAML",
        "Invalid email domain",
        |scene| scene.refuse(AuthorizationError::saml("PreSignUp failed with error Invalid email domain.")),
    ),
    mishap("saml", "identity_provider_rejected", "a SAML assertion, or its mapping, is wrong", "Audience", |scene| {
        scene.refuse(AuthorizationError::saml("Audience restriction was not met."));
    }),
    mishap(
        "identity-provider-slow",
        "identity_provider_unavailable",
        "the identity provider doesn't answer in time",
        "Timeout",
        |scene| {
            scene.refuse(AuthorizationError::identity_provider_timeout());
        },
    ),
    mishap(
        "identity-provider-down",
        "identity_provider_unavailable",
        "the identity provider answers with 503",
        "Okta Error - 503",
        |scene| {
            scene.refuse(AuthorizationError::relayed("Okta", 503, "Service Unavailable"));
        },
    ),
    mishap(
        "identity-provider-refuses",
        "identity_provider_rejected",
        "the identity provider refuses the pool: its own client secret there expired",
        "Okta Error - 401",
        |scene| scene.refuse(AuthorizationError::relayed("Okta", 401, "invalid_client The request timed out")),
    ),
    mishap(
        "account-linked",
        "account_just_linked",
        "Cognito has just linked two accounts: once more, and the user is in",
        "google_1",
        |scene| {
            scene.refuse(AuthorizationError::account_just_linked("google_1"));
        },
    ),
    mishap(
        "edited-redirect",
        "provider_error",
        "the user edits the redirect to error=invalid_client",
        "invalid_client",
        |scene| {
            scene.refuse(AuthorizationError::new("invalid_client", None));
        },
    ),
    mishap("wrong-secret", "client_rejected", "the client secret was rotated", "invalid_client", |scene| {
        *scene.client_secret = Some("one-that-was-rotated-away".to_owned());
    }),
    mishap("pasted-secret", "invalid_integration", "the client secret ends in a line break", "without a line break", |scene| {
        scene.client_secret.iter_mut().for_each(|secret| secret.push('\n'));
    }),
    mishap(
        "client-not-allowed",
        "client_not_allowed",
        "the app client lacks the code grant, or its callback URL",
        "unauthorized_client",
        |scene| scene.answer(Endpoint::Token, CannedResponse::json(403, &json!({"error": "unauthorized_client"}))),
    ),
    mishap("firewall", "unexpected_status", "a firewall blocks the host: 403", "something in front of it did", |scene| {
        scene.answer(Endpoint::Token, CannedResponse::firewall());
    }),
    mishap("firewall-challenge", "unexpected_status", "a firewall challenges the host: 202", "challenge", |scene| {
        scene.answer(Endpoint::Token, CannedResponse::firewall_challenge());
    }),
    mishap("firewall-captcha", "unexpected_status", "a firewall sets the host a riddle: 405", "captcha", |scene| {
        scene.answer(Endpoint::UserInfo, CannedResponse::firewall_captcha());
    }),
    mishap("throttled", "rate_limited", "too many requests, as AWS says it: 400 with a __type", "Rate exceeded", |scene| {
        scene.answer(Endpoint::Token, CannedResponse::throttled());
    }),
    mishap("unreachable", "token_unavailable", "the token endpoint breaks the connection off", "no response came", |scene| {
        scene.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Disconnect);
    }),
    mishap(
        "token-content-type",
        "token_response_invalid",
        "the token response has another content type",
        "application/json",
        |scene| scene.answer(Endpoint::Token, CannedResponse::new(200, "application/x-amz-json-1.0", "{}")),
    ),
    mishap("signed-userinfo", "userinfo_invalid", "userinfo comes as a signed token", "application/json", |scene| {
        scene.answer(Endpoint::UserInfo, CannedResponse::new(200, "application/jwt", "e30.e30.e30"));
    }),
    mishap(
        "userinfo-refused",
        "userinfo_refused",
        "userinfo refuses, and says why in its body",
        "The token is revoked",
        |scene| {
            let body = json!({"error": "invalid_token", "error_description": "The token is revoked"});
            scene.answer(Endpoint::UserInfo, CannedResponse::json(401, &body));
        },
    ),
    mishap("no-key-id", "signing_key_unnamed", "the ID token names no key, and the pool has two", "names no key", |scene| {
        let remove = |header: &mut Value, _: &mut Value| drop(header.as_object_mut().and_then(|header| header.remove("kid")));
        scene.cognito.faults().alter_id_token(Times::Always, remove);
    }),
    mishap(
        "level-too-low",
        "acr_not_met",
        "the login reached level 2, and the settings ask for 3",
        "authentication context",
        |scene| {
            scene.advanced("acr_values", json!("urn:cognito:loa:3"));
            scene.claim("acr", json!("urn:cognito:loa:2"));
        },
    ),
    mishap("level-higher", "", "the login reached level 4, and the settings ask for 3", "urn:cognito:loa:4", |scene| {
        scene.advanced("acr_values", json!("urn:cognito:loa:3"));
        scene.claim("acr", json!("urn:cognito:loa:4"));
    }),
    mishap(
        "method-missing",
        "amr_not_met",
        "the settings require a second factor, and there was none",
        "authentication method",
        |scene| {
            scene.advanced("required_amr", json!("mfa"));
            scene.claim("amr", json!(["pwd"]));
        },
    ),
    mishap("large-token", "", "a Lambda trigger puts a list of 5,000 numbers into the ID token", "4999", |scene| {
        scene.claim("numbers", json!((0..5000).collect::<Vec<_>>()));
    }),
    mishap(
        "too-large-token",
        "id_token_too_large",
        "a Lambda trigger puts more into the ID token than the step reads",
        "256 KiB",
        |scene| {
            scene.claim("essay", json!("x".repeat(256 << 10)));
        },
    ),
    mishap("facebook", "", "a user's profile as Facebook fills it in", "https://platform.example.com/ada.jpg", |scene| {
        scene.claim("picture", json!(r#"{"data":{"height":50,"url":"https://platform.example.com/ada.jpg","width":50}}"#));
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mishap_has_a_name_of_its_own() {
        for (index, mishap) in MISHAPS.iter().enumerate() {
            assert!(mishap.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", mishap.name);
            assert!(MISHAPS[..index].iter().all(|other| other.name != mishap.name), "{}", mishap.name);
            assert!(!mishap.about.is_empty() && mishap.about.len() <= 80, "{}", mishap.name);
        }
        assert!(Mishap::named("firewall").is_some() && Mishap::named("fire").is_none());
    }
}
