//! Stub.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "stub")]
wit_bindgen::generate!({ world: "redirect-step", path: "wit", generate_all });
struct Component;
use exports::journey::step::redirect::*;
use exports::journey::step::settings;
impl Guest for Component {
    fn begin(_invocation: Invocation) -> Begun {
        let now = wasi::clocks::wall_clock::now();
        let random = wasi::random::random::get_random_bytes(32);
        let _ = journey::step::variables::set("x", None);
        let _ = journey::step::attempts::put("x", "x", 1);
        let _ = journey::step::tenant_cache::put("x", "x", 1);
        Begun { outcome: BeginOutcome::Redirect(AuthorizationRequest { url: format!("https://example.com/{}/{random:?}", now.seconds), state: "s".into(), response_mode: ResponseMode::Query, expires_in: 600 }), event_data: None }
    }
    fn complete(_invocation: Invocation, _client_secret: Option<String>, _response: AuthorizationResponse) -> Completed {
        let _ = journey::step::http::fetch(&journey::step::http::Request { method: journey::step::http::Method::Get, url: "https://example.com".into(), headers: vec![], body: vec![], timeout_ms: 1, max_body_bytes: 1 });
        Completed { outcome: CompleteOutcome::Authenticated(Authentication { issuer: "i".into(), subject: "s".into() }), event_data: None }
    }
}
impl settings::Guest for Component {
    fn check(_settings: String, _connector: String) -> Vec<settings::Problem> { vec![] }
    fn origins(_settings: String, _connector: String) -> Result<Vec<String>, Vec<settings::Problem>> { Ok(vec![]) }
}
export!(Component);
