//! What the operator says, in the environment. It is his word: no request changes any of it.

/// Everything that the front runs with.
pub(crate) struct Configuration {
    /// Scheme, host and port as browsers see them, without a slash at the end.
    pub(crate) origin: String,
    pub(crate) settings: String,
    pub(crate) connector: String,
    pub(crate) client_secret: Option<String>,
    /// Origins that the operator permits besides those that the step describes, and among them those of plain `http` on loopback.
    permitted: Vec<String>,
}

impl Configuration {
    /// # Errors
    ///
    /// Which variable is wrong. Never its value.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let required = |name: &str| variable(name).filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} isn't set"));
        let origin = required("JOURNEY_ORIGIN")?;
        let host = origin.split_once("://").map_or("", |(_, host)| host);
        // Loopback is a browser's secure context too, and a test has no certificate.
        let is_fit = origin.starts_with("https://") || is_loopback(&origin);
        if !is_fit || host.is_empty() || host.contains(['/', '?', '#', '@']) {
            return Err("JOURNEY_ORIGIN isn't an origin with https, or with http on a loopback address".into());
        }
        let permitted = variable("JOURNEY_PERMITTED").unwrap_or_default();
        Ok(Self {
            origin,
            settings: required("JOURNEY_SETTINGS")?,
            connector: required("JOURNEY_CONNECTOR")?,
            client_secret: variable("JOURNEY_CLIENT_SECRET").filter(|secret| !secret.is_empty()),
            permitted: permitted.split_whitespace().map(str::to_owned).collect(),
        })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    pub(crate) fn callback_url(&self) -> String {
        format!("{}/callback", self.origin)
    }

    /// The origins that a call may contact, of those that the step described: all with `https`, and with `http` those that the
    /// operator names.
    pub(crate) fn origins(&self, described: Vec<String>) -> Vec<String> {
        let is_named = |origin: &String| self.permitted.contains(origin);
        let described = described.into_iter().filter(|origin| origin.starts_with("https://") || is_named(origin));
        described.chain(self.permitted.iter().cloned()).collect()
    }
}

fn is_loopback(origin: &str) -> bool {
    let Some(rest) = origin.strip_prefix("http://") else { return false };
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(origin: &str, permitted: &str) -> Result<Configuration, String> {
        Configuration::read(|name| {
            let value = match name {
                "JOURNEY_ORIGIN" => origin,
                "JOURNEY_PERMITTED" => permitted,
                "JOURNEY_SETTINGS" | "JOURNEY_CONNECTOR" => "{}",
                _ => "",
            };
            Some(value.to_owned())
        })
    }

    #[test]
    fn the_public_origin_is_https_or_loopback() {
        for origin in ["https://login.example", "https://login.example:8443", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert_eq!(read(origin, "").unwrap().callback_url(), format!("{origin}/callback"));
        }
        for origin in [
            "",
            "http://login.example",
            "http://localhost:80",
            "https://",
            "https://a.example/",
            "https://u@a.example",
            "a.example",
        ] {
            assert!(read(origin, "").is_err(), "{origin}");
        }
    }

    #[test]
    fn plain_http_needs_the_operators_word() {
        let described = || ["https://a.example", "http://127.0.0.1:1"].map(str::to_owned).to_vec();
        assert_eq!(read("https://b.example", "").unwrap().origins(described()), ["https://a.example"]);
        let permitted = "http://127.0.0.1:1 https://c.example";
        let origins = read("https://b.example", permitted).unwrap().origins(described());
        assert_eq!(origins, ["https://a.example", "http://127.0.0.1:1", "http://127.0.0.1:1", "https://c.example"]);
    }
}
