use serde_json::{Value, json};

use super::*;

fn both() -> [(Form, Value); 2] {
    let parsed = |text: &str| serde_json::from_str(text).unwrap();
    [
        (Form::settings().unwrap(), parsed(include_str!("../../../schema/settings.json"))),
        (Form::connector().unwrap(), parsed(include_str!("../../../schema/connector.json"))),
    ]
}

/// The pointers of a schema's members, those of sections too.
fn members(pointer: &str, schema: &Value) -> Vec<String> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .flat_map(|(name, member)| {
            let pointer = format!("{pointer}/{name}");
            let within = members(&pointer, member);
            std::iter::once(pointer).chain(within)
        })
        .collect()
}

#[test]
fn every_field_of_both_schemas_is_drawn_with_its_title_and_its_help() {
    for (form, schema) in both() {
        let document = form.root.pointer.clone();
        let html = form.draw(&form.fill(&json!({})), &[]);
        let members = members(&document, &schema);
        assert!(members.len() > 15, "{members:?}");
        for pointer in members {
            let id = pointer.trim_start_matches('/').replace('/', "-");
            let control = format!("id=\"{id}\"");
            assert_eq!(html.matches(&control).count(), 1, "{pointer}");
            assert_eq!(html.matches(&format!("id=\"{id}-help\"")).count(), 1, "{pointer}");
            let is_section = html.contains(&format!("<details {control}"));
            assert!(is_section || html.contains(&format!("<label for=\"{id}\">")), "{pointer}");
            assert!(is_section || html.contains(&format!("name=\"{pointer}\"")), "{pointer}");
        }
    }
}

#[test]
fn a_field_of_an_unknown_kind_is_an_error_and_so_is_a_keyword_that_nobody_here_knows() {
    let of = |member: Value| {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {"x": member}});
        Form::of("/settings", &schema.to_string()).map(|_| ())
    };
    assert_eq!(of(json!({"type": "string"})), Ok(()));
    for member in [
        json!({"type": "number"}),
        json!({"type": "array", "items": {"type": "integer"}}),
        json!({"type": "object"}),
        json!({"type": ["string", "null"]}),
        json!({"oneOf": [{"const": "a"}, {"type": "array", "items": {"type": "string"}}]}),
        json!({"type": "string", "oneOf": [{"const": 1}]}),
        json!({}),
    ] {
        assert_eq!(of(member.clone()), Err("/settings/x is of a kind that no form has".to_owned()), "{member}");
    }
    assert!(of(json!({"type": "string", "anyOf": []})).unwrap_err().contains("anyOf"));
}

#[test]
fn what_is_left_as_it_is_comes_back_as_it_was() {
    let [(settings, _), (connector, _)] = both();
    for (form, document) in [
        (&settings, json!({"callback_url": "https://login.example.com/callback"})),
        (&connector, json!({"user_pool_id": "eu-west-1_Ab", "client_id": "x", "enabled": false})),
        (
            &settings,
            json!({
                "callback_url": "https://login.example.com/callback", "scope": "openid api/read", "response_mode": "form_post",
                "event_data": {"custom": ["/outcome", "/error/code"]}, "tokens": "revoke", "login_lifetime": 60,
                "advanced": {
                    "acr_values": "urn:cognito:loa:3", "max_age": 0, "accept_any_acr": true, "claims": "{\"id_token\":{}}",
                    "authorize_parameters": {"a": "b=c", "d": ""},
                },
            }),
        ),
        (
            &connector,
            json!({
                "name": "Shop", "user_pool_id": "eu-west-1_Ab", "client_id": "x", "authentication_methods": ["oidc", "saml"],
                "additional_regions": ["eu-central-1", "us-east-1"], "client_authentication": "none", "issuer": "updated",
                "custom_endpoints": {"jwks_uri": "https://keys.example.com/jwks"},
            }),
        ),
    ] {
        assert_eq!(form.document(&form.fill(&document)), document);
    }
}

