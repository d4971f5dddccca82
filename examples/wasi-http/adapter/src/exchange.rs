//! One HTTP exchange. `wasi:http` follows no redirect, keeps no cookie and repeats nothing; limits of time and size are this
//! module's.

use wasip2::{
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, IncomingBody, IncomingResponse, Method as HttpMethod, OutgoingBody, OutgoingRequest,
            RequestOptions, Scheme,
        },
    },
    io::streams::StreamError,
};

use crate::{
    bindings::{
        Adapter,
        exports::journey::step::http::{Error, Guest, Method, Request, Response},
    },
    call,
    deadline::Deadline,
    length,
    target::Target,
};

/// Bytes of a response's body, whatever the step allows.
const BODY: usize = 1 << 20;

/// Fields of a response's header, and their bytes.
const FIELDS: usize = 64;
const HEADER: usize = 64 << 10;

/// What the host answers for, and the step doesn't set.
const OF_THE_HOST: [&str; 6] = ["accept-encoding", "connection", "content-length", "host", "te", "transfer-encoding"];

impl Guest for Adapter {
    fn fetch(request: Request) -> Result<Response, Error> {
        let denied = |why: &str| Error::Denied(why.into());
        let end = call::with(|call| {
            let target =
                Target::permitted(&request.url, &call.scope().origins).ok_or_else(|| denied("not an origin of this call"))?;
            let end = call.fetch(request.timeout_ms).ok_or_else(|| denied("this call has no fetch or no time left"))?;
            Ok((target, Deadline(end)))
        });
        let (target, deadline) = end.unwrap_or_else(|| Err(denied("no call is open")))?;
        let response = send(&request, &target, deadline)?;
        let headers = headers(&response)?;
        let declared = length::declared(&headers).map_err(|_| Error::Other("the response's length is no number".into()))?;
        let most = usize::try_from(request.max_body_bytes).unwrap_or(BODY).min(BODY);
        if declared.is_some_and(|length| length > most) {
            return Err(Error::TooLarge);
        }
        let status = response.status();
        let body = body(&response, most, deadline)?;
        if !length::is_whole(declared, body.len()) {
            return Err(broke_off());
        }
        Ok(Response { status, headers, body })
    }
}

/// Until the header of the response is there.
fn send(request: &Request, target: &Target<'_>, deadline: Deadline) -> Result<IncomingResponse, Error> {
    let fields = Fields::new();
    let append =
        |name: &str, value: &str| fields.append(name, value.as_bytes()).map_err(|_| denied("the host refuses a header field"));
    for (name, value) in &request.headers {
        if OF_THE_HOST.contains(&name.as_str()) {
            return Err(denied("a header field that is the host's"));
        }
        append(name, value)?;
    }
    // Without it, hosts send a body in chunks, and not every server takes those.
    if matches!(request.method, Method::Post) {
        append("content-length", &request.body.len().to_string())?;
    }

    let outgoing = OutgoingRequest::new(fields);
    let scheme = if target.is_https { Scheme::Https } else { Scheme::Http };
    let method = match request.method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
    };
    let set = outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(target.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&target.path_and_query)));
    set.map_err(|()| denied("the host refuses the URL"))?;
    let body = outgoing.body().map_err(|()| broke_off())?;
    let future = outgoing_handler::handle(outgoing, Some(options(deadline))).map_err(|code| told(&code))?;
    write(body, &request.body, deadline)?;
    loop {
        if let Some(answer) = future.get() {
            return answer.map_err(|()| broke_off())?.map_err(|code| told(&code));
        }
        deadline.wait(&future.subscribe())?;
    }
}

/// Hosts needn't keep to them, so the deadline is watched here, too.
fn options(deadline: Deadline) -> RequestOptions {
    let (options, left) = (RequestOptions::new(), Some(deadline.left()));
    let _ = options.set_connect_timeout(left);
    let _ = options.set_first_byte_timeout(left);
    let _ = options.set_between_bytes_timeout(left);
    options
}

fn write(body: OutgoingBody, mut bytes: &[u8], deadline: Deadline) -> Result<(), Error> {
    let stream = body.write().map_err(|()| broke_off())?;
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write().map_err(|_| broke_off())?).unwrap_or(usize::MAX);
        let (now, later) = bytes.split_at_checked(room.min(bytes.len())).unwrap_or((bytes, &[]));
        if now.is_empty() {
            deadline.wait(&stream.subscribe())?;
        } else {
            stream.write(now).map_err(|_| broke_off())?;
        }
        bytes = later;
    }
    stream.flush().map_err(|_| broke_off())?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| told(&code))
}

/// Lower-case names; values that aren't UTF-8 are left out.
fn headers(response: &IncomingResponse) -> Result<Vec<(String, String)>, Error> {
    let entries = response.headers().entries();
    let bytes: usize = entries.iter().map(|(name, value)| name.len() + value.len()).sum();
    if entries.len() > FIELDS || bytes > HEADER {
        return Err(Error::Other("the response's header is too long".into()));
    }
    let text = |(name, value): (String, Vec<u8>)| Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?));
    let headers: Vec<_> = entries.into_iter().filter_map(text).collect();
    // None was offered, and nothing here would decode it.
    if headers.iter().any(|(name, value)| name == "content-encoding" && !value.eq_ignore_ascii_case("identity")) {
        return Err(Error::Other("the response has a content coding that wasn't offered".into()));
    }
    Ok(headers)
}

fn body(response: &IncomingResponse, most: usize, deadline: Deadline) -> Result<Vec<u8>, Error> {
    let incoming: IncomingBody = response.consume().map_err(|()| broke_off())?;
    let stream = incoming.stream().map_err(|()| broke_off())?;
    let mut body = Vec::new();
    loop {
        match stream.read(64 << 10) {
            Ok(chunk) if chunk.is_empty() => deadline.wait(&stream.subscribe())?,
            Ok(chunk) if body.len() + chunk.len() > most => return Err(Error::TooLarge),
            Ok(chunk) => body.extend(chunk),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(_)) => return Err(broke_off()),
        }
        // A server that sends a byte now and then keeps the stream ready.
        if deadline.left() == 0 {
            return Err(Error::Timeout);
        }
    }
}

/// What the host says of a failure. Its own texts may name anything, so none is passed on.
fn told(code: &ErrorCode) -> Error {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => denied("the host refuses the destination"),
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => Error::Unreachable("the host finds no connection".into()),
        // Some hosts mean any silence by the first.
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Error::Timeout,
        ErrorCode::HttpResponseBodySize(_) => Error::TooLarge,
        _ => broke_off(),
    }
}

fn denied(why: &str) -> Error {
    Error::Denied(why.into())
}

fn broke_off() -> Error {
    Error::Other("the exchange broke off".into())
}
