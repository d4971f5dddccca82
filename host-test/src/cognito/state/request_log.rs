//! What was asked of the provider, in order.

use std::sync::{Mutex, PoisonError};

use crate::cognito::endpoint::Endpoint;
use crate::cognito::wire::http::Request;

/// Every request since the start, in the order of arrival.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<Vec<Request>>);

impl RequestLog {
    /// All requests.
    #[must_use]
    pub fn all(&self) -> Vec<Request> {
        self.lock().clone()
    }

    /// The requests to one endpoint.
    #[must_use]
    pub fn to(&self, endpoint: Endpoint) -> Vec<Request> {
        self.since(0).into_iter().filter(|request| Endpoint::of(request.origin, &request.path) == endpoint).collect()
    }

    /// How many requests went to one endpoint.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.to(endpoint).len()
    }

    /// How many requests there were: the next one's sequence number, for [`Self::since`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.lock().len()
    }

    /// The requests from the mark on. Empty: nothing was called since.
    #[must_use]
    pub fn since(&self, mark: usize) -> Vec<Request> {
        self.lock().get(mark..).unwrap_or_default().to_vec()
    }

    /// The requests of a relying party itself, as opposed to those of browsers: discovery, keys, token, userInfo, revocation.
    #[must_use]
    pub fn back_channel_since(&self, mark: usize) -> Vec<Request> {
        let back_channel = [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Token, Endpoint::UserInfo, Endpoint::Revoke];
        self.since(mark)
            .into_iter()
            .filter(|request| back_channel.contains(&Endpoint::of(request.origin, &request.path)))
            .collect()
    }

    /// Numbers the request and takes it in.
    pub(in crate::cognito) fn record(&self, mut request: Request) -> Request {
        let mut requests = self.lock();
        request.sequence = requests.len();
        requests.push(request.clone());
        request
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
