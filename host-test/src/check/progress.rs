//! Tells each exchange as it is made: a test takes some seconds where a provider is slow.

use std::fmt;

use async_trait::async_trait;
use journey_host::http::Method;
use journey_host::url::Url;
use journey_host::{Exchange, FetchError, HardenedClient, HttpClient, Response, Route};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One exchange: its URL without query, which holds nothing that isn't in the connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    method: Method,
    url: String,
    outcome: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4} {}  {}", self.method.as_str(), self.url, self.outcome)
    }
}

/// A client that tells what it does.
pub(super) struct Progress {
    client: HardenedClient,
    told: UnboundedSender<Told>,
}

impl Progress {
    /// Around a client.
    pub(super) fn of(client: HardenedClient) -> (Self, UnboundedReceiver<Told>) {
        let (told, receiver) = unbounded_channel();
        (Self { client, told }, receiver)
    }
}

#[async_trait]
impl HttpClient for Progress {
    fn route(&self, url: &Url) -> Route {
        self.client.route(url)
    }

    async fn exchange(&self, exchange: Exchange) -> Result<Response, FetchError> {
        let (method, url) = (exchange.method.clone(), &exchange.url);
        let url = format!("{}{}", url.origin().ascii_serialization(), url.path());
        let result = self.client.exchange(exchange).await;
        let outcome = match &result {
            Ok(response) => response.status.as_u16().to_string(),
            Err(FetchError::Denied(_)) => "denied".to_owned(),
            Err(FetchError::Unreachable(_)) => "no connection".to_owned(),
            Err(FetchError::Timeout) => "no answer in time".to_owned(),
            Err(FetchError::TooLarge) => "too much of an answer".to_owned(),
            Err(FetchError::Other(_)) => "broke off".to_owned(),
        };
        // Whoever isn't listening any more doesn't want to know.
        let _ = self.told.send(Told { method, url, outcome });
        result
    }
}
