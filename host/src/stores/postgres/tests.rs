//! What is of PostgreSQL alone, on a real server; `conformance` runs what any store must do.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::ToSql;

use super::super::conformance::{Network, Relay};
use super::super::testing::{PostgresServer, postgres_url, unique_name};
use super::super::tests::{change, settlement, visit};
use super::super::{Applied, Attempts, CacheScope, Effect, Entry, Journeys, StoreError, Stores, TenantCache};
use super::entries::LEAVE;
use super::garbage::COLLECT;
use super::journeys::FORGET;
use super::pool::Failed;
use super::{MAX_VALUE, PostgresConfig, PostgresStores};
use crate::table::testing::AMONG;
use crate::visit::Visit;

async fn stores() -> PostgresStores {
    at(&postgres_url().unwrap()).await
}

/// A schema of its own on this server.
async fn at(url: &str) -> PostgresStores {
    connect(&config(url).await).await
}

async fn connect(config: &PostgresConfig) -> PostgresStores {
    PostgresStores::migrate(config).await.unwrap();
    PostgresStores::connect(config).await.unwrap()
}

async fn config(url: &str) -> PostgresConfig {
    let config = PostgresConfig::parse(url).unwrap().collecting(None);
    let config = config.with_timeouts(Duration::from_secs(10), Duration::from_secs(10));
    let schema = unique_name();
    let outside = super::Connections::new(&config).unwrap();
    run(&outside, &format!("CREATE SCHEMA {schema}")).await;
    config.with_schema(&schema).unwrap()
}

