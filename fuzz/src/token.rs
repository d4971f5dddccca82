//! The token response: the input is the HTTP response (see [`super::http`]).

use cognito_oidc::oidc::token::judge;
use cognito_oidc::step::error::Failure;

use super::http;

/// Tokens are fit for a header and for a variable; a rejection turns into a failure.
pub fn run(input: &[u8]) {
    match judge(http::parse(input)) {
        Ok(tokens) => {
            let access_token = tokens.access_token.expose();
            assert!(!access_token.is_empty() && access_token.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(tokens.token_type.eq_ignore_ascii_case("bearer"));
            assert_eq!(tokens.trace.status, 200);
        }
        Err(rejection) => check(&Failure::from(rejection)),
    }
}

/// What a provider said is fit for a log line.
pub(super) fn check(failure: &Failure) {
    let provider = failure.provider.as_ref();
    let request_id = failure.trace.as_ref().and_then(|trace| trace.request_id.as_deref());
    let texts = [provider.map(|error| error.error.as_str()), provider.and_then(|error| error.description.as_deref()), request_id];
    for text in texts.into_iter().flatten() {
        super::provider_text::check(text);
    }
    assert!(!failure.message().is_empty());
}
