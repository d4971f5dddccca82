//! What the user sees. Nothing of the provider's texts, no message and no token.

use serde_json::{Value, json};

use crate::visit::{Ended, Visit};

/// Where a visit stands, for a person or, as JSON, for a program.
pub(crate) fn status(visit: Option<&Visit>, as_json: bool) -> String {
    let (name, code, user) = facts(visit);
    if as_json {
        return json!({ "status": name, "code": code, "user": user }).to_string();
    }
    let said = match name {
        "none" => "No login is under way in this browser.".to_owned(),
        "waiting" => "Waiting for the login.".to_owned(),
        "authenticated" => format!("Logged in: {}", described(&user)),
        "failed" => format!(
            "Not logged in: the journey goes on to its failure branch, with the code <code>{}</code>.",
            escape(code.unwrap_or_default())
        ),
        _ => "This login has ended.".to_owned(),
    };
    page(&format!("<p>{said}</p>\n{START}"))
}

/// For whoever was led here by another site.
pub(crate) fn ask_to_start() -> String {
    page(START)
}

/// One sentence.
pub(crate) fn sentence(text: &str) -> String {
    page(&format!("<p>{}</p>\n{START}", escape(text)))
}

const START: &str = "<p><a href=\"/start\">Log in</a></p>";

/// Members of the output's `user` that are shown.
const SHOWN: [&str; 4] = ["name", "email", "email_verified", "external_user_id"];

fn facts(visit: Option<&Visit>) -> (&'static str, Option<&str>, Value) {
    let Some(visit) = visit else { return ("none", None, Value::Null) };
    match &visit.ended {
        _ if visit.is_left => ("ended", None, Value::Null),
        None => ("waiting", None, Value::Null),
        Some(Ended::Failed { code }) => ("failed", Some(code), Value::Null),
        Some(Ended::Authenticated { output_variable }) => {
            let output = visit.variable(output_variable).unwrap_or_default();
            let shown =
                SHOWN.map(|member| (member.to_owned(), output.pointer(&format!("/user/{member}")).cloned().unwrap_or_default()));
            ("authenticated", None, Value::Object(shown.into_iter().collect()))
        }
    }
}

fn described(user: &Value) -> String {
    let text = |member: &str| user.get(member).and_then(Value::as_str).map(escape);
    let email = text("email").map(|email| {
        let verified = user.get("email_verified") == Some(&Value::Bool(true));
        format!("{email} ({})", if verified { "verified" } else { "not verified" })
    });
    let subject = text("external_user_id").map(|id| format!("subject <code>{id}</code>"));
    [text("name"), email, subject].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn page(body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>A journey</title>\n{body}\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::Effects;

    fn ended(output: &Value, ended: Ended) -> Visit {
        let mut visit = Visit::default();
        let call = Effects { writes: vec![("out".to_owned(), Some(output.to_string()))], attempts: Vec::new() };
        visit.settle("1", call, ended).unwrap();
        visit
    }

    #[test]
    fn a_session_that_the_user_has_left_shows_nothing() {
        let visit = ended(&json!({ "user": { "email": "SECRET" } }), Ended::Authenticated { output_variable: "out".into() });
        assert_eq!(status(Some(&visit), true), r#"{"code":null,"status":"ended","user":null}"#);
        assert!(!status(Some(&visit), false).contains("SECRET"));
    }

    #[test]
    fn a_user_is_shown_and_no_token_is() {
        let user = json!({ "external_user_id": "7", "name": "<b>Ada", "email": "ada@example.com", "email_verified": true, "phone_number": "1" });
        let output = json!({ "user": user, "tokens": { "access_token": "SECRET" }, "login": { "client_id": "SECRET" } });
        let visit = ended(&output, Ended::Authenticated { output_variable: "out".into() }).in_new_session();
        let page = status(Some(&visit), false);
        assert!(page.contains("&lt;b&gt;Ada, ada@example.com (verified), subject <code>7</code>"), "{page}");
        let json: Value = serde_json::from_str(&status(Some(&visit), true)).unwrap();
        assert_eq!(
            json["user"],
            json!({ "external_user_id": "7", "name": "<b>Ada", "email": "ada@example.com", "email_verified": true })
        );
        assert!(!page.contains("SECRET") && !json.to_string().contains("SECRET"));
    }

    #[test]
    fn a_failure_is_shown_by_its_code_alone() {
        let output = json!({ "message": "SECRET" });
        let visit = ended(&output, Ended::Failed { code: "access_denied".into() });
        assert!(status(Some(&visit), false).contains("<code>access_denied</code>"));
        assert_eq!(status(Some(&visit), true), r#"{"code":"access_denied","status":"failed","user":null}"#);
        assert!(!status(Some(&visit), false).contains("SECRET"));
        assert_eq!(status(None, true), r#"{"code":null,"status":"none","user":null}"#);
    }
}
