//! Where a Redis is: one server, a cluster, or behind Sentinels.
//!
//! | URL | what |
//! |---|---|
//! | `redis://user:password@host:6379/0`, `rediss://…` | one server; the second by TLS |
//! | `unix:///run/redis.sock` | one server, by a Unix socket |
//! | `redis-cluster://user:password@host:6379,host:6379`, `rediss-cluster://…` | Redis Cluster, by some of its nodes |
//! | `redis-sentinel://user:password@host:26379,host:26379/service`, `rediss-sentinel://…` | the master of a service, by its Sentinels |
//!
//! TLS is verified, always: by the system's certificates, or by those that the operator names.

use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates, TlsMode};

use super::super::StoreError;
use super::timeouts::Timeouts;

/// Where to connect, parsed. Holds the password, so it has no `Debug`.
#[derive(Clone)]
pub(super) enum Address {
    Server(ConnectionInfo),
    Cluster(Vec<ConnectionInfo>),
    Sentinel { sentinels: Vec<ConnectionInfo>, service: String },
}

/// What no URL says.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub sentinel_password: Option<String>,
    /// PEM.
    pub certificates: Option<Vec<u8>>,
}

/// What can open connections.
pub(super) enum Source {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
}

impl Address {
    /// # Errors
    /// Where it is none of the table's. The error shows nothing of the URL: it may hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let malformed = || {
            let forms =
                "redis://, rediss://, unix://, redis-cluster://, rediss-cluster://, redis-sentinel:// or rediss-sentinel://";
            StoreError::Refused(format!("the URL of Redis is malformed: expected {forms}"))
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
        let (base, kind) = scheme.split_once('-').unwrap_or((scheme, ""));
        if kind.is_empty() {
            return Ok(Self::Server(info(url).ok_or_else(malformed)?));
        }
        if !["redis", "rediss"].contains(&base) {
            return Err(malformed());
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        let at = if user.is_empty() { String::new() } else { format!("{user}@") };
        let node = |host: &str| info(&format!("{base}://{at}{host}"));
        let nodes: Vec<ConnectionInfo> = hosts.split(',').map(node).collect::<Option<_>>().ok_or_else(malformed)?;
        match kind {
            "cluster" if path.is_empty() => Ok(Self::Cluster(nodes)),
            "sentinel" if !path.is_empty() && !path.contains(['/', '?', '#']) => {
                Ok(Self::Sentinel { sentinels: nodes, service: path.to_owned() })
            }
            _ => Err(malformed()),
        }
    }

    /// What a log may show: no user, no password.
    pub(super) fn shown(&self) -> String {
        let list = |nodes: &[ConnectionInfo]| nodes.iter().map(|node| node.addr().to_string()).collect::<Vec<_>>().join(", ");
        match self {
            Self::Server(info) => format!("Redis at {}", info.addr()),
            Self::Cluster(nodes) => format!("Redis Cluster at {}", list(nodes)),
            Self::Sentinel { sentinels, service } => format!("Redis service {service} of the Sentinels at {}", list(sentinels)),
        }
    }

