//! The pages: a sentence each, without script, and with nothing in them that wasn't escaped.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Response, StatusCode};

use super::Standing;

/// Sends the user agent on, out of the URL that it is at.
///
/// 303, so that a POST isn't repeated there (RFC 9110 15.4.4).
pub(super) fn see_other(location: &str, cookies: &[String]) -> Response<Body> {
    let mut response = bare(StatusCode::SEE_OTHER);
    let Ok(location) = HeaderValue::from_str(location) else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "The login can't be started.");
    };
    response.headers_mut().insert(LOCATION, location);
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// No body, nothing kept, nothing passed on to the next site.
pub(super) fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// One sentence.
pub(super) fn text(status: StatusCode, sentence: &str) -> Response<Body> {
    html(status, &format!("<p>{}</p>", escape(sentence)))
}

/// Where the journey stands.
pub(super) fn standing(standing: &Standing) -> Response<Body> {
    html(
        StatusCode::OK,
        &match standing {
            Standing::Waiting => "<p>Waiting for the login.</p>\
                <p><a href=\"/start\">Log in again</a></p>\
                <form method=\"post\" action=\"/cancel\"><button>Cancel</button></form>"
                .to_owned(),
            Standing::CreateUser(user) => {
                format!("<p>Next step: Create user</p><pre>{}</pre>", escape(&format!("{user:#}")))
            }
            Standing::FailureBranch(code) => format!("<p>The login failed; the journey goes on: {}</p>", escape(code)),
            Standing::Aborted(code) => format!("<p>The journey has ended: {}</p>", escape(code)),
        },
    )
}

/// As JSON, for clients that are no browsers.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = bare(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(value.to_string());
    response
}

fn html(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = bare(status);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
    );
    *response.body_mut() = Body::from(format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Journey</title>\n{body}\n</html>\n"
    ));
    response
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
