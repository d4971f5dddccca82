//! What `{:?}` shows of values that hold secrets: what they are, and nothing of what is in them.

use super::{invocation, origin};
use crate::stores::Entry;
use crate::{
    Abandonment, AbandonmentReason, Arrival, AuthorizationRequest, AuthorizationResponse, Begun, Browser, Called, ClientSecret,
    ResponseMode, SecretUse, StoredSecret, Usage, Write,
};

#[test]
fn what_holds_a_secret_is_named_and_not_shown() {
    let request = AuthorizationRequest {
        url: "https://id.example.com/?state=secret".to_owned(),
        state: "secret".to_owned(),
        response_mode: ResponseMode::Query,
        expires_in: 600,
    };
    let arrival = Arrival::at(&origin(), "/callback?code=secret");
    let abandonment = Abandonment { state: "secret".to_owned(), reason: AbandonmentReason::TimedOut };
    let client_secret = ClientSecret::new("secret");
    assert_eq!(client_secret.reveal(), "secret");
    let event_data = Some("secret".to_owned());
    let called = Called { outcome: Begun::Busy, trapped: None, event_data, usage: Usage::default() };
    let shown = format!("{called:?}");
    assert!(shown.starts_with("Called { outcome: Busy, trapped: None, event_data: Some(6), usage: Usage {"), "{shown}");
    for (shown, expected) in [
        (format!("{request:?}"), "AuthorizationRequest { response_mode: Query, expires_in: 600, .. }"),
        (format!("{arrival:?}"), "[redacted]"),
        (format!("{:?}", AuthorizationResponse::Query(arrival.clone())), "Query([redacted])"),
        (format!("{:?}", AuthorizationResponse::FormPost(arrival)), "FormPost([redacted])"),
        (format!("{abandonment:?}"), "Abandonment { reason: TimedOut, .. }"),
        (format!("{:?}", AuthorizationResponse::Abandoned(abandonment)), "Abandoned(TimedOut)"),
        (format!("{:?}", Browser::from_session("secret")), "[redacted]"),
        (format!("{:?}", invocation()), r#"Invocation { connector_id: "connector", .. }"#),
        (format!("{client_secret:?}"), "[redacted]"),
        (format!("{:?}", StoredSecret::new(client_secret, SecretUse::stored("use"))), "[redacted]"),
        (
            format!("{:?}", Write { name: "user".to_owned(), json: Some("secret".to_owned()) }),
            r#"Write { name: "user", bytes: Some(6) }"#,
        ),
        (format!("{:?}", Entry { value: "secret".to_owned(), revision: "7".to_owned() }), r#"Entry { revision: "7", .. }"#),
    ] {
        assert_eq!(shown, expected);
    }
}
