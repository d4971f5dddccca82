//! Revoking a refresh token that nobody will use (RFC 7009).

use std::time::Duration;

use super::client::Client;
use crate::host::{FetchError, Request, Response};
use crate::secret::Secret;

/// Best effort: not worth keeping a user waiting.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(3);

/// The revocation request (RFC 7009 2.1).
#[must_use]
pub fn request(endpoint: &str, client: &Client, refresh_token: &Secret) -> Request {
    client.post(endpoint, &[("token", refresh_token.expose()), ("token_type_hint", "refresh_token")], TIMEOUT)
}

/// Whether the provider said that the token is revoked (RFC 7009 2.2).
#[must_use]
pub fn judge(result: Result<Response, FetchError>) -> bool {
    result.is_ok_and(|response| response.status == 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::client::ClientAuthentication;
    use crate::testing::response;

    #[test]
    fn the_refresh_token_goes_into_the_body() {
        let client = Client::new("id", ClientAuthentication::None, None).unwrap();
        let request = request("https://idp.example.com/revoke", &client, &Secret::new("r t"));
        assert_eq!(request.body, b"token=r+t&token_type_hint=refresh_token&client_id=id");
        assert_eq!(request.timeout, Duration::from_secs(3));
    }

    #[test]
    fn only_a_200_is_a_revocation() {
        assert!(judge(Ok(response(200, "", ""))));
        assert!(!judge(Ok(response(400, "", ""))));
        assert!(!judge(Err(FetchError::Timeout)));
    }
}
