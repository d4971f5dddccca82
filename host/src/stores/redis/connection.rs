//! A connection that all calls share, opened anew where it was lost, and never waited for longer than the timeouts say.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::sync::Mutex;

use super::super::StoreError;
use super::address::{Address, Extras, Source};
use super::timeouts::Timeouts;

/// Characters of a server's own words that an error shows.
const SHOWN: usize = 200;

pub(super) struct Connection {
    source: Source,
    /// In front of each error.
    shown: String,
    timeouts: Timeouts,
    open: Mutex<Open>,
}

/// The connection, and how many were opened before it: whoever finds one broken closes that one, and not its successor.
#[derive(Default)]
struct Open {
    connection: Option<Kind>,
    generation: u64,
}

#[derive(Clone)]
enum Kind {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) fn new(address: &Address, extras: &Extras, timeouts: Timeouts) -> Result<Self, StoreError> {
        if address.uses_tls() {
            prefer_ring();
        }
        let shown = address.shown();
        let source = address.source(extras, timeouts).map_err(|error| unavailable(&shown, &error))?;
        Ok(Self { source, shown, timeouts, open: Mutex::default() })
    }

    /// Asks once. Whether a command that isn't answered was carried out is unknown; a cluster's client may have sent it more than
    /// once.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.raw(command).await.map_err(|error| self.unavailable(&error))
    }

    /// Asks each master of a cluster, or the one server.
    pub(super) async fn ask_each_master<T: FromRedisValue>(&self, command: Cmd) -> Result<Vec<T>, StoreError> {
        let asked = async {
            let (connection, _) = self.connection().await?;
            let answers = match connection {
                Kind::One(mut connection) => vec![connection.req_packed_command(&command).await?],
                Kind::Cluster(mut connection) => {
                    let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                    match connection.route_command(command, masters).await? {
                        Value::Map(answers) => answers.into_iter().map(|(_, answer)| answer).collect(),
                        answer => vec![answer],
                    }
                }
            };
            let answers = answers.into_iter().map(|answer| {
                Value::extract_error(answer).and_then(|answer| redis::from_redis_value(answer).map_err(RedisError::from))
            });
            answers.collect::<RedisResult<Vec<T>>>()
        };
        self.in_time(asked).await.map_err(|error| self.unavailable(&error))
    }

    /// Asks, with the crate's own error.
    pub(super) async fn raw<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let value = self.value(command).await?;
        redis::from_redis_value(value).map_err(RedisError::from)
    }

    pub(super) fn unavailable(&self, error: &RedisError) -> StoreError {
        unavailable(&self.shown, error)
    }

    async fn value(&self, command: &Cmd) -> RedisResult<Value> {
        let asked = async {
            let (mut connection, generation) = self.connection().await?;
            let answer = match &mut connection {
                Kind::One(connection) => connection.req_packed_command(command).await,
                Kind::Cluster(connection) => connection.req_packed_command(command).await,
            };
            if answer.as_ref().is_err_and(is_broken) {
                self.close(generation).await;
            }
            answer.and_then(Value::extract_error)
        };
        self.in_time(asked).await
    }

    async fn in_time<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        within(self.timeouts.connect + self.timeouts.response, asked).await
    }

    async fn connection(&self) -> RedisResult<(Kind, u64)> {
        let mut open = self.open.lock().await;
        if let Some(connection) = &open.connection {
            return Ok((connection.clone(), open.generation));
        }
        let Timeouts { connect, response } = self.timeouts;
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(connect)).set_response_timeout(Some(response));
        let opening = async {
            RedisResult::Ok(match &self.source {
                Source::Server(client) => Kind::One(client.get_multiplexed_async_connection_with_config(&config).await?),
                Source::Cluster(client) => Kind::Cluster(client.get_async_connection().await?),
                Source::Sentinel(client) => Kind::One(client.lock().await.get_async_connection_with_config(&config).await?),
            })
        };
        let connection = within(connect, opening).await?;
        open.generation += 1;
        open.connection = Some(connection.clone());
        Ok((connection, open.generation))
    }

    async fn close(&self, generation: u64) {
        let mut open = self.open.lock().await;
        if open.generation == generation {
            open.connection = None;
        }
    }
}

async fn within<T>(time: Duration, asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(time, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// Whether another connection may do better: anything but a server's answer to the command. One that turned into a replica is
/// another's.
fn is_broken(error: &RedisError) -> bool {
    if is_within_script(error, "READONLY") {
        return true;
    }
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown) => true,
        ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType => false,
        _ => true,
    }
}

/// Redis 6.2 says what went wrong within a script in the words of an `ERR`; later ones have its own code.
fn is_within_script(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code) || error.detail().is_some_and(|words| words.contains(&format!("-{code} ")))
}

/// What an operator may read in a log: where, and the server's or the system's own words, which hold no argument of a command.
fn unavailable(shown: &str, error: &RedisError) -> StoreError {
    let words = match (error.code(), error.kind()) {
        _ if is_within_script(error, "OOM") => "it has no memory left (maxmemory); nothing was changed".to_owned(),
        (Some(code), _) => format!("{code} {}", error.detail().unwrap_or_default()),
        (None, ErrorKind::Io) if error.is_timeout() => "no answer in time".to_owned(),
        (None, _) => error.to_string(),
    };
    let words: String = words.chars().filter(|character| !character.is_control()).take(SHOWN).collect();
    StoreError::Unavailable(format!("{shown}: {}", words.trim_end()))
}

/// TLS is rustls with ring: without this, a process that has compiled in another provider beside it would panic where none was
/// chosen.
fn prefer_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, detail: &str) -> RedisError {
        redis::make_extension_error(code.to_owned(), Some(detail.to_owned()))
    }

    #[test]
    fn what_a_script_met_is_understood_as_each_version_says_it() {
        let of_6_2 =
            |words: &str| error("ERR", &format!("Error running script (call to f_1): @user_script:9: @user_script: 9: {words}"));
        for error in [error("READONLY", "You can't write against a read only replica."), of_6_2("-READONLY You can't write")] {
            assert!(is_broken(&error), "{error}: another server is the master now");
        }
        for error in [error("OOM", "command not allowed when used memory > 'maxmemory'."), of_6_2("-OOM command not allowed")] {
            assert!(!is_broken(&error));
            assert!(unavailable("Redis", &error).to_string().contains("no memory left"), "{error}");
        }
        assert!(!is_broken(&error("ERR", "Error running script: -WRONGTYPE Operation against a key")));
    }
}
