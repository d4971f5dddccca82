//! Where the database is, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::super::StoreError;

/// Where the stores are. Its `Debug` shows no password.
#[derive(Clone)]
pub struct PostgresConfig {
    pub(super) database: tokio_postgres::Config,
    pub(super) schema: Option<String>,
    pub(super) certificates: Option<Vec<u8>>,
    pub(super) connect: Duration,
    pub(super) response: Duration,
    pub(super) connections: usize,
    pub(super) journey_lifetime: Duration,
    pub(super) collect_every: Option<Duration>,
}

impl PostgresConfig {
    /// A URL (`postgresql://user:password@host:5432/database`) or keywords (`host=… dbname=…`), as `libpq` reads them. Of several
    /// hosts the one that takes writes is used.
    ///
    /// Beyond this machine it goes by TLS, and the server's name is verified, whatever `sslmode` says but `disable`, which is the
    /// one way to do without.
    ///
    /// # Errors
    ///
    /// `Refused` where it is malformed. The error doesn't show it.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let malformed = || StoreError::Refused("the URL of PostgreSQL is malformed: expected postgresql://…".to_owned());
        // Modes that the client doesn't know by name. All that isn't `disable` is verified in full.
        let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        let mut database: tokio_postgres::Config = url.parse().map_err(|_| malformed())?;
        if database.get_hosts().is_empty() {
            return Err(malformed());
        }
        let is_local = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
        };
        let is_local = database.get_hosts().iter().all(is_local) && database.get_hostaddrs().iter().all(|it| it.is_loopback());
        if database.get_ssl_mode() == SslMode::Prefer {
            // Whoever stands between could answer that there is no TLS.
            database.ssl_mode(if is_local { SslMode::Disable } else { SslMode::Require });
        }
        database.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let connect = Duration::from_secs(2);
        database.connect_timeout(connect);
        if database.get_application_name().is_none() {
            database.application_name("journey-host");
        }
        Ok(Self {
            database,
            schema: None,
            certificates: None,
            connect,
            response: Duration::from_secs(5),
            connections: 16,
            journey_lifetime: Duration::from_secs(7 * 24 * 3600),
            collect_every: Some(Duration::from_secs(60)),
        })
    }

    /// The schema that the tables lie in; what the user's `search_path` says where nothing is said.
    ///
    /// # Errors
    ///
    /// `Refused` where it isn't 1 to 63 characters of `a-z 0-9 _`, a letter first.
    pub fn with_schema(self, schema: &str) -> Result<Self, StoreError> {
        let is_name = (1..=63).contains(&schema.len())
            && schema.starts_with(|first: char| first.is_ascii_lowercase())
            && schema.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_name {
            return Err(StoreError::Refused("a schema is 1 to 63 characters of a-z 0-9 _, a letter first".to_owned()));
        }
        Ok(Self { schema: Some(schema.to_owned()), ..self })
    }

    /// Trusts these certificates alone, in PEM, in place of the system's.
    #[must_use]
    pub fn with_root_certificates(self, pem: &[u8]) -> Self {
        Self { certificates: Some(pem.to_owned()), ..self }
    }

    /// How long a server may take to let in (and twice that to get a connection at all), and how long all answers of one act: 2 s
    /// and 5 s where nothing is said.
    #[must_use]
    pub fn with_timeouts(mut self, connect: Duration, response: Duration) -> Self {
        self.database.connect_timeout(connect);
        Self { connect, response, ..self }
    }

    /// Connections that this host opens at most: 16 where nothing is said.
    #[must_use]
    pub fn with_connections(self, most: usize) -> Self {
        Self { connections: most.max(1), ..self }
    }

    /// How long a journey's variables and settlements are kept after the last change, where nobody forgets it; longer where an
    /// attempt is kept longer. 7 days where nothing is said.
    #[must_use]
    pub fn with_journey_lifetime(self, lifetime: Duration) -> Self {
        Self { journey_lifetime: lifetime, ..self }
    }

    /// How often this host looks for what has expired: each minute where nothing is said; `None`: only where it is told to
    /// ([`collect_garbage`](super::PostgresStores::collect_garbage)). One host of a fleet collects at a time.
    #[must_use]
    pub fn collecting(self, every: Option<Duration>) -> Self {
        Self { collect_every: every, ..self }
    }

    /// In front of each error: where, without user and password.
    pub(super) fn shown(&self) -> String {
        let hosts = self.database.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        format!("PostgreSQL at {}", hosts.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig").field("at", &self.shown()).field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_kept_beside_what_was_set_before() {
        let config = PostgresConfig::parse("host=127.0.0.1 user=journeys").unwrap();
        let week = Duration::from_secs(604_800);
        assert_eq!((config.journey_lifetime, config.collect_every), (week, Some(Duration::from_secs(60))));
        assert_eq!((config.connect, config.response, config.connections), (Duration::from_secs(2), Duration::from_secs(5), 16));
        let second = Duration::from_secs(1);
        let config = config.with_schema("hosts").unwrap().with_root_certificates(b"pem").with_timeouts(second, second * 3);
        let config = config.with_connections(4).with_journey_lifetime(second * 5).collecting(None);
        assert_eq!((config.schema.as_deref(), config.certificates.as_deref()), (Some("hosts"), Some(&b"pem"[..])));
        assert_eq!((config.connect, config.response, config.connections), (second, second * 3, 4));
        assert_eq!((config.journey_lifetime, config.collect_every), (second * 5, None));
    }

    #[test]
    fn beyond_this_machine_it_goes_by_tls_unless_it_is_switched_off() {
        for (url, mode) in [
            ("postgresql://db.example/x", SslMode::Require),
            ("postgresql://db.example/x?sslmode=prefer", SslMode::Require),
            ("postgresql://db.example/x?sslmode=verify-full", SslMode::Require),
            ("postgresql://localhost,db.example/x", SslMode::Require),
            ("host=localhost hostaddr=192.0.2.1", SslMode::Require),
            ("postgresql://db.example/x?sslmode=disable", SslMode::Disable),
            ("postgresql://localhost/x", SslMode::Disable),
            ("postgresql://127.0.0.1/x?sslmode=require", SslMode::Require),
            ("postgresql://%2Frun%2Fpostgresql/x", SslMode::Disable),
        ] {
            assert_eq!(PostgresConfig::parse(url).unwrap().database.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused_and_no_password_is_shown() {
        for url in ["", "s3cret", "postgresql://user:s3cret@", "postgresql://u:s3cret@h/x?sslmode=s3cret", "redis://:s3cret@h"] {
            let error = PostgresConfig::parse(url).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let config = PostgresConfig::parse("postgresql://user:s3cret@db.example/x").unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("db.example") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn a_schema_is_a_plain_name() {
        let config = || PostgresConfig::parse("postgresql://localhost/x").unwrap();
        for schema in ["", "1a", "a b", "a\"", "a;", "A", "ä", &"a".repeat(64)] {
            assert!(config().with_schema(schema).is_err(), "{schema}");
        }
        assert!(config().with_schema("a_1").is_ok());
    }
}
