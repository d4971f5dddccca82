//! Connections: lent for one act, given back only where they are well, and never waited for longer than the timeouts say.

use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::super::StoreError;
use super::config::PostgresConfig;
use super::tls::Tls;

/// Characters of a server's own words that an error shows.
const SHOWN: usize = 200;

pub(super) struct Connections {
    pool: Pool,
    /// In front of each error.
    shown: String,
    connect: Duration,
    response: Duration,
}

/// A connection, for one act. Dropped without being given back, as where the act was given up, it is closed: nobody knows what it
/// still does.
pub(super) struct Lent(Option<Object>);

/// Why an act failed.
pub(super) enum Failed {
    Postgres(Error),
    Late,
    /// By this store itself.
    Store(StoreError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

impl Connections {
    /// Opens none yet.
    pub(super) fn new(config: &PostgresConfig) -> Result<Self, StoreError> {
        let tls = Tls::new(config.certificates.as_deref())?;
        let manager =
            Manager::from_config(config.database.clone(), tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        // A host that hangs must not hold a lock for ever. A session whose commits aren't written is set right.
        let timeout = config.response.as_millis();
        let mut setup = format!(
            "SET statement_timeout = {timeout}; SET lock_timeout = {timeout}; SET idle_in_transaction_session_timeout = {timeout}; \
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        );
        if let Some(schema) = &config.schema {
            setup = format!("SET search_path = {schema}; {setup}");
        }
        let set_up = Hook::async_fn(move |client: &mut ClientWrapper, _| {
            let setup = setup.clone();
            Box::pin(async move { client.batch_execute(&setup).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager).max_size(config.connections).runtime(Runtime::Tokio1).post_create(set_up).build();
        let shown = config.shown();
        let pool = pool.map_err(|error| StoreError::Unavailable(format!("{shown}: {error}")))?;
        Ok(Self { pool, shown, connect: config.connect, response: config.response })
    }

    /// Waits for one of the others to be given back, or for one more to be opened and set up: twice as long as to connect, at
    /// most.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        match tokio::time::timeout(self.connect * 2, self.pool.get()).await {
            Ok(Ok(client)) => Ok(Lent(Some(client))),
            Ok(Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)))) => Err(self.error(&error)),
            Ok(Err(_)) => Err(self.unavailable("no connection")),
            Err(_) => Err(self.unavailable("no connection in time")),
        }
    }

    /// Runs an act on it, in time, and gives it back where it is well.
    pub(super) async fn run<T>(&self, act: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
        tokio::time::timeout(self.response, act).await.unwrap_or(Err(Failed::Late))
    }

    /// The act's answer.
    pub(super) fn conclude<T>(&self, lent: Lent, answer: Result<T, Failed>) -> Result<T, StoreError> {
        let is_well = match &answer {
            Ok(_) | Err(Failed::Store(_)) => true,
            Err(Failed::Postgres(error)) => error.code().is_some_and(|code| !is_broken(code)),
            Err(Failed::Late) => false,
        };
        if is_well {
            lent.give_back();
        }
        answer.map_err(|failed| match failed {
            Failed::Postgres(error) => self.error(&error),
            Failed::Late => self.unavailable("no answer in time"),
            Failed::Store(error) => error,
        })
    }

    fn unavailable(&self, words: &str) -> StoreError {
        StoreError::Unavailable(format!("{}: {words}", self.shown))
    }

    /// What an operator may read in a log: the server's message and code, without its detail, which holds values.
    fn error(&self, error: &Error) -> StoreError {
        let Some(database) = error.as_db_error() else {
            let words: String = error.to_string().chars().take(SHOWN).collect();
            return self.unavailable(&words);
        };
        let code = database.code();
        let message: String = database.message().chars().filter(|character| !character.is_control()).take(SHOWN).collect();
        let words = match *code == SqlState::UNDEFINED_TABLE {
            true => format!("{message}: expected the tables of schema.sql"),
            false => message,
        };
        match code.code().get(..2) {
            // It takes no such text or number (class 22), or is beyond a limit of its own (54). The transaction was rolled back.
            Some("22" | "54") => StoreError::Refused(format!("{words} ({})", code.code())),
            _ => self.unavailable(&format!("{words} ({})", code.code())),
        }
    }
}

/// Whether another connection may do better: the server is going down, or it turned into a replica.
fn is_broken(code: &SqlState) -> bool {
    *code == SqlState::READ_ONLY_SQL_TRANSACTION || ["08", "57", "58", "XX"].iter().any(|class| code.code().starts_with(class))
}

impl Lent {
    pub(super) fn client(&mut self) -> Result<&mut ClientWrapper, Failed> {
        let gone = || Failed::Store(StoreError::Unavailable("the connection was given back".to_owned()));
        self.0.as_deref_mut().ok_or_else(gone)
    }

    fn give_back(mut self) {
        self.0.take();
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_given_up_where_its_server_is_of_no_more_use() {
        for (code, broken) in [
            ("25006", true),
            ("08006", true),
            ("57P01", true),
            ("58030", true),
            ("XX000", true),
            ("22021", false),
            ("54000", false),
            ("40001", false),
            ("25P02", false),
        ] {
            assert_eq!(is_broken(&SqlState::from_code(code)), broken, "{code}");
        }
    }
}
