//! The pages: a sentence each, without script, and with nothing in them that wasn't escaped.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, REFRESH, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Response, StatusCode, header};

use crate::check::checklist;
use crate::html::{self, Width, escape};
use journey_host::Tested;

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

/// No page is a dead end.
const TO_THE_START: &str = "<a class=\"button\" href=\"/\">To the start page</a>";

/// One sentence.
pub(super) fn text(status: StatusCode, sentence: &str) -> Response<Body> {
    page(status, "Journey", Width::Narrow, &format!("<p>{}</p>\n{TO_THE_START}", escape(sentence)))
}

/// Seconds after which a host at its limit is asked again. A call takes a fraction of one.
const RETRY_AFTER: u32 = 2;

/// How a request is made again.
pub(super) enum Again {
    /// The page does it: the URL says all.
    Get,
    /// The user does it, with what came in the form.
    Post(String),
}

/// The host is at its limit, and nothing has happened: the page asks again.
pub(super) fn busy(again: &Again) -> Response<Body> {
    let body = match again {
        Again::Get => "<p>Many people are logging in. This page goes on by itself in a moment.</p>".to_owned(),
        Again::Post(form) => {
            let hidden = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
                format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(&name), escape(&value))
            };
            let fields: String = url::form_urlencoded::parse(form.as_bytes()).map(hidden).collect();
            format!("<p>Many people are logging in.</p>\n<form method=\"post\">{fields}<button>Go on</button></form>")
        }
    };
    let mut response = page(StatusCode::SERVICE_UNAVAILABLE, "One moment", Width::Narrow, &body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    if matches!(again, Again::Get) {
        response.headers_mut().insert(REFRESH, HeaderValue::from(RETRY_AFTER));
    }
    response
}

/// Whether anything has begun is unknown: the page asks again, in the same session.
pub(super) fn unknown(cookies: &[String]) -> Response<Body> {
    let mut response = busy(&Again::Get);
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Another site has sent the user here: it's the user who says whether to log in. A link, not a form: the browser holds a form's
/// answer to `form-action`, redirects and all, and the next one leads to the identity provider.
pub(super) fn start(again: &str) -> Response<Body> {
    page(StatusCode::OK, "Log in", Width::Narrow, &format!("<a class=\"button primary\" href=\"{}\">Log in</a>", escape(again)))
}

/// What a form asked for is done, and the user agent goes on by itself to where a login begins. Not by a redirect: the browser
/// holds a form's answer to `form-action`, redirects and all, and the next one leads to the identity provider.
pub(super) fn onward(done: &str, start: &str) -> Response<Body> {
    let body =
        format!("<p role=\"status\">The login begins.</p>\n<a class=\"button primary\" href=\"{}\">Log in</a>", escape(start));
    let mut response = page(StatusCode::OK, done, Width::Narrow, &body);
    if let Ok(at_once) = HeaderValue::from_str(&format!("0; url={start}")) {
        response.headers_mut().insert(REFRESH, at_once);
    }
    response
}

/// The way back to the forms, from a login of the step that is edited.
pub(super) const EDIT_AGAIN: &str = "<a class=\"button\" href=\"/step\">Edit the step again</a>\n";

/// The journey waits at the step.
pub(super) fn waiting(start: &str, is_edited: bool) -> Response<Body> {
    let body = format!(
        "<p>The answer of the login is yet to come.</p>\n<a class=\"button primary\" href=\"{}\">Log in again</a>\n\
         {}<form method=\"post\" action=\"/cancel\"><button class=\"quiet\">Cancel</button></form>",
        escape(start),
        if is_edited { EDIT_AGAIN } else { "" }
    );
    page(StatusCode::OK, "Waiting for the login", Width::Narrow, &body)
}

/// What a test found, and what it all comes to.
pub(super) fn findings(tested: &Tested) -> String {
    let mut list = String::new();
    for finding in tested.findings() {
        let status = finding.status.as_str();
        let (check, message) = (escape(&finding.check), escape(&finding.message));
        list += &format!("<dt class=\"{status}\">{status}: {check}</dt><dd>{message}");
        for (name, text) in checklist::details(finding) {
            list += &format!("<span>{name}: {}</span>", escape(&text));
        }
        list += "</dd>\n";
    }
    format!("<p>{}</p>\n<dl>\n{list}</dl>\n", escape(&checklist::verdict(tested)))
}

/// Names and values, side by side; a row without a value is left out. All of it is HTML already.
pub(super) fn facts(rows: &[(&str, Option<String>)]) -> String {
    let rows: String = rows
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("<dt>{name}</dt><dd>{value}</dd>\n")))
        .collect();
    if rows.is_empty() { rows } else { format!("<dl class=\"facts\">\n{rows}</dl>\n") }
}

/// With which a page says what a test found.
pub(super) fn status_of(tested: &Tested) -> StatusCode {
    match tested {
        Tested::Findings(_) | Tested::SecretNeeded => StatusCode::OK,
        Tested::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
        Tested::Busy | Tested::Ended => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Drawn in the tab.
pub(super) fn icon() -> Response<Body> {
    let mut response = bare(StatusCode::OK);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(html::ICON_TYPE));
    *response.body_mut() = Body::from(html::ICON);
    response
}

/// The button, and what a test found, where there was one.
pub(super) fn connection(tested: Option<&Tested>) -> Response<Body> {
    let button = "<form method=\"post\" action=\"/connection\"><button>Test the connection</button></form>";
    let Some(tested) = tested else {
        let about = "Finds out what is wrong with the connector, without a user. It asks the user pool at most six times.";
        return page(StatusCode::OK, "Connection", Width::Narrow, &format!("<p>{about}</p>\n{button}"));
    };
    let mut response = page(status_of(tested), "Connection", Width::Wide, &format!("{}{button}", findings(tested)));
    if let Tested::TooOften(left) = tested {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(left.as_secs() + 1));
    }
    response
}

/// As JSON, for clients other than browsers.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = bare(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(value.to_string());
    response
}

/// A page with this heading. `body` is HTML already.
pub(super) fn page(status: StatusCode, title: &str, width: Width, body: &str) -> Response<Body> {
    let mut response = bare(status);
    let policy = html::policy(&[], "");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // A form's POST names its origin only where the page may be named as its referrer: under `no-referrer` it would be "null".
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    let body = format!("<h1>{}</h1>\n{body}", escape(title));
    *response.body_mut() = Body::from(html::document(title, "en", width, &body));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use journey_host::{Finding, FindingStatus, ProviderAnswer};

    #[tokio::test]
    async fn what_a_test_found_is_all_there_and_none_of_it_is_markup() {
        let finding = Finding {
            check: "callback".to_owned(),
            status: FindingStatus::Failed,
            code: Some("client_not_allowed".to_owned()),
            message: "<b>not</b> registered".to_owned(),
            path: Some("/settings/callback_url".to_owned()),
            remedy: Some("register \"it\"".to_owned()),
            provider: ProviderAnswer { error: Some("<script>".to_owned()), ..ProviderAnswer::default() },
        };
        let response = connection(Some(&Tested::Findings(vec![finding])));
        assert_eq!(response.status(), StatusCode::OK);
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        for text in [
            "failed: callback",
            "&lt;b&gt;not&lt;/b&gt; registered",
            "code: client_not_allowed",
            "at: /settings/callback_url",
            "said: &lt;script&gt;",
            "do: register &quot;it&quot;",
            "One check failed",
        ] {
            assert!(html.contains(text), "{text} isn't in {html}");
        }
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
    }
}
