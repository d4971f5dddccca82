//! A provider, or whatever stands in front of it, that repeats secrets in its own words.

use serde_json::json;

use super::secrecy::{secrets, told};
use crate::testing::Fetched;
use crate::testing::leaks::{forms, leak};
use crate::testing::login::Login;
use crate::testing::provider::{KEYS, REVOKE, TOKEN, USERINFO, refusal};
use crate::testing::response;

/// A login, and the provider saying a text somewhere.
type Place = fn(&mut Login, &str) -> String;

fn query(login: &mut Login, name: &str, text: &str) -> String {
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let error = if name == "error" { "" } else { "error=server_error&" };
    login.responded(&format!("{error}{name}={text}"))
}

fn with_request_id(answer: Fetched, text: &str) -> Fetched {
    answer.map(|mut response| {
        response.headers.push(("x-amz-cognito-request-id".into(), text.to_owned()));
        response
    })
}

const PLACES: [Place; 10] = [
    |login, text| query(login, "error", text),
    |login, text| query(login, "error_description", text),
    |login, text| {
        login.answer(TOKEN, refusal(400, text, None));
        login.authorized()
    },
    |login, text| {
        login.answer(TOKEN, refusal(401, "invalid_client", Some(text)));
        login.authorized()
    },
    |login, text| {
        login.answer(TOKEN, with_request_id(refusal(500, "x", None), text));
        login.authorized()
    },
    |login, text| {
        let mut unauthorized = response(401, "", "");
        unauthorized.headers.push(("www-authenticate".into(), format!(r#"error="{text}", error_description="{text}""#)));
        login.answer(USERINFO, Ok(unauthorized));
        login.authorized()
    },
    |login, text| {
        let text = text.to_owned();
        login.provider.borrow_mut().change_user_info = Box::new(move |claims| claims["nickname"] = json!([text]));
        login.authorized()
    },
    |login, text| {
        let text = text.to_owned();
        login.provider.borrow_mut().change_user_info = Box::new(move |claims| claims[format!("x {text}")] = json!(1));
        login.authorized()
    },
    |login, text| {
        login.answer(KEYS, with_request_id(Ok(response(503, "", "")), text));
        login.authorized()
    },
    |login, text| {
        login.set("tokens", json!("revoke"));
        login.answer(REVOKE, with_request_id(Ok(response(200, "", "")), text));
        login.authorized()
    },
];

fn login() -> Login {
    let mut login = Login::new();
    login.set("event_data", json!("input_output"));
    login
}

/// Everything is deterministic: the next login of a new host has the same secrets.
fn known_secrets() -> Vec<(&'static str, String)> {
    let mut login = login();
    login.run();
    let mut secrets = secrets(&login);
    let issued = secrets.clone();
    secrets.retain(|(name, secret)| issued.iter().find(|(_, other)| other == secret).is_some_and(|(first, _)| first == name));
    secrets
}

fn check(place: Place, text: &str, secrets: &[(&'static str, String)], about: &str) {
    let mut login = login();
    let query = place(&mut login, text);
    let completed = login.complete(&query);
    let told = told(&login, &completed);
    assert_eq!(leak(&told, secrets), None, "{about}: {told}");
}

/// The secrets that there are by the time of a place: an authorization error comes instead of a code, a token error instead of
/// tokens.
fn known_at<'a>(index: usize, secrets: &'a [(&'static str, String)]) -> impl Iterator<Item = &'a (&'static str, String)> {
    let unknown: &[&str] = match index {
        0 | 1 => &["code", "access token", "refresh token", "ID token"],
        2..=4 => &["access token", "refresh token", "ID token"],
        _ => &[],
    };
    secrets.iter().filter(|(name, _)| !unknown.contains(name))
}

#[test]
fn c10_h01_no_place_lets_a_secret_through() {
    let secrets = known_secrets();
    for (index, place) in PLACES.into_iter().enumerate() {
        for (name, secret) in known_at(index, &secrets) {
            check(place, &format!("It was {secret}!"), &secrets, &format!("place {index}, {name}"));
        }
    }
}

#[test]
fn c10_h01_no_form_of_a_secret_gets_through() {
    let secrets = known_secrets();
    for (name, secret) in known_at(1, &secrets) {
        for form in forms(secret) {
            for text in [form.clone(), format!("a{form}b"), form[form.len() - 16..].to_owned()] {
                check(PLACES[1], &text, &secrets, &format!("{name} as {form}"));
            }
        }
    }
}

#[test]
fn c10_h01_a_client_secret_of_any_characters_is_known_in_a_basic_header() {
    let secret = "a/b+c d:e%f&g=h?i#j!k*l(m)n~o'p\"q,r;s@t$u";
    for form in forms(secret) {
        let mut login = login();
        login.journey.client_secret = Some(secret.to_owned());
        login.answer(TOKEN, refusal(401, "invalid_client", Some(&form)));
        let completed = login.run();
        let told = told(&login, &completed);
        assert_eq!(leak(&told, &[("client secret", secret.to_owned())]), None, "{form}");
    }
}

#[test]
fn what_is_no_secret_is_told() {
    for (index, place) in PLACES.into_iter().enumerate() {
        let mut login = login();
        let query = place(&mut login, "perfectly-harmless-words");
        let completed = login.complete(&query);
        assert!(told(&login, &completed).contains("perfectly-harmless-words"), "place {index}");
    }
}
