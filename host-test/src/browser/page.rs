//! What a browser has arrived at.

use std::fmt;

use anyhow::Context as _;
use bytes::Bytes;
use serde_json::Value;
use url::Url;

use super::form::{self, Form};
use super::navigation::Navigation;

/// One request of a navigation and what came of it.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The method, in capitals.
    pub method: String,
    /// The URL asked for.
    pub url: Url,
    /// The status of the response.
    pub status: u16,
    /// The names of the cookies that went along.
    pub cookies_sent: Vec<String>,
    /// The `Set-Cookie` headers of the response.
    pub set_cookies: Vec<String>,
}

/// Where a navigation ended.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// At a page.
    Page(Page),
    /// Before a URL that it was told to stop at.
    Stopped {
        /// The request that wasn't made.
        navigation: Navigation,
        /// The requests that were.
        hops: Vec<Hop>,
    },
}

impl Arrival {
    /// The page.
    ///
    /// # Errors
    /// The browser stopped before.
    pub fn page(self) -> anyhow::Result<Page> {
        match self {
            Self::Page(page) => Ok(page),
            Self::Stopped { navigation, .. } => {
                anyhow::bail!("stopped before {}", navigation.place())
            }
        }
    }

    /// The request that wasn't made.
    ///
    /// # Errors
    /// The browser came to a page instead.
    pub fn stopped(self) -> anyhow::Result<Navigation> {
        match self {
            Self::Stopped { navigation, .. } => Ok(navigation),
            Self::Page(page) => anyhow::bail!("came to {page:?}"),
        }
    }
}

/// A page.
#[derive(Clone)]
pub struct Page {
    /// Its URL, after all redirects.
    pub url: Url,
    /// The status it came with.
    pub status: u16,
    /// Its headers: names in lower case, values as text.
    pub headers: Vec<(String, String)>,
    /// Its bytes.
    pub body: Bytes,
    /// The way here, this page last.
    pub hops: Vec<Hop>,
}

impl Page {
    /// The value of a header, whose name is given in lower case; the first of several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It isn't JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{self:?} is not JSON"))
    }

    /// The page's first form.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        self.forms().into_iter().next()
    }

    /// The page's forms; none unless it's HTML.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        let html = self.header("content-type").is_some_and(|value| value.starts_with("text/html"));
        if html { form::read(&self.text(), &self.url) } else { Vec::new() }
    }

    /// Whether a script on the page submits its form: that it calls `submit()` is taken as proof.
    pub(super) fn submits_itself(&self) -> bool {
        !self.forms().is_empty() && self.text().contains(".submit()")
    }
}

/// Names status and place, without the query and the body, which may hold secrets.
impl fmt::Debug for Page {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.header("content-type").unwrap_or("no content type");
        write!(
            formatter,
            "{} at {}{} ({kind}, {} bytes)",
            self.status,
            self.url.origin().ascii_serialization(),
            self.url.path(),
            self.body.len()
        )
    }
}