/// Runs SQL, and returns the first column of its last row, as text.
async fn run(connections: &super::Connections, sql: &str) -> Option<String> {
    let mut lent = connections.lend().await.unwrap();
    let answer = async {
        let messages = lent.client()?.simple_query(sql).await?;
        Ok::<_, Failed>(messages.iter().rev().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    };
    let answer = answer.await;
    connections.conclude(lent, answer).unwrap()
}

impl PostgresStores {
    async fn sql(&self, sql: &str) -> Option<String> {
        run(&self.connections, sql).await
    }
}

#[tokio::test]
async fn the_tables_can_be_made_by_several_hosts_at_once_and_again() {
    let config = config(&postgres_url().unwrap()).await;
    let missing = PostgresStores::connect(&config).await.err().expect("no tables").to_string();
    assert!(missing.contains("schema.sql"), "{missing}");
    let made = [0; 4].map(|_| {
        let config = config.clone();
        tokio::spawn(async move { PostgresStores::migrate(&config).await })
    });
    for made in made {
        assert_eq!(made.await.unwrap(), Ok(()));
    }
    let stores = PostgresStores::connect(&config).await.unwrap();
    assert!(stores.server().starts_with("PostgreSQL 1"), "{}", stores.server());
    assert_eq!(stores.sql("SELECT count(*) FROM journey_schema").await.as_deref(), Some("1"));
    stores.sql("UPDATE journey_schema SET version = 2").await;
    let later = PostgresStores::connect(&config).await.err().expect("tables of a later version");
    assert!(matches!(later, StoreError::Refused(_)), "{later}");
}

/// Tried: without its lock, a `begin` that clears the variables and a settlement both succeed, and the journey is settled without
/// output.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_settlement_and_a_begin_that_clears_the_variables_neither_half_is_lost() {
    let stores = Arc::new(stores().await);
    for number in 0..100 {
        let own = Visit::first("tenant", &format!("journey {number}"), "step");
        let settle = change(1, Effect::Settle(settlement()), &[("out", Some("1")), ("error", Some("2"))]);
        let clear = change(2, Effect::Wait { expires_in: 60 }, &[("error", None), ("out", None)]);
        let both = [settle, clear].map(|change| {
            let (stores, own) = (Arc::clone(&stores), own.clone());
            tokio::spawn(async move { stores.apply(&own, &change).await.unwrap() })
        });
        let [settled, cleared] = both;
        assert_eq!(settled.await.unwrap(), Applied::Yes);
        let cleared = cleared.await.unwrap();
        assert!(matches!(cleared, Applied::Yes | Applied::Settled));
        for (name, value) in [("out", "1"), ("error", "2")] {
            let kept = stores.variable("tenant", &own.journey, name).await.unwrap();
            assert_eq!(kept.as_deref(), Some(value), "{cleared:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_commit_is_repeated_by_the_changes_id() {
    let server = PostgresServer::start().unwrap();
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let url = format!("postgresql://postgres@{}/postgres", relay.address());
    let stores = at(&url).await;
    let settle = change(1, Effect::Settle(settlement()), &[("out", Some("1"))]);
    let other = change(2, Effect::Settle(settlement()), &[("out", Some("2"))]);
    let mut was_committed = Vec::new();
    // One answer of the transaction after the other, until there are no more to lose.
    for after in 0.. {
        let own = Visit::first("tenant", &after.to_string(), "step");
        // From here on, the connection has each statement prepared.
        stores.apply(&Visit::first("tenant", &format!("before {after}"), "step"), &settle).await.unwrap();
        relay.set(Network::LosesAnswer { after });
        let answer = stores.apply(&own, &settle).await;
        relay.set(Network::Sound);
        if answer == Ok(Applied::Yes) {
            break;
        }
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        was_committed.push(stores.settlement(&own).await == Ok(Some(settlement())));
        assert_eq!(stores.apply(&own, &settle).await, Ok(Applied::Yes));
        assert_eq!(stores.apply(&own, &other).await, Ok(Applied::Settled));
        assert_eq!(stores.variable("tenant", &own.journey, "out").await.unwrap().as_deref(), Some("1"));
    }
    assert!(matches!(was_committed[..], [false, .., true]), "the last answer is that to COMMIT: {was_committed:?}");
}

#[tokio::test]
async fn a_lost_answer_of_any_act_is_an_error_and_the_next_one_is_answered() {
    let server = PostgresServer::start().unwrap();
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let stores = at(&format!("postgresql://postgres@{}/postgres", relay.address())).await;
    let is_lost = |error: Option<StoreError>| assert!(matches!(&error, Some(StoreError::Unavailable(_))), "{error:?}");
    for network in [Network::LosesAnswer { after: 0 }, Network::Cut] {
        relay.set(network);
        is_lost(Attempts::get(&stores, &visit(), "key").await.err());
        relay.set(network);
        is_lost(Attempts::put(&stores, &visit(), "key", "value", 60).await.err());
        relay.set(network);
        is_lost(Attempts::replace(&stores, &visit(), "key", "revision", "value", 60).await.err());
        relay.set(network);
        is_lost(stores.settlement(&visit()).await.err());
        relay.set(network);
        is_lost(stores.apply(&visit(), &change(1, Effect::Wait { expires_in: 60 }, &[])).await.err());
        relay.set(Network::Sound);
        Attempts::put(&stores, &visit(), "key", "value", 60).await.unwrap();
        assert_eq!(Attempts::get(&stores, &visit(), "key").await.unwrap().expect("an entry").value, "value");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_an_error_in_time_and_found_again() {
    let server = PostgresServer::start().unwrap();
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let config = config(&format!("postgresql://postgres@{}/postgres", relay.address())).await;
    let stores = connect(&config.with_timeouts(Duration::from_millis(500), Duration::from_millis(500))).await;
    relay.set(Network::Silent);
    // On a connection that was open, and then on one that can't be opened.
    for _ in 0..2 {
        let late = Attempts::get(&stores, &visit(), "key").await;
        assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    }
    relay.set(Network::Sound);
    assert_eq!(Attempts::get(&stores, &visit(), "key").await, Ok(None));
}

#[tokio::test]
async fn a_restart_loses_nothing_and_the_host_comes_back_by_itself() {
    let mut server = PostgresServer::start().unwrap();
    let stores = at(&server.url()).await;
    Attempts::put(&stores, &visit(), "key", "value", 3600).await.unwrap();
    stores.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("1"))])).await.unwrap();
    for kill in [false, true] {
        if kill {
            server.kill()
        } else {
            server.stop()
        }
        let gone = stores.settlement(&visit()).await;
        assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
        server.run().unwrap();
        assert_eq!(stores.settlement(&visit()).await, Ok(Some(settlement())));
        assert_eq!(Attempts::get(&stores, &visit(), "key").await.unwrap().expect("an entry").value, "value");
        assert_eq!(stores.variable("tenant", "journey", "out").await.unwrap().as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn garbage_is_what_expired_and_never_a_settlement_that_an_attempt_may_meet() {
    let stores = stores().await;
    let count = async |table: &str| stores.sql(&format!("SELECT count(*) FROM {table}")).await.unwrap();
    Attempts::put(&stores, &visit(), "key", "value", 60).await.unwrap();
    TenantCache::put(&stores, &CacheScope::new("component", "tenant"), "key", "value", 0).await.unwrap();
    stores.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("1"))])).await.unwrap();
    assert_eq!(stores.collect_garbage().await, Ok(1), "the cache's");
    stores.sql("UPDATE journey_state SET expires_at = now() - interval '1 day'").await;
    assert_eq!(stores.collect_garbage().await, Ok(0));
    stores.sql("UPDATE journey_attempt SET expires_at = now() - interval '59 minutes'").await;
    assert_eq!(Attempts::get(&stores, &visit(), "key").await, Ok(None), "it has expired");
    assert_eq!(stores.collect_garbage().await, Ok(0), "an outcome may be on its way");
    assert_eq!(stores.settlement(&visit()).await, Ok(Some(settlement())));
    stores.sql("UPDATE journey_attempt SET expires_at = now() - interval '61 minutes'").await;
    // Each batch looks anew: the attempt first, its journey with it.
    assert_eq!(stores.collect_garbage().await, Ok(2));
    for table in ["journey_attempt", "journey_state", "journey_visit", "journey_variable", "journey_cache"] {
        assert_eq!(count(table).await, "0", "{table}");
    }
}

