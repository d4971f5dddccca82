//! A user agent for tests: follows redirects hop by hop, keeps cookies, fills in forms and runs the one script it knows, a form
//! that submits itself.
//!
//! Two origins on loopback stand for two sites. So unlike in a real browser the port is part of a cookie's site, and a navigation
//! from one port to another is cross-site.

mod cookies;
mod form;
mod navigation;
mod page;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use url::Url;

use crate::cognito::{Clock, system_clock};
use cookies::Jar;

pub use form::Form;
pub use navigation::Navigation;
pub use page::{Arrival, Hop, Page};

/// The most redirects and self-submitted forms that one navigation follows.
const HOP_LIMIT: usize = 20;
/// The longest page taken in, in bytes.
const PAGE_LIMIT: usize = 4 << 20;
/// How long one hop may take.
const HOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with its cookies, over plain HTTP. A clone is another tab of the same browser.
#[derive(Clone)]
pub struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    jar: Arc<Mutex<Jar>>,
    clock: Clock,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// A browser without cookies that goes by the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(system_clock())
    }

    /// A browser without cookies whose cookies expire by this clock.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        // No connection is kept: tests stop and start servers as they like.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Self { client, jar: Arc::default(), clock }
    }

    /// Goes to a URL as if the user had typed it, and on to where that leads.
    ///
    /// # Errors
    /// The URL isn't one, a server can't be reached, gives no answer, or redirects without end.
    pub async fn open(&self, url: &str) -> anyhow::Result<Page> {
        self.follow(Navigation::get(url)?).await
    }

    /// Like [`Self::open`], but stops before a URL that begins with `stop_prefix` is asked for.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_until(&self, url: &str, stop_prefix: &str) -> anyhow::Result<Arrival> {
        self.follow_until(Navigation::get(url)?, stop_prefix).await
    }

    /// Submits a form with these fields filled in, and goes on to where that leads.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn submit(&self, form: &Form, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        self.follow(form.filled_in(fields)).await
    }

    /// Like [`Self::submit`], but stops before a URL that begins with `stop_prefix` is asked for.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn submit_until(&self, form: &Form, fields: &[(&str, &str)], stop_prefix: &str) -> anyhow::Result<Arrival> {
        self.follow_until(form.filled_in(fields), stop_prefix).await
    }

    /// Performs a navigation, such as one that another browser stopped before, and goes on to where that leads.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn follow(&self, navigation: Navigation) -> anyhow::Result<Page> {
        match self.navigate(navigation, None).await? {
            Arrival::Page(page) => Ok(page),
            Arrival::Stopped { navigation, .. } => bail!("stopped before {} although nothing asked for it", navigation.url),
        }
    }

    /// Like [`Self::follow`], but stops before a URL that begins with `stop_prefix` is asked for.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn follow_until(&self, navigation: Navigation, stop_prefix: &str) -> anyhow::Result<Arrival> {
        self.navigate(navigation, Some(stop_prefix)).await
    }

    /// Performs a navigation's own request and nothing after it: redirects aren't followed, forms don't submit themselves.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn request(&self, navigation: Navigation) -> anyhow::Result<Page> {
        self.hop(&navigation, &mut Vec::new()).await
    }

    /// The value of a cookie that would go with a same-site request to this URL, `HttpOnly` or not.
    #[must_use]
    pub fn cookie(&self, url: &str, name: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let sent = self.jar().sent_with(&url, "GET", None, (self.clock)());
        sent.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Forgets every cookie.
    pub fn clear_cookies(&self) {
        *self.jar() = Jar::default();
    }

    async fn navigate(&self, mut navigation: Navigation, stop_prefix: Option<&str>) -> anyhow::Result<Arrival> {
        let mut hops = Vec::new();
        while hops.len() < HOP_LIMIT {
            if stop_prefix.is_some_and(|prefix| navigation.url.as_str().starts_with(prefix)) {
                return Ok(Arrival::Stopped { navigation, hops });
            }
            let page = self.hop(&navigation, &mut hops).await?;
            let next = match navigation.redirected(page.status, page.header("location"))? {
                Some(next) => Some(next),
                None if page.submits_itself() => page.form().map(|form| form.filled_in(&[])),
                None => None,
            };
            let Some(next) = next else {
                return Ok(Arrival::Page(page));
            };
            navigation = next;
        }
        bail!("more than {HOP_LIMIT} hops; the last were {:?}", hops.split_off(HOP_LIMIT - 3))
    }

    /// One request and its response.
    async fn hop(&self, navigation: &Navigation, hops: &mut Vec<Hop>) -> anyhow::Result<Page> {
        let cookies = self.jar().sent_with(&navigation.url, &navigation.method, navigation.initiator.as_ref(), (self.clock)());
        let request = navigation.to_request(&cookies)?;
        let place = || format!("{} {}", navigation.method, navigation.place());
        let exchange = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            let body = Limited::new(body, PAGE_LIMIT).collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
            anyhow::Ok((head, body))
        };
        let answer = tokio::time::timeout(HOP_TIMEOUT, exchange).await.with_context(place)?;
        let (head, body) = answer.with_context(place)?;

        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let set_cookies: Vec<String> =
            headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.clone()).collect();
        for cookie in &set_cookies {
            self.jar().set(&navigation.url, cookie, (self.clock)());
        }
        hops.push(Hop {
            method: navigation.method.clone(),
            url: navigation.url.clone(),
            status: head.status.as_u16(),
            cookies_sent: cookies.into_iter().map(|(name, _)| name).collect(),
            set_cookies,
        });
        Ok(Page { url: navigation.url.clone(), status: head.status.as_u16(), headers, body, hops: hops.clone() })
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Browser").finish_non_exhaustive()
    }
}