/// Lists and objects are accepted where a form has a text.
#[test]
fn a_document_written_otherwise_says_the_same_in_the_form() {
    let (form, _) = &both()[0];
    let document = json!({
        "callback_url": "https://a.example/", "scope": ["openid", "email"], "tokens": "discard", "login_lifetime": 900,
        "advanced": {"required_amr": ["mfa", "hwk"], "claims": {"id_token": {"auth_time": null}}, "accept_any_acr": false, "lang": null},
    });
    let expected = json!({
        "callback_url": "https://a.example/", "scope": "openid email",
        "advanced": {"required_amr": "mfa hwk", "claims": "{\"id_token\":{\"auth_time\":null}}"},
    });
    assert_eq!(form.document(&form.fill(&document)), expected);
}

#[test]
fn what_is_sent_is_read_by_the_fields_of_the_schema_and_by_no_other_name() {
    let (form, _) = &both()[0];
    let read = |form_data: &str| form.document(&Entries::posted(form_data));
    assert_eq!(read(""), json!({}));
    assert_eq!(read("/settings/no_such=1&/connector/name=x&callback_url=y&/settings/advanced=z"), json!({}));
    assert_eq!(
        read("/settings/login_lifetime=soon&/settings/advanced/max_age=+300+"),
        json!({
            "login_lifetime": "soon", "advanced": {"max_age": 300},
        })
    );
    // A list that nobody chose doesn't count; one that was chosen does, though it is empty.
    assert_eq!(read("/settings/event_data=none&/settings/event_data/custom=/outcome"), json!({}));
    assert_eq!(
        read("/settings/event_data=custom&/settings/event_data/custom=%20/outcome%0D%0A%0D%0A"),
        json!({
            "event_data": {"custom": ["/outcome"]},
        })
    );
    assert_eq!(read("/settings/event_data=custom"), json!({"event_data": {"custom": []}}));
    assert_eq!(
        read("/settings/tokens=steal&/settings/advanced/authorize_parameters=a"),
        json!({
            "tokens": "steal", "advanced": {"authorize_parameters": {"a": ""}},
        })
    );
}

#[test]
fn a_problem_stands_beside_its_field_and_opens_its_section() {
    let (form, _) = &both()[0];
    let problem = |path: &str| Problem { path: path.to_owned(), message: "expected `<b>` & more".to_owned() };
    let closed = form.draw(&form.fill(&json!({})), &[]);
    assert!(closed.contains("<details id=\"settings-advanced\">") && !closed.contains("aria-invalid"), "{closed}");
    let problems =
        [problem("/settings/advanced/authorize_parameters/state"), problem("/settings/unheard_of"), problem("/connector/name")];
    let open = form.draw(&form.fill(&json!({})), &problems);
    assert!(open.contains("<details id=\"settings-advanced\" open>"), "{open}");
    assert_eq!(open.matches("aria-invalid=\"true\"").count(), 1, "{open}");
    assert!(open.contains(
        "<p class=\"alert\" id=\"settings-advanced-authorize_parameters-problem\">expected <code>&lt;b&gt;</code> &amp; more</p>"
    ));
    assert_eq!(
        form.list(&problems),
        "<li><a href=\"#settings-advanced-authorize_parameters\">Additional authorize parameters</a>: expected <code>&lt;b&gt;</code> &amp; \
         more</li>\n<li><a href=\"#settings\">Settings</a>: expected <code>&lt;b&gt;</code> &amp; more</li>\n"
    );
    let filled = form.draw(&form.fill(&json!({"advanced": {"lang": "de"}})), &[]);
    assert!(filled.contains("<details id=\"settings-advanced\" open>"), "{filled}");
}

#[test]
fn nothing_that_was_filled_in_is_markup() {
    let (form, _) = &both()[0];
    let text = "\"><script>alert(1)</script></textarea>";
    let document = json!({"callback_url": text, "tokens": text, "event_data": {"custom": [text]}, "advanced": {"claims": text, "lang": text}});
    let html = form.draw(&form.fill(&document), &[]);
    assert!(!html.contains("<script>") && !html.contains("</textarea></textarea>"), "{html}");
    assert_eq!(html.matches("&lt;script&gt;").count(), 4, "a choice that there isn't is none: {html}");
}