#[tokio::test]
async fn garbage_is_collected_in_batches_by_one_host_at_a_time() {
    let stores = stores().await;
    stores
        .sql(
            "INSERT INTO journey_attempt SELECT 't', 'j', 's', number, 'key', 'revision', '', now() - interval '1 day' \
             FROM generate_series(1, 2500) AS number",
        )
        .await;
    let mut other = stores.connections.lend().await.unwrap();
    let client = other.client().ok().unwrap();
    let transaction = client.transaction().await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock(hashtext('journey-host: garbage'), hashtext(current_schema()))";
    transaction.batch_execute(lock).await.unwrap();
    assert_eq!(stores.collect_garbage().await, Ok(0), "another host is at it");
    transaction.rollback().await.unwrap();
    assert_eq!(stores.collect_garbage().await, Ok(2500));
}

/// Beside journeys 5 and 6, which are over, are so many others, each with a visit, a variable, an attempt and a cache; journey 6
/// has no attempt. How many rows a statement removes, and how many it reads of all tables, through an index or without.
async fn rows_among(others: u32, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> (u64, i64) {
    let stores = stores().await;
    let fill = "INSERT INTO journey_state SELECT 'tenant', journey, due FROM kept; \
                INSERT INTO journey_visit SELECT 'tenant', journey, 'step', 1 FROM kept; \
                INSERT INTO journey_variable SELECT 'tenant', journey, 'out', '1' FROM kept; \
                INSERT INTO journey_attempt SELECT 'tenant', journey, 'step', 1, 'key', 'revision', '', due FROM kept WHERE journey <> '6'; \
                INSERT INTO journey_cache SELECT 'component', journey, 'key', '', due FROM kept";
    let kept = format!(
        "CREATE TEMPORARY TABLE kept AS SELECT number::text AS journey, \
         now() + CASE WHEN number IN (5, 6) THEN interval '-1 day' ELSE interval '1 day' END AS due FROM generate_series(0, {others}) AS number"
    );
    let tables = "journey_state, journey_visit, journey_variable, journey_attempt, journey_cache";
    stores.sql(&format!("{kept}; {fill}; DROP TABLE kept; ANALYZE {tables}")).await;
    let mut lent = stores.connections.lend().await.unwrap();
    let transaction = lent.client().ok().unwrap().transaction().await.unwrap();
    let read = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables \
                WHERE schemaname = current_schema()";
    // Of what this connection did before, some is counted too.
    let before: i64 = transaction.query_one(read, &[]).await.unwrap().get(0);
    let removed = transaction.execute(statement, parameters).await.unwrap();
    let after: i64 = transaction.query_one(read, &[]).await.unwrap().get(0);
    (removed, after - before)
}

/// Of so few rows, PostgreSQL rather reads all than looks into an index.
#[tokio::test]
async fn what_goes_is_found_through_an_index_however_much_is_kept_beside_it() {
    let forget: [&(dyn ToSql + Sync); 2] = [&"tenant", &"5"];
    let leave: [&(dyn ToSql + Sync); 4] = [&"tenant", &"5", &"step", &1_i64];
    let collect: [&(dyn ToSql + Sync); 1] = [&1000_i64];
    let gone = [(FORGET, &forget[..], 1), (LEAVE, &leave, 1)];
    let over = COLLECT.into_iter().zip([1, 2, 1]).map(|(statement, rows)| (statement, &collect[..], rows));
    for (statement, parameters, rows) in gone.into_iter().chain(over) {
        let [(of_few, few), (of_many, many)] =
            [rows_among(AMONG[0], statement, parameters).await, rows_among(AMONG[1], statement, parameters).await];
        assert_eq!((of_few, of_many), (rows, rows), "{statement}");
        assert!((1..=few).contains(&many), "{statement}: {many} rows read among 10,000 others, {few} among 10");
    }
}

#[tokio::test]
async fn garbage_is_collected_without_being_told_to() {
    let config = config(&postgres_url().unwrap()).await.collecting(Some(Duration::from_millis(20)));
    let stores = connect(&config).await;
    TenantCache::put(&stores, &CacheScope::new("component", "tenant"), "key", "value", 0).await.unwrap();
    for _ in 0..1000 {
        if stores.sql("SELECT count(*) FROM journey_cache").await.as_deref() == Some("0") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("nobody collects");
}

#[tokio::test]
async fn a_wait_keeps_its_journey_as_long_as_its_attempt() {
    let stores = stores().await;
    let month = 30 * 24 * 3600;
    stores.apply(&visit(), &change(1, Effect::Wait { expires_in: month }, &[])).await.unwrap();
    let kept = "SELECT expires_at > clock_timestamp() + interval '30 days 59 minutes' FROM journey_state";
    assert_eq!(stores.sql(kept).await.as_deref(), Some("t"));
}

#[tokio::test]
async fn what_is_too_long_or_no_text_is_refused() {
    let stores = stores().await;
    let (fits, long) = ("x".repeat(MAX_VALUE), "x".repeat(MAX_VALUE + 1));
    Attempts::put(&stores, &visit(), "key", &fits, 60).await.unwrap();
    let Entry { value, revision } = Attempts::get(&stores, &visit(), "key").await.unwrap().expect("an entry");
    assert_eq!(value, fits);
    assert_eq!(Attempts::put(&stores, &visit(), "key", &long, 60).await, Err(StoreError::TooLarge));
    assert_eq!(Attempts::replace(&stores, &visit(), "key", &revision, &long, 60).await, Err(StoreError::TooLarge));
    assert_eq!(TenantCache::put(&stores, &CacheScope::new("c", "t"), "key", &long, 60).await, Err(StoreError::TooLarge));
    let wait = Effect::Wait { expires_in: 60 };
    assert_eq!(stores.apply(&visit(), &change(1, wait.clone(), &[("out", Some(&long))])).await, Err(StoreError::TooLarge));

    let is_refused = |error: Option<StoreError>| assert!(matches!(&error, Some(StoreError::Refused(_))), "{error:?}");
    for name in ["x".repeat(513), "\u{0}".to_owned()] {
        let odd = Visit::first("tenant", &name, "step");
        is_refused(Attempts::get(&stores, &odd, "key").await.err());
        is_refused(Attempts::put(&stores, &odd, "key", "value", 60).await.err());
        is_refused(stores.settlement(&odd).await.err());
        is_refused(stores.apply(&odd, &change(1, wait.clone(), &[])).await.err());
        is_refused(stores.apply(&visit(), &change(1, wait.clone(), &[("a", Some("1")), (&name, Some("1"))])).await.err());
    }
    assert_eq!(stores.variable("tenant", "journey", "a").await, Ok(None), "nothing of a refused change");
    // The longest of all names fit together.
    let name = "ü".repeat(256);
    let longest = Visit::first(&name, &name, &name);
    Attempts::put(&stores, &longest, &name, "\u{0}", 60).await.unwrap();
    assert_eq!(Attempts::get(&stores, &longest, &name).await.unwrap().expect("an entry").value, "\u{0}");
    stores.apply(&longest, &change(1, wait, &[(&name, Some("1"))])).await.unwrap();
}

#[tokio::test]
async fn who_can_not_be_reached_or_does_not_let_in_is_named_without_its_password() {
    let port = super::super::testing::free_port().unwrap();
    for sslmode in ["disable", "require"] {
        let url = format!("postgresql://user:s3cret@127.0.0.1:{port}/x?sslmode={sslmode}");
        let error = PostgresStores::connect(&PostgresConfig::parse(&url).unwrap()).await.err().expect("nobody is there");
        assert!(error.to_string().contains("127.0.0.1") && !error.to_string().contains("s3cret"), "{error}");
    }
    let server = PostgresServer::start().unwrap();
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let url = format!("postgresql://nobody:s3cret@{}/postgres", relay.address());
    let error = PostgresStores::connect(&PostgresConfig::parse(&url).unwrap()).await.err().expect("no such user");
    assert!(error.to_string().contains("nobody") && !error.to_string().contains("s3cret"), "{error}");
}

/// PostgreSQL's own way to lose what it has said is kept.
#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledged_is_warned_of_or_set_right() {
    let server = PostgresServer::start_with(&["-c", "fsync=off", "-c", "synchronous_commit=off"]).unwrap();
    let stores = at(&server.url()).await;
    assert_eq!(stores.warnings().iter().map(|warning| warning.code).collect::<Vec<_>>(), ["not_persistent"]);
    assert!(stores.warnings()[0].message.contains("fsync"));
    assert_eq!(stores.sql("SHOW synchronous_commit").await.as_deref(), Some("on"));
    let well = PostgresServer::start_with(&["-c", "synchronous_commit=remote_apply"]).unwrap();
    let stores = at(&well.url()).await;
    assert_eq!(stores.warnings(), []);
    assert_eq!(stores.sql("SHOW synchronous_commit").await.as_deref(), Some("remote_apply"), "stronger than asked for");
}

#[tokio::test]
async fn another_encoding_is_refused() {
    let server = PostgresServer::start().unwrap();
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0").unwrap();
    let config = PostgresConfig::parse(&format!("{}/latin", server.url().strip_suffix("/postgres").unwrap())).unwrap();
    PostgresStores::migrate(&config).await.unwrap();
    let refused = PostgresStores::connect(&config).await.err().expect("another encoding");
    assert!(matches!(&refused, StoreError::Refused(why) if why.contains("LATIN1")), "{refused}");
}

#[tokio::test]
async fn tls_is_verified_by_name_and_issuer() {
    let made = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let (own, other) = (made("127.0.0.1"), made("127.0.0.1"));
    let server = PostgresServer::start_with_tls(&own.cert.pem(), &own.signing_key.serialize_pem()).unwrap();
    let config = |pem: &str| {
        let url = format!("postgresql://postgres@127.0.0.1:{}/postgres?sslmode=verify-full", server.port());
        PostgresConfig::parse(&url).unwrap().with_root_certificates(pem.as_bytes())
    };
    PostgresStores::migrate(&config(&own.cert.pem())).await.unwrap();
    let stores = PostgresStores::connect(&config(&own.cert.pem())).await.unwrap();
    assert_eq!(stores.sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await.as_deref(), Some("t"));
    let untrusted = PostgresStores::connect(&config(&other.cert.pem())).await.err().expect("another issuer");
    assert!(matches!(untrusted, StoreError::Unavailable(_)), "{untrusted}");
    for pem in ["", "no certificate"] {
        assert!(matches!(PostgresStores::connect(&config(pem)).await, Err(StoreError::Refused(_))));
    }
    let elsewhere = made("elsewhere.example");
    let server = PostgresServer::start_with_tls(&elsewhere.cert.pem(), &elsewhere.signing_key.serialize_pem()).unwrap();
    let url = format!("postgresql://postgres@127.0.0.1:{}/postgres?sslmode=require", server.port());
    let config = PostgresConfig::parse(&url).unwrap().with_root_certificates(elsewhere.cert.pem().as_bytes());
    assert!(PostgresStores::connect(&config).await.is_err(), "another name, and `require` verifies it all the same");
}

#[tokio::test]
async fn the_database_holds_no_word_of_what_is_sealed() {
    let raw = Arc::new(stores().await);
    let keyring = crate::stores::keyring::Keyring::parse(&format!("{}=", "A".repeat(43))).unwrap();
    let sealed = Stores::of(Arc::clone(&raw)).sealed(keyring);
    sealed.attempts.put(&visit(), "key", "a secret of the attempt", 60).await.unwrap();
    sealed.cache.put(&CacheScope::new("component", "tenant"), "key", "the keys", 60).await.unwrap();
    sealed.journeys.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("\"a secret\""))])).await.unwrap();
    let all = "SELECT string_agg(all_of_it, ' ') FROM (\
        SELECT convert_from(value, 'UTF8') FROM journey_attempt UNION ALL SELECT convert_from(value, 'UTF8') FROM journey_cache \
        UNION ALL SELECT value FROM journey_variable UNION ALL SELECT settlement FROM journey_visit) AS kept (all_of_it)";
    let kept = raw.sql(all).await.unwrap();
    for word in ["secret", "the keys", "subject\":\"subject"] {
        assert!(!kept.contains(word), "{word} in {kept}");
    }
    assert!(kept.contains("https://issuer.example"), "in clear, as documented");
    assert_eq!(sealed.journeys.settlement(&visit()).await, Ok(Some(settlement())));
    assert_eq!(sealed.journeys.variable("tenant", "journey", "out").await.unwrap().as_deref(), Some("\"a secret\""));
}
