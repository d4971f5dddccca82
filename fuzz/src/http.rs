//! HTTP answers, written as on the wire: `200`, header lines, an empty line, the body. Or one word for an error: `timeout`.

use cognito_oidc::host::{FetchError, Response};

/// What a host says to a request.
pub type Fetched = Result<Response, FetchError>;

/// Reads an answer. Without a status it is a 200.
pub fn parse(input: &[u8]) -> Fetched {
    let end = input.windows(2).position(|window| window == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    if let Some(error) = error(first) {
        return Err(error);
    }
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    };
    Ok(Response { status: first.parse().unwrap_or(200), headers: lines.filter_map(header).collect(), body: body.to_vec() })
}

/// The errors of the contract, by name.
pub fn error(name: &str) -> Option<FetchError> {
    match name {
        "denied" => Some(FetchError::Denied),
        "unreachable" => Some(FetchError::Unreachable),
        "timeout" => Some(FetchError::Timeout),
        "too-large" => Some(FetchError::TooLarge),
        "other" => Some(FetchError::Other),
        _ => None,
    }
}
