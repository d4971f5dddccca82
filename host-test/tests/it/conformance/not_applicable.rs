//! The suite's modules that this step can't be held to, each with the reason.

/// A module; those that begin alike, by a `*` at the end; or a whole plan, in words.
pub(super) struct Module {
    pub(super) plan: &'static str,
    pub(super) module: &'static str,
    pub(super) reason: &'static str,
}

const fn module(plan: &'static str, module: &'static str, reason: &'static str) -> Module {
    Module { plan, module, reason }
}

pub(super) const MODULES: &[Module] = &[
    module(
        "comprehensive",
        "oidcc-client-test-userinfo-bearer-body",
        "the token goes into the header (RFC 6750 2.1); userinfo is asked by GET",
    ),
    module("comprehensive", "oidcc-client-test-userinfo-signed", "Cognito's userinfo is JSON; a JWT is refused, see beyond"),
    module("comprehensive", "oidcc-client-test-mtls-endpoint-aliases", "Cognito has no mutual TLS"),
    module("comprehensive", "oidcc-client-test-missing-athash", "not for the code flow, says the suite; accepted, see beyond"),
    module("comprehensive", "oidcc-client-test-invalid-athash", "not for the code flow, says the suite; refused, see beyond"),
    module("comprehensive", "oidcc-client-test-missing-chash", "not for the code flow, says the suite"),
    module("comprehensive", "oidcc-client-test-invalid-chash", "not for the code flow, says the suite"),
    module(
        "comprehensive",
        "oidcc-client-test-nonce-unless-code-flow",
        "not for the code flow, says the suite; a nonce is always sent",
    ),
    module("dynamic", "oidcc-client-test-dynamic-registration", "Cognito has no dynamic registration"),
    module("dynamic", "oidcc-client-test-discovery-webfinger-acct", "Cognito has no WebFinger"),
    module("dynamic", "oidcc-client-test-discovery-webfinger-url", "Cognito has no WebFinger"),
    module("dynamic", "oidcc-client-test-request-uri-signed-none", "Cognito has no request objects"),
    module("dynamic", "oidcc-client-test-request-uri-signed-rs256", "Cognito has no request objects"),
    module("refresh", "oidcc-client-test-refresh-token", "the step ends with the login; it never refreshes"),
    module("refresh", "oidcc-client-test-refresh-token-invalid-issuer", "the step ends with the login; it never refreshes"),
    module("refresh", "oidcc-client-test-refresh-token-invalid-sub", "the step ends with the login; it never refreshes"),
    module("third party", "oidcc-client-test-3rd-party-init-login", "logins begin in the journey alone"),
    module("logout", "oidcc-client-test-rp-*", "a journey's step logs nobody out"),
    module("logout", "oidcc-client-test-session-management", "a journey's step watches no session"),
    module("implicit", "two plans of the implicit flow", "tokens never come through the user agent (RFC 9700 2.1.2)"),
    module("hybrid", "three plans of the hybrid flow", "tokens never come through the user agent (RFC 9700 2.1.2)"),
    module("fapi2", "fapi2-security-profile-final-client-test-happy-path-no-dpop-nonce", "Cognito has no DPoP"),
    module("fapi2", "fapi2-security-profile-final-client-test-rs-dpop-auth-scheme-case-insensitivity", "Cognito has no DPoP"),
    module("fapi2", "fapi2-security-profile-final-client-test-invalid-openbanking-intent-id", "another profile's claim"),
    module("fapi2", "fapi2-security-profile-final-client-brazildcr-happypath-test", "another profile's registration"),
    module("fapi2", "fapi2-security-profile-final-client-refresh-token-test", "the step ends with the login; it never refreshes"),
    module("fapi2", "fapi2-security-profile-final-client-test-ensure-jarm-*", "Cognito signs no authorization responses (JARM)"),
];
