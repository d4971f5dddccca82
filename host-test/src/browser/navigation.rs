//! A request that a browser is about to make.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::Full;
use url::Url;

/// A top-level request. It can be changed and handed to another browser, as a link in a message would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Navigation {
    /// The method, in capitals.
    pub method: String,
    /// Where it goes.
    pub url: Url,
    /// Headers beside those that the browser sets itself.
    pub headers: Vec<(String, String)>,
    /// The body, form-encoded; none for GET.
    pub body: Option<String>,
    /// The page that it comes from; none if the user typed the URL. It decides which cookies go along.
    pub initiator: Option<Url>,
}

impl Navigation {
    /// A GET that the user typed.
    ///
    /// # Errors
    /// The URL isn't one.
    pub fn get(url: &str) -> anyhow::Result<Self> {
        let parsed = Url::parse(url).with_context(|| format!("not a URL: {url}"))?;
        Ok(Self { method: "GET".to_owned(), url: parsed, headers: Vec::new(), body: None, initiator: None })
    }

    /// A HEAD, as link previews send it.
    ///
    /// # Errors
    /// The URL isn't one.
    pub fn head(url: &str) -> anyhow::Result<Self> {
        Ok(Self { method: "HEAD".to_owned(), ..Self::get(url)? })
    }

    /// A POST of a form with these fields.
    ///
    /// # Errors
    /// The URL isn't one.
    pub fn post(url: &str, fields: &[(&str, &str)]) -> anyhow::Result<Self> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Ok(Self { method: "POST".to_owned(), body: Some(body), ..Self::get(url)? })
    }

    /// The same navigation with a header more, such as `sec-purpose: prefetch`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same navigation, started by a page of another site.
    ///
    /// # Errors
    /// The URL isn't one.
    pub fn from_page(mut self, url: &str) -> anyhow::Result<Self> {
        self.initiator = Some(Url::parse(url).with_context(|| format!("not a URL: {url}"))?);
        Ok(self)
    }

    /// The response's parameters, whichever way they travel: the body's fields of a POST, else the query's.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        let encoded = self.body.as_deref().or(self.url.query()).unwrap_or_default();
        url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
    }

    /// One of [`Self::parameters`], the first of several.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Where a response of this status and `location` leads: none if it isn't a redirect (RFC 9110, 15.4). The page that started
    /// it all stays the initiator.
    pub(super) fn redirected(&self, status: u16, location: Option<&str>) -> anyhow::Result<Option<Self>> {
        let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location) else {
            return Ok(None);
        };
        let url = self.url.join(location).with_context(|| format!("not a location: {location}"))?;
        let (method, body) = match (status, self.method.as_str()) {
            (307 | 308, _) | (_, "GET" | "HEAD") => (self.method.clone(), self.body.clone()),
            _ => ("GET".to_owned(), None),
        };
        Ok(Some(Self { method, url, headers: self.headers.clone(), body, initiator: self.initiator.clone() }))
    }

    pub(super) fn to_request(&self, cookies: &[(String, String)]) -> anyhow::Result<http::Request<Full<Bytes>>> {
        let mut url = self.url.clone();
        url.set_fragment(None);
        let mut request = http::Request::builder().method(self.method.as_str()).uri(url.as_str());
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
            request = request.header("accept", "text/html,*/*;q=0.8");
        }
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("sec-fetch-site")) {
            request = request.header("sec-fetch-site", self.site());
        }
        if self.body.is_some() {
            let origin = self.initiator.as_ref().map_or_else(|| "null".to_owned(), |page| page.origin().ascii_serialization());
            request = request.header("content-type", "application/x-www-form-urlencoded").header("origin", origin);
        }
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(Bytes::from(self.body.clone().unwrap_or_default())))?)
    }

    /// Who wanted it (W3C Fetch Metadata 2.3): the user, a page of this site, or one of another.
    fn site(&self) -> &'static str {
        match &self.initiator {
            None => "none",
            Some(page) if page.origin() == self.url.origin() => "same-origin",
            Some(_) => "cross-site",
        }
    }

    /// The URL without its query, which may hold secrets.
    pub(super) fn place(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}
