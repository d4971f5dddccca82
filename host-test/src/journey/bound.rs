//! A server that has its addresses, which the step's settings must name before it can run.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use url::{Host, Url};

use super::connections::Bounds;
use super::editor::Editor;
use super::offer::Offer;
use super::pages::Pages;
use crate::html::ICON_PATH;

/// Paths that can't be a callback URL's.
pub(super) const OWN_PATHS: [&str; 6] = ["/start", "/journey", "/cancel", "/connection", "/step", ICON_PATH];

/// Where responses come, unless a callback URL says otherwise.
const CALLBACK_PATH: &str = "/callback";

/// A server that has its addresses: one for users, and one on loopback for its operator.
pub struct Bound {
    pub(super) listener: TcpListener,
    pub(super) operations: TcpListener,
    pub(super) base_url: String,
    pub(super) callback_path: String,
    pub(super) bounds: Bounds,
    pub(super) is_shared: bool,
    pub(super) pages: Pages,
}

impl Bound {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub async fn loopback() -> std::io::Result<Self> {
        Self::at_port(0).await
    }

    /// The same on this port; 0 for a free one.
    ///
    /// # Errors
    ///
    /// Where it is taken.
    pub async fn at_port(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        Self::of(listener, base_url, CALLBACK_PATH.to_owned()).await
    }

    /// Listens on the port of a callback URL that is settled already, and takes responses at its path. `None` where that isn't
    /// plain http to a loopback address, or a path that the server has another use for.
    ///
    /// # Errors
    ///
    /// Where the port is taken.
    pub async fn at_callback_url(callback_url: &str) -> std::io::Result<Option<Self>> {
        let Ok(url) = Url::parse(callback_url) else { return Ok(None) };
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::from(address),
            Some(Host::Ipv6(address)) => IpAddr::from(address),
            Some(Host::Domain("localhost")) => IpAddr::from(Ipv4Addr::LOCALHOST),
            _ => return Ok(None),
        };
        let (true, true, Some(port)) = (url.scheme() == "http", address.is_loopback(), url.port_or_known_default()) else {
            return Ok(None);
        };
        if OWN_PATHS.contains(&url.path()) {
            return Ok(None);
        }
        let listener = TcpListener::bind(SocketAddr::from((address, port))).await?;
        Ok(Some(Self::of(listener, url.origin().ascii_serialization(), url.path().to_owned()).await?))
    }

    async fn of(listener: TcpListener, base_url: String, callback_path: String) -> std::io::Result<Self> {
        let operations = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        Ok(Self {
            listener,
            operations,
            base_url,
            callback_path,
            bounds: Bounds::default(),
            is_shared: false,
            pages: Pages::default(),
        })
    }

    /// Keeps its sessions in the store of the journeys, so that every server over it finds them: any of a fleet may take over.
    #[must_use]
    pub fn sharing_sessions(self) -> Self {
        Self { is_shared: true, ..self }
    }

    /// Keeps with each event what the step asked of its host, at some kilobytes each, and explains on the pages how a login came
    /// about, with the whole output and error variable. For a demo: the users of a real journey see none of that.
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.pages.explain = true;
        self
    }

    /// Offers these journeys, too, on the start page.
    #[must_use]
    pub fn offering(mut self, offers: Vec<Offer>) -> Self {
        self.pages.offers = offers.into_iter().map(Arc::new).collect();
        self
    }

    /// Lets whoever opens its pages edit this step, and log in with it. For a demo.
    #[must_use]
    pub fn editing(mut self, editor: Option<Editor>) -> Self {
        self.pages.editor = editor.map(Arc::new);
        self
    }

    /// Lets users sign out at the provider, which knows this server's start page as a logout URI of each app client.
    #[must_use]
    pub fn with_sign_out(mut self) -> Self {
        self.pages.sign_out = true;
        self
    }

    /// Says on the pages that explain a login what the provider's claims about a sign-in are worth, where it is a stand-in.
    #[must_use]
    pub fn at_stand_in(mut self, worth: &'static str) -> Self {
        self.pages.stand_in = Some(worth);
        self
    }

    /// Says that user agents reach this server at another origin: by another name of its address, or through a proxy that ends
    /// TLS, `https://journey.example.com`.
    #[must_use]
    pub fn behind(mut self, base_url: &str) -> Self {
        self.base_url = base_url.trim_end_matches('/').to_owned();
        self
    }

    /// With other bounds on its connections.
    #[must_use]
    pub fn within(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// The server's origin.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where a person chooses a journey.
    pub fn start_page(&self) -> String {
        format!("{}/", self.base_url)
    }

    /// Where the identity provider sends the user agent back to.
    pub fn callback_url(&self) -> String {
        format!("{}{}", self.base_url, self.callback_path)
    }
}
