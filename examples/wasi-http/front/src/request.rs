//! What a request is to the front, judged by its head alone.

use crate::cookie::Cookie;

/// Bytes of a query or a form body.
pub(crate) const RESPONSE: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Other,
}

/// What it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Where the visit stands.
    Status,
    /// Begin a login; `has_cookie`: the user agent was given a session a moment ago.
    Start { has_cookie: bool },
    /// Another site led here: the user is asked first.
    AskToStart,
    /// A response, and the cookie that finds its visit.
    Callback(Cookie),
    /// Answered by this status, and nothing else happens.
    Refused(u16),
}

/// Head of a request.
pub(crate) struct Head<'a> {
    pub(crate) method: Method,
    /// Path and query, as they came.
    pub(crate) target: &'a str,
    /// By lower-case name.
    pub(crate) header: &'a dyn Fn(&str) -> Option<String>,
}

impl Head<'_> {
    pub(crate) fn route(&self) -> Route {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        match (path, self.method) {
            ("/" | "/start" | "/callback", Method::Head) => Route::Refused(200),
            ("/start" | "/callback", Method::Get) if self.looks_ahead() => Route::Refused(503),
            ("/callback", Method::Post) if self.looks_ahead() => Route::Refused(503),
            ("/", Method::Get) => Route::Status,
            ("/start", Method::Get) if !self.is_the_users_wish() => Route::AskToStart,
            ("/start", Method::Get) => Route::Start { has_cookie: query == "cookie" },
            ("/callback", Method::Get) if query.len() > RESPONSE => Route::Refused(414),
            ("/callback", Method::Get) => Route::Callback(Cookie::Session),
            ("/callback", Method::Post) if !self.is_form() => Route::Refused(415),
            ("/callback", Method::Post) => Route::Callback(Cookie::FormPost),
            ("/" | "/start" | "/callback", _) => Route::Refused(405),
            _ => Route::Refused(404),
        }
    }

    /// The user agent may throw the answer away, and a code works once.
    fn looks_ahead(&self) -> bool {
        let purposes = ["sec-purpose", "purpose", "x-moz"];
        purposes.into_iter().filter_map(self.header).any(|purpose| purpose.starts_with("prefetch"))
    }

    /// Each start is a further attempt of a login under way, so another site starts none (W3C Fetch Metadata, 2.3).
    fn is_the_users_wish(&self) -> bool {
        (self.header)("sec-fetch-site").is_none_or(|site| ["none", "same-origin", "same-site"].contains(&site.as_str()))
    }

    fn is_form(&self) -> bool {
        let content_type = (self.header)("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, target: &str, header: (&str, &str)) -> Route {
        let value = |name: &str| (name == header.0).then(|| header.1.to_owned());
        Head { method, target, header: &value }.route()
    }

    #[test]
    fn each_request_has_its_route() {
        let form = ("content-type", "Application/x-www-form-urlencoded; charset=utf-8");
        let none = ("", "");
        for (method, target, header, expected) in [
            (Method::Get, "/", none, Route::Status),
            (Method::Get, "/start", none, Route::Start { has_cookie: false }),
            (Method::Get, "/start?cookie", none, Route::Start { has_cookie: true }),
            (Method::Get, "/start", ("sec-fetch-site", "none"), Route::Start { has_cookie: false }),
            (Method::Get, "/start", ("sec-fetch-site", "cross-site"), Route::AskToStart),
            (Method::Get, "/callback?code=a&state=b", none, Route::Callback(Cookie::Session)),
            // The identity provider is another site.
            (Method::Get, "/callback?code=a", ("sec-fetch-site", "cross-site"), Route::Callback(Cookie::Session)),
            (Method::Post, "/callback", form, Route::Callback(Cookie::FormPost)),
        ] {
            assert_eq!(route(method, target, header), expected, "{target} {header:?}");
        }
    }

    #[test]
    fn what_the_step_may_not_see_is_answered_here() {
        let none = ("", "");
        let long = format!("/callback?{}", "x".repeat(RESPONSE + 1));
        for (method, target, header, status) in [
            (Method::Head, "/callback?code=a", none, 200),
            (Method::Head, "/start", none, 200),
            (Method::Get, "/callback?code=a", ("sec-purpose", "prefetch;prerender"), 503),
            (Method::Get, "/start", ("purpose", "prefetch"), 503),
            (Method::Post, "/callback", ("x-moz", "prefetch"), 503),
            (Method::Get, long.as_str(), none, 414),
            (Method::Post, "/callback", none, 415),
            (Method::Post, "/callback", ("content-type", "multipart/form-data"), 415),
            (Method::Other, "/callback", none, 405),
            (Method::Post, "/start", none, 405),
            (Method::Post, "/", none, 405),
            (Method::Get, "/callback/", none, 404),
            (Method::Get, "/favicon.ico", none, 404),
        ] {
            assert_eq!(route(method, target, header), Route::Refused(status), "{target} {header:?}");
        }
    }
}