    /// Contacts nothing.
    pub(super) fn source(&self, extras: &Extras, timeouts: Timeouts) -> redis::RedisResult<Source> {
        // Where nothing goes by TLS, the crate refuses to be told of certificates.
        let certificates = extras.certificates.as_ref().filter(|_| self.uses_tls());
        let certificates = certificates.map(|pem| TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) });
        Ok(match self {
            Self::Server(info) => Source::Server(Box::new(match certificates {
                Some(certificates) => Client::build_with_tls(info.clone(), certificates)?,
                None => Client::open(info.clone())?,
            })),
            Self::Cluster(nodes) => {
                let builder = ClusterClient::builder(nodes.iter().cloned());
                let Timeouts { connect, response } = timeouts;
                let mut builder = builder.connection_timeout(connect).response_timeout(response).tcp_settings(tcp());
                if let Some(certificates) = certificates {
                    builder = builder.certs(certificates);
                }
                Source::Cluster(Box::new(builder.build()?))
            }
            Self::Sentinel { sentinels, service } => {
                let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
                let mut builder = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?
                    .set_client_to_redis_tcp_settings(tcp())
                    .set_client_to_sentinel_tcp_settings(tcp());
                let first = sentinels.first().map(ConnectionInfo::redis_settings);
                if let Some(user) = first.and_then(|settings| settings.username()) {
                    builder = builder.set_client_to_redis_username(user);
                }
                if let Some(password) = first.and_then(|settings| settings.password()) {
                    builder = builder.set_client_to_redis_password(password);
                }
                if sentinels.iter().any(|sentinel| matches!(sentinel.addr(), ConnectionAddr::TcpTls { .. })) {
                    builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
                }
                if let Some(certificates) = certificates {
                    builder = builder
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_certificates(certificates);
                }
                if let Some(password) = &extras.sentinel_password {
                    builder = builder.set_client_to_sentinel_password(password);
                }
                Source::Sentinel(Box::new(tokio::sync::Mutex::new(builder.build()?)))
            }
        })
    }

    pub(super) fn uses_tls(&self) -> bool {
        let nodes = match self {
            Self::Server(info) => std::slice::from_ref(info),
            Self::Cluster(nodes) | Self::Sentinel { sentinels: nodes, .. } => nodes,
        };
        nodes.iter().any(|node| matches!(node.addr(), ConnectionAddr::TcpTls { .. }))
    }
}

/// A command is answered before the next one is asked for: nothing to gain from waiting for more to send.
fn tcp() -> redis::io::tcp::TcpSettings {
    redis::io::tcp::TcpSettings::default().set_nodelay(true)
}

/// A server by one of the crate's own URLs. One that switches verification off is none.
fn info(url: &str) -> Option<ConnectionInfo> {
    let info = url.into_connection_info().ok()?;
    let is_insecure = matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. });
    (!is_insecure).then(|| info.set_tcp_settings(tcp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Result<String, StoreError> {
        Address::parse(url).map(|address| address.shown())
    }

    #[test]
    fn each_form_of_the_table_is_read_and_shown_without_its_password() {
        for (url, expected) in [
            ("redis://user:s3cret@db.example:6380/2", "Redis at db.example:6380"),
            ("rediss://:s3cret@db.example", "Redis at db.example:6379"),
            ("unix:///run/redis.sock", "Redis at /run/redis.sock"),
            ("redis-cluster://:s3cret@a:1,b:2,[::1]:3", "Redis Cluster at a:1, b:2, ::1:3"),
            ("rediss-sentinel://user:s3cret@a:26379,b:26379/main", "Redis service main of the Sentinels at a:26379, b:26379"),
        ] {
            assert_eq!(shown(url).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_shown() {
        for url in [
            "",
            "s3cret",
            "http://:s3cret@a",
            "redis://:s3cret@",
            "rediss://:s3cret@a/#insecure",
            "unix-cluster://s3cret",
            "redis-other://:s3cret@a",
            "redis-cluster://:s3cret@a:1,",
            "redis-cluster://:s3cret@a:1/2",
            "redis-sentinel://:s3cret@a:1",
            "redis-sentinel://:s3cret@a:1/main/2",
            "rediss-cluster://:s3cret@a:1,b:x",
        ] {
            let error = shown(url).unwrap_err();
            assert!(matches!(&error, StoreError::Refused(why) if !why.contains("s3cret")), "{url}: {error}");
        }
    }

    #[test]
    fn each_node_has_the_credentials_and_the_encryption_of_the_url() {
        let Ok(Address::Cluster(nodes)) = Address::parse("rediss-cluster://user:s3cret@a:1,b:2") else { unreachable!() };
        for node in &nodes {
            assert_eq!(node.redis_settings().password(), Some("s3cret"));
            assert_eq!(node.redis_settings().username(), Some("user"));
            assert!(matches!(node.addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
        }
        assert_eq!(nodes.len(), 2);
    }
}
