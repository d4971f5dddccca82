//! From a request to an answer.

use crate::{
    bindings::journey::step::redirect::{Arrival, AuthorizationResponse},
    calls::{self, Begun, Completed},
    configuration::Configuration,
    cookie::{Cookie, Secret},
    log::log,
    page,
    request::{Head, Route},
    sessions,
    store::{Store, Unavailable},
    visit::Visit,
};

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Besides those that each answer has. At most one `set-cookie`: there are hosts that send but the last.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// A form body was longer than any response, or no text.
pub(crate) enum Unreadable {
    TooLong,
    NoText,
}

/// Answers a request; its body is read only where it may be a response.
pub(crate) fn answer(
    configuration: &Configuration,
    head: &Head<'_>,
    cookies: &[String],
    body: impl FnOnce() -> Result<String, Unreadable>,
) -> Answer {
    let answered = match head.route() {
        Route::Refused(status) => Ok(refused(status)),
        Route::AskToStart => Ok(html(200, page::ask_to_start())),
        Route::Status => status(configuration, cookies, (head.header)("accept").as_deref() == Some("application/json")),
        Route::Start { has_cookie } => start(configuration, cookies, has_cookie),
        Route::Callback(cookie) => callback(configuration, head, cookies, cookie, body),
    };
    answered.unwrap_or_else(|unavailable| {
        log(&unavailable.to_string());
        again()
    })
}

fn start(configuration: &Configuration, cookies: &[String], has_cookie: bool) -> Result<Answer, Unavailable> {
    let store = Store::open()?;
    let session = sessions::find(&store, Cookie::Session, cookies, configuration.is_https())?;
    let Some(session) = session.filter(|session| session.visit.ended.is_none()) else {
        if has_cookie {
            return Ok(html(400, page::sentence("A login needs a cookie, and this browser keeps none.")));
        }
        store.sweep(sessions::now());
        // The session first, and alone: before anybody knows it, there is something to swap.
        let secret = sessions::create(&store, &Visit::default())?;
        return Ok(see_other("/start?cookie").with_cookie(Cookie::Session, &secret, configuration, 0));
    };
    Ok(match calls::begin(configuration, &store, &session)? {
        Begun::Shown => see_other("/"),
        Begun::Redirect(request, None) => see_other(&request.url),
        Begun::Redirect(request, Some(secret)) => {
            see_other(&request.url).with_cookie(Cookie::FormPost, &secret, configuration, request.expires_in)
        }
    })
}

fn callback(
    configuration: &Configuration,
    head: &Head<'_>,
    cookies: &[String],
    cookie: Cookie,
    body: impl FnOnce() -> Result<String, Unreadable>,
) -> Result<Answer, Unavailable> {
    // From the operator's origin, never from what the request calls this host.
    let url = format!("{}{}", configuration.origin, head.target);
    let response = match cookie {
        Cookie::Session => {
            let parameters = head.target.split_once('?').map_or("", |(_, query)| query).to_owned();
            AuthorizationResponse::Query(Arrival { url, parameters })
        }
        Cookie::FormPost => match body() {
            Ok(parameters) => AuthorizationResponse::FormPost(Arrival { url, parameters }),
            Err(Unreadable::TooLong) => return Ok(refused(413)),
            Err(Unreadable::NoText) => return Ok(refused(400)),
        },
    };
    let store = Store::open()?;
    // Whatever comes of it, with or without a session: the next page has another URL than the code.
    let Some(session) = sessions::find(&store, cookie, cookies, configuration.is_https())? else { return Ok(see_other("/")) };
    Ok(match calls::complete(configuration, &store, &session, &response)? {
        Completed::AskAgain => again(),
        Completed::Shown(None) => see_other("/"),
        Completed::Shown(Some(secret)) => see_other("/").with_cookie(Cookie::Session, &secret, configuration, 0),
    })
}

fn status(configuration: &Configuration, cookies: &[String], as_json: bool) -> Result<Answer, Unavailable> {
    let store = Store::open()?;
    let session = sessions::find(&store, Cookie::Session, cookies, configuration.is_https())?;
    if let Some(session) = &session
        && calls::end_if_overdue(configuration, &store, session)?.is_some()
    {
        let ended = store.visit(&session.place)?;
        return Ok(shown(ended.as_ref(), as_json));
    }
    Ok(shown(session.as_ref().map(|session| &session.visit), as_json))
}

fn shown(visit: Option<&Visit>, as_json: bool) -> Answer {
    let body = page::status(visit, as_json);
    if as_json {
        Answer { status: 200, headers: vec![("content-type", "application/json".into())], body }
    } else {
        html(200, body)
    }
}

fn html(status: u16, body: String) -> Answer {
    Answer { status, headers: vec![("content-type", "text/html; charset=utf-8".into())], body }
}

fn see_other(url: &str) -> Answer {
    Answer { status: 303, headers: vec![("location", url.into())], body: String::new() }
}

fn refused(status: u16) -> Answer {
    let allowed = (status == 405).then(|| ("allow", "GET, HEAD, POST".to_owned()));
    Answer { status, headers: allowed.into_iter().collect(), body: String::new() }
}

/// The browser makes the same request again: nothing was sent to the provider, or the act may not have been done.
fn again() -> Answer {
    let mut answer = html(503, page::sentence("One moment, please."));
    answer.headers.extend([("retry-after", "2".to_owned()), ("refresh", "2".to_owned())]);
    answer
}

impl Answer {
    fn with_cookie(mut self, cookie: Cookie, secret: &Secret, configuration: &Configuration, lifetime: u32) -> Self {
        self.headers.push(("set-cookie", cookie.set(secret, configuration.is_https(), lifetime)));
        self
    }
}
