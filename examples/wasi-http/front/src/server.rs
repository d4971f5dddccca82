//! `wasi:http/incoming-handler`: reads a request, and writes what [`routes`] answers.

use wasip2::{
    exports::http::incoming_handler::Guest,
    http::types::{Fields, IncomingRequest, Method as HttpMethod, OutgoingBody, OutgoingResponse, ResponseOutparam},
    io::streams::StreamError,
};

use crate::{
    configuration::Configuration,
    log::log,
    request::{Head, Method, RESPONSE},
    routes::{self, Answer, Unreadable},
};

pub(crate) struct Front;

impl Guest for Front {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let configuration = Configuration::read(|name| std::env::var(name).ok());
        let answer = match configuration {
            Ok(configuration) => answer(&configuration, &request),
            Err(why) => {
                log(&format!("configuration: {why}"));
                Answer { status: 500, headers: Vec::new(), body: String::new() }
            }
        };
        respond(&answer, out);
    }
}

fn answer(configuration: &Configuration, request: &IncomingRequest) -> Answer {
    let headers = request.headers();
    let all = |name: &str| {
        let values = headers.get(name).into_iter();
        values.filter_map(|value| String::from_utf8(value).ok()).collect::<Vec<_>>()
    };
    let header = |name: &str| all(name).into_iter().next();
    let target = request.path_with_query().unwrap_or_default();
    let method = match request.method() {
        HttpMethod::Get => Method::Get,
        HttpMethod::Head => Method::Head,
        HttpMethod::Post => Method::Post,
        _ => Method::Other,
    };
    let head = Head { method, target: &target, header: &header };
    routes::answer(configuration, &head, &all("cookie"), || body(request))
}

fn body(request: &IncomingRequest) -> Result<String, Unreadable> {
    let incoming = request.consume().map_err(|()| Unreadable::NoText)?;
    let stream = incoming.stream().map_err(|()| Unreadable::NoText)?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(RESPONSE as u64) {
            Ok(chunk) => body.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err(Unreadable::NoText),
        }
        if body.len() > RESPONSE {
            return Err(Unreadable::TooLong);
        }
    }
    String::from_utf8(body).map_err(|_| Unreadable::NoText)
}

/// What each answer has.
const HEADERS: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

fn respond(answer: &Answer, out: ResponseOutparam) {
    let fields = Fields::new();
    let own = answer.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let length = answer.body.len().to_string();
    for (name, value) in HEADERS.into_iter().chain(own).chain([("content-length", length.as_str())]) {
        // A host that refuses one of them sends the others.
        let _ = fields.append(name, value.as_bytes());
    }
    let response = OutgoingResponse::new(fields);
    let _ = response.set_status_code(answer.status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    let Ok(body) = body else { return };
    if let Ok(stream) = body.write() {
        for chunk in answer.body.as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                return;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}
