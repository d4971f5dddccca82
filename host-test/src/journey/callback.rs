//! What arrived at the callback URL: whether it is an authorization response at all, and how it came. Nothing is decoded here.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Request, StatusCode};

use journey_host::{Arrival, AuthorizationResponse, PublicOrigin};

/// Bytes of a query or a form body.
const MAX_RESPONSE: usize = 64 << 10;

/// Reads the response out of a request.
///
/// # Errors
///
/// The status to answer with, where the request is none that a step may see.
pub(super) async fn read(origin: &PublicOrigin, request: Request<Body>) -> Result<AuthorizationResponse, StatusCode> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    match head.method {
        Method::GET => {
            let query = head.uri.query().unwrap_or_default();
            if query.len() > MAX_RESPONSE {
                return Err(StatusCode::URI_TOO_LONG);
            }
            Ok(AuthorizationResponse::Query(Arrival::at(origin, target)))
        }
        // The query of a POST is left where it is: merging the two would let one part of a response come from another site.
        Method::POST => {
            let body = form(&head.headers, body).await?;
            Ok(AuthorizationResponse::FormPost(Arrival::posted(origin, target, body)))
        }
        _ => Err(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// The body of a form that was sent.
///
/// # Errors
///
/// The status to answer with, where it is none, or too long.
pub(super) async fn form(headers: &HeaderMap, body: Body) -> Result<String, StatusCode> {
    if !is_form(headers) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = axum::body::to_bytes(body, MAX_RESPONSE).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    String::from_utf8(body.to_vec()).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Whether the user agent merely looks ahead: it may throw the answer away, and a code works once.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    let purposes = ["sec-purpose", "purpose", "x-moz"].into_iter().filter_map(|name| headers.get(name));
    purposes.into_iter().any(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
}

fn is_form(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
