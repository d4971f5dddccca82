//! What a journey server is told to run.

use journey_host::ClientSecret;

/// The journey that the server runs: one step, with or without a failure branch.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Whose it is.
    pub tenant: String,
    /// The step's settings: a JSON object, whose `callback_url` is [`Bound::callback_url`](super::Bound::callback_url).
    pub settings: String,
    /// The connector: a JSON object.
    pub connector: String,
    /// Which connector that is, in the operator's own terms.
    pub connector_id: String,
    /// The connector's client secret, from the vault; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// Whether the author has drawn one. A failure without one ends the journey.
    pub has_failure_branch: bool,
}
