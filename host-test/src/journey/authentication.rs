//! How the user signed in, as the ID token says it: when, at which level, by which methods. And whose word that is.

use serde_json::Value;

use super::page::facts;
use crate::html::escape;

/// What the output says of the sign-in, beside what was asked for. `login`: of the output variable; `advanced`: of the settings
/// that the step ran with; `stand_in`: what the claims are worth where no user pool has made them.
pub(super) fn html(login: &Value, advanced: &Value, stand_in: Option<&str>) -> String {
    let rows = [
        ("When", Some(with_wish(time(login), "auth_time", time_wish(advanced)))),
        ("Level", Some(with_wish(codes(login["acr"].as_str()), "acr", level_wish(advanced)))),
        ("Methods", Some(with_wish(codes(words(&login["amr"])), "amr", methods_wish(advanced)))),
    ];
    let whose = "These are claims of the ID token, so they are Cognito’s word. The step verifies the token’s signature and compares \
                 them with what the settings ask for; it sees nothing of the sign-in itself.";
    let stand_in = stand_in.map(|worth| format!("<p class=\"note\">{}</p>\n", escape(worth))).unwrap_or_default();
    format!("{}<p class=\"note\">{whose}</p>\n{stand_in}", facts(&rows))
}

/// What is stated, and by which claim; then what was asked for.
fn with_wish(stated: Option<String>, claim: &str, wish: Option<String>) -> String {
    let stated = match stated {
        Some(stated) => format!("{stated}, by <code>{claim}</code>"),
        None => format!("not stated: no <code>{claim}</code>"),
    };
    [Some(stated), wish].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn time(login: &Value) -> Option<String> {
    let (authenticated_at, completed_at) = (login["auth_time"].as_u64()?, login["completed_at"].as_u64()?);
    Some(format!("{} before this login was completed", age(completed_at.saturating_sub(authenticated_at))))
}

fn time_wish(advanced: &Value) -> Option<String> {
    let is_new = words(&advanced["prompt"]).any(|prompt| prompt == "login");
    match advanced["max_age"].as_u64() {
        seconds if is_new || seconds == Some(0) => Some("asked for: a new sign-in".to_owned()),
        seconds => seconds.map(|seconds| format!("asked for: at most {} before it began", age(seconds))),
    }
}

fn level_wish(advanced: &Value) -> Option<String> {
    let asked_for = codes(words(&advanced["acr_values"])).map(|levels| format!("asked for: {levels}"));
    let accepted = match advanced["accept_any_acr"] == true {
        true => Some("any is accepted".to_owned()),
        false => codes(words(&advanced["accepted_acr_values"])).map(|levels| format!("accepted: {levels}")),
    };
    let wishes: Vec<String> = [asked_for, accepted].into_iter().flatten().collect();
    (!wishes.is_empty()).then(|| wishes.join("; "))
}

fn methods_wish(advanced: &Value) -> Option<String> {
    codes(words(&advanced["required_amr"])).map(|methods| format!("required: {methods}"))
}

/// Of a list, or of a text with spaces between them.
fn words(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value.as_str().unwrap_or_default().split_whitespace().chain(list)
}

/// None of no word.
fn codes<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let codes: Vec<String> = words.into_iter().map(|word| format!("<code>{}</code>", escape(word))).collect();
    (!codes.is_empty()).then(|| codes.join(", "))
}

/// In the unit that fits, without a fraction.
fn age(seconds: u64) -> String {
    match seconds {
        0 => "less than 1 s".to_owned(),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200.. => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_stated_stands_beside_what_was_asked_for() {
        let login = json!({"auth_time": 1000, "completed_at": 1083, "acr": "urn:cognito:loa:4", "amr": ["pwd", "mfa"]});
        let advanced = json!({"acr_values": "urn:cognito:loa:3 gold", "max_age": 300, "required_amr": ["mfa"]});
        let html = html(&login, &advanced, Some("A stand-in & more."));
        for text in [
            "<dt>When</dt><dd>83 s before this login was completed, by <code>auth_time</code>; asked for: at most 5 min before it began</dd>",
            "<dd><code>urn:cognito:loa:4</code>, by <code>acr</code>; asked for: <code>urn:cognito:loa:3</code>, <code>gold</code></dd>",
            "<dd><code>pwd</code>, <code>mfa</code>, by <code>amr</code>; required: <code>mfa</code></dd>",
            "Cognito’s word",
            "A stand-in &amp; more.",
        ] {
            assert!(html.contains(text), "{text} isn't in {html}");
        }
    }

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        for (seconds, told) in [
            (0, "less than 1 s"),
            (1, "1 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (u64::from(u32::MAX), "1193046 h"),
        ] {
            assert_eq!(age(seconds), told);
        }
    }

    #[test]
    fn what_is_not_stated_is_said_to_be_missing() {
        let login = json!({"auth_time": null, "completed_at": 1083, "acr": null, "amr": []});
        let html = html(&login, &Value::Null, None);
        for claim in ["auth_time", "acr", "amr"] {
            assert!(html.contains(&format!("<dd>not stated: no <code>{claim}</code></dd>")), "{claim}: {html}");
        }
    }

    #[test]
    fn a_wish_is_told_as_the_step_takes_it() {
        for (advanced, wish) in [
            (json!({"max_age": 0}), Some("asked for: a new sign-in")),
            (json!({"max_age": 300, "prompt": "consent login"}), Some("asked for: a new sign-in")),
            (json!({"prompt": "login"}), Some("asked for: a new sign-in")),
            (json!({"max_age": 7200, "prompt": "consent"}), Some("asked for: at most 2 h before it began")),
            (json!({"prompt": "none"}), None),
        ] {
            assert_eq!(time_wish(&advanced).as_deref(), wish, "{advanced}");
        }
        for (advanced, wish) in [
            (json!({"acr_values": ["a"], "accept_any_acr": true}), Some("asked for: <code>a</code>; any is accepted")),
            (json!({"acr_values": "a", "accepted_acr_values": "b"}), Some("asked for: <code>a</code>; accepted: <code>b</code>")),
            (json!({"accepted_acr_values": "b"}), Some("accepted: <code>b</code>")),
            (json!({"acr_values": "<a>", "accept_any_acr": false}), Some("asked for: <code>&lt;a&gt;</code>")),
            (json!({}), None),
        ] {
            assert_eq!(level_wish(&advanced).as_deref(), wish, "{advanced}");
        }
    }
}
