//! What is of Redis alone, on a real server; `conformance` runs what any store must do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::conformance::{Network, Relay};
use super::super::testing::{RedisCluster, RedisSentinel, RedisServer, free_port, redis_url, unique_name};
use super::super::tests::{change, settlement, visit};
use super::super::{Applied, Attempts, CacheScope, Effect, Entry, Journeys, StoreError, Stores, TenantCache};
use super::script::Call;
use super::{MAX_ENTRIES, MAX_VALUE, RedisConfig, RedisStores, keys};
use crate::table::testing::AMONG;
use crate::visit::Visit;

async fn stores() -> RedisStores {
    at(&redis_url().unwrap()).await
}

/// A world of its own on this server.
async fn at(url: &str) -> RedisStores {
    let config = RedisConfig::parse(url).unwrap().with_prefix(&unique_name()).unwrap();
    RedisStores::connect(&config.with_timeouts(Duration::from_secs(5), Duration::from_secs(5))).await.unwrap()
}

impl RedisStores {
    async fn raw(&self, words: &[&[u8]]) -> redis::Value {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        self.connection.ask(&command).await.unwrap()
    }

    async fn life_of(&self, key: &[u8]) -> i64 {
        redis::from_redis_value(self.raw(&[b"PTTL", key]).await).unwrap()
    }

    fn journey_key(&self, visit: &Visit) -> Vec<u8> {
        keys::journey(&self.prefix, &visit.tenant, &visit.journey)
    }

    async fn entry_of(&self, visit: &Visit) -> Entry {
        Attempts::get(self, visit, "key").await.unwrap().expect("an entry")
    }
}

/// As a cluster's client sends a command again whose answer was lost.
#[tokio::test]
async fn each_script_may_be_sent_twice() {
    let stores = stores().await;
    let (own, shelf) = (visit(), keys::attempts(&stores.prefix, &visit()));
    let journey = stores.journey_key(&own);
    for value in [&b"pending"[..], b"what must not be written"] {
        let arguments: [&[u8]; 6] = [b"key", b"first-revision", value, b"60000", b"0", b"128"];
        let call = Call { keys: &[&shelf, &journey], arguments: &arguments };
        assert!(stores.scripts.put.call::<bool>(&stores.connection, call).await.unwrap());
    }
    let Entry { revision, value } = stores.entry_of(&own).await;
    assert_eq!(value, "pending", "the second time it finds its own revision");
    let replace = || async {
        let arguments: [&[u8]; 5] = [b"key", revision.as_bytes(), b"new-revision", b"taken", b"60000"];
        stores.scripts.replace.call::<bool>(&stores.connection, Call { keys: &[&shelf], arguments: &arguments }).await.unwrap()
    };
    assert!(replace().await && replace().await, "the second time it finds its own revision");
    assert_eq!(stores.entry_of(&own).await, Entry { value: "taken".into(), revision: "new-revision".into() });
    assert_eq!(Attempts::replace(&stores, &own, "key", &revision, "another's", 60).await, Ok(false));

    let settle = change(1, Effect::Settle(settlement()), &[("out", Some("1"))]);
    assert_eq!(stores.apply(&own, &settle).await, Ok(Applied::Yes));
    assert_eq!(stores.apply(&own, &settle).await, Ok(Applied::Yes));
    assert_eq!(stores.apply(&own, &change(2, Effect::Settle(settlement()), &[("out", Some("2"))])).await, Ok(Applied::Settled));
    assert_eq!(stores.variable("tenant", "journey", "out").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_removed_variable_is_an_empty_field_and_reads_as_none() {
    let stores = stores().await;
    let wait = Effect::Wait { expires_in: 60 };
    stores.apply(&visit(), &change(1, wait.clone(), &[("out", Some("1")), ("", Some("2"))])).await.unwrap();
    stores.apply(&visit(), &change(2, wait, &[("out", None)])).await.unwrap();
    assert_eq!(stores.variable("tenant", "journey", "out").await, Ok(None));
    assert_eq!(stores.variable("tenant", "journey", "").await.unwrap().as_deref(), Some("2"));
    let removed = stores.raw(&[b"HGET", &stores.journey_key(&visit()), b"vout"]).await;
    assert_eq!(removed, redis::Value::BulkString(Vec::new()));
}

/// A variable can't be called so that it is taken for a settlement, nor a step so that it is another round's.
#[tokio::test]
async fn no_name_is_taken_for_something_else() {
    let stores = stores().await;
    let odd = Visit::first("tenant", "journey", "1:step");
    let names = ["s1:step", "p1:step", "1:step", "step"];
    let writes: Vec<_> = names.iter().map(|name| (*name, Some("1"))).collect();
    stores.apply(&odd, &change(1, Effect::Settle(settlement()), &writes)).await.unwrap();
    assert_eq!(stores.settlement(&visit()).await, Ok(None));
    assert_eq!(stores.settlement(&Visit { round: 11, ..visit() }).await, Ok(None));
    assert_eq!(stores.settlement(&odd).await, Ok(Some(settlement())));
}

#[tokio::test]
async fn a_settlement_is_kept_longer_than_every_attempt_of_its_visit() {
    let stores = stores().await;
    let month = 30 * 24 * 3600;
    let (own, attempts) = (visit(), keys::attempts(&stores.prefix, &visit()));
    Attempts::put(&stores, &own, "key", "value", month).await.unwrap();
    stores.apply(&own, &change(1, Effect::Settle(settlement()), &[])).await.unwrap();
    assert!(stores.life_of(&stores.journey_key(&own)).await > stores.life_of(&attempts).await, "the attempt was there before");
    Attempts::put(&stores, &own, "later", "value", 2 * month).await.unwrap();
    assert!(stores.life_of(&stores.journey_key(&own)).await > stores.life_of(&attempts).await, "it came in between");
    let other = own.next();
    stores.apply(&other, &change(2, Effect::Wait { expires_in: 3 * month }, &[])).await.unwrap();
    assert!(stores.life_of(&stores.journey_key(&own)).await > i64::from(3 * month) * 1000, "it is pending");
}

#[tokio::test]
async fn every_key_has_a_lifetime() {
    let stores = stores().await;
    Attempts::put(&stores, &visit(), "key", "value", 60).await.unwrap();
    TenantCache::put(&stores, &CacheScope::new("component", "tenant"), "key", "value", 60).await.unwrap();
    stores.apply(&visit(), &change(1, Effect::Wait { expires_in: 60 }, &[("out", Some("1"))])).await.unwrap();
    let keys = stores.raw(&[b"KEYS", format!("{}:*", stores.prefix).as_bytes()]).await;
    let keys: Vec<Vec<u8>> = redis::from_redis_value(keys).unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        assert!(stores.life_of(&key).await > 0, "{}", String::from_utf8_lossy(&key));
    }
}

/// Neither looks for what there is: by `KEYS` or `SCAN` the server would walk over all of it.
#[tokio::test]
async fn a_visit_is_left_and_a_journey_forgotten_by_one_command_each_however_many_others_there_are() {
    let server = RedisServer::start(&[]).unwrap();
    let stores = at(&server.url()).await;
    for others in AMONG {
        let fill = "for number = 1, ARGV[2] do redis.call('HSET', ARGV[1] .. ':{' .. number .. '}', 'v', 1) end";
        server.cli(&["EVAL", fill, "0", &stores.prefix, &others.to_string()]).unwrap();
        Attempts::put(&stores, &visit(), "key", "value", 900).await.unwrap();
        stores.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("1"))])).await.unwrap();
        assert_eq!(server.cli(&["DBSIZE"]).unwrap(), (others + 2).to_string());

        server.cli(&["CONFIG", "RESETSTAT"]).unwrap();
        stores.leave(&visit()).await.unwrap();
        stores.forget("tenant", "journey").await.unwrap();
        let sent = server.cli(&["INFO", "commandstats"]).unwrap();
        let sent: Vec<&str> = sent.lines().filter(|line| line.starts_with("cmdstat_") && !line.contains("config")).collect();
        assert!(matches!(sent[..], [unlinked] if unlinked.starts_with("cmdstat_unlink:calls=2,")), "{sent:?}");
        assert_eq!(server.cli(&["DBSIZE"]).unwrap(), others.to_string());
    }
}

#[tokio::test]
async fn a_full_shelf_makes_room_of_what_has_expired() {
    let stores = stores().await;
    for number in 0..MAX_ENTRIES {
        // The first one keeps the shelf; the others have expired at once.
        let lifetime = if number == 0 { 60 } else { 0 };
        Attempts::put(&stores, &visit(), &number.to_string(), "value", lifetime).await.unwrap();
    }
    Attempts::put(&stores, &visit(), "key", "value", 60).await.unwrap();
    let left = stores.raw(&[b"HLEN", &keys::attempts(&stores.prefix, &visit())]).await;
    assert_eq!(left, redis::Value::Int(2));
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_is_sent_and_all_else_is_kept_as_it_is() {
    let stores = stores().await;
    let (fits, long) = ("x".repeat(MAX_VALUE), "x".repeat(MAX_VALUE + 1));
    Attempts::put(&stores, &visit(), "key", &fits, 60).await.unwrap();
    let entry = stores.entry_of(&visit()).await;
    assert_eq!(entry.value, fits);
    assert_eq!(Attempts::put(&stores, &visit(), "key", &long, 60).await, Err(StoreError::TooLarge));
    assert_eq!(Attempts::replace(&stores, &visit(), "key", &entry.revision, &long, 60).await, Err(StoreError::TooLarge));
    assert_eq!(TenantCache::put(&stores, &CacheScope::new("c", "t"), "key", &long, 60).await, Err(StoreError::TooLarge));
    let wait = Effect::Wait { expires_in: 60 };
    assert_eq!(stores.apply(&visit(), &change(1, wait.clone(), &[("out", Some(&long))])).await, Err(StoreError::TooLarge));
    // A script's own `format` would end a text at its first NUL.
    let odd = "\u{0}a\u{0}\r\n ";
    Attempts::put(&stores, &visit(), "odd", odd, 60).await.unwrap();
    let Entry { value, revision } = Attempts::get(&stores, &visit(), "odd").await.unwrap().expect("an entry");
    assert_eq!(value, odd);
    assert_eq!(Attempts::replace(&stores, &visit(), "odd", &revision, &odd.repeat(2), 60).await, Ok(true));
    assert_eq!(Attempts::get(&stores, &visit(), "odd").await.unwrap().expect("an entry").value, odd.repeat(2));
    let many = vec![("out", None); 65];
    assert!(matches!(stores.apply(&visit(), &change(1, wait, &many)).await, Err(StoreError::Refused(_))));
    assert_eq!(stores.entry_of(&visit()).await, entry, "nothing was changed");
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_sent_them_again() {
    let stores = stores().await;
    Attempts::put(&stores, &visit(), "key", "value", 60).await.unwrap();
    stores.raw(&[b"SCRIPT", b"FLUSH"]).await;
    assert_eq!(stores.entry_of(&visit()).await.value, "value");
}

/// Tried with `GETDEL`: it succeeds at `maxmemory`, and every write after it fails.
#[tokio::test]
async fn a_server_without_memory_refuses_before_anything_is_changed() {
    let server = RedisServer::start(&["--maxmemory-policy", "noeviction"]).unwrap();
    let stores = at(&server.url()).await;
    let own = visit();
    Attempts::put(&stores, &own, "key", "pending", 60).await.unwrap();
    stores.apply(&own, &change(1, Effect::Wait { expires_in: 60 }, &[("out", Some("1"))])).await.unwrap();
    let before = stores.entry_of(&own).await;
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();

    let is_full = |answer: Result<String, StoreError>| {
        let error = answer.unwrap_err();
        assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("memory")), "{error}");
    };
    is_full(Attempts::replace(&stores, &own, "key", &before.revision, "taken", 60).await.map(|is| is.to_string()));
    is_full(Attempts::put(&stores, &own, "other", "value", 60).await.map(|()| String::new()));
    let settle = change(2, Effect::Settle(settlement()), &[("out", Some("2"))]);
    is_full(stores.apply(&own, &settle).await.map(|applied| format!("{applied:?}")));
    assert_eq!(stores.entry_of(&own).await, before, "the attempt is still pending");
    assert_eq!(stores.settlement(&own).await, Ok(None));
    assert_eq!(stores.variable("tenant", "journey", "out").await.unwrap().as_deref(), Some("1"));

    server.cli(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert_eq!(Attempts::replace(&stores, &own, "key", &before.revision, "taken", 60).await, Ok(true));
    assert_eq!(stores.apply(&own, &settle).await, Ok(Applied::Yes));
}

#[tokio::test]
async fn what_a_restart_loses_is_what_was_warned_of() {
    for (arguments, code, is_kept) in
        [(&["--appendonly", "yes"][..], None, true), (&["--save", ""], Some("not_persistent"), false)]
    {
        let mut server = RedisServer::start(arguments).unwrap();
        let stores = at(&server.url()).await;
        assert_eq!(stores.warnings().iter().map(|warning| warning.code).next(), code);
        stores.apply(&visit(), &change(1, Effect::Settle(settlement()), &[])).await.unwrap();
        server.stop();
        let gone = stores.settlement(&visit()).await;
        assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
        server.run().unwrap();
        assert_eq!(stores.settlement(&visit()).await.unwrap().is_some(), is_kept, "over a connection that was opened anew");
    }
}

#[tokio::test]
async fn a_server_that_stops_answering_is_an_error_in_time_and_found_again() {
    let server = RedisServer::start(&[]).unwrap();
    let config = RedisConfig::parse(&server.url()).unwrap();
    let config = config.with_timeouts(Duration::from_millis(300), Duration::from_millis(300));
    let stores = RedisStores::connect(&config).await.unwrap();
    server.pause();
    for _ in 0..2 {
        let begun = Instant::now();
        let error = Attempts::get(&stores, &visit(), "key").await.unwrap_err();
        assert!(error.to_string().contains("no answer in time"), "{error}");
        // Far more than the timeouts, and far less than for ever.
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
    server.resume();
    assert_eq!(Attempts::get(&stores, &visit(), "key").await, Ok(None));
}

#[tokio::test]
async fn a_lost_answer_is_an_error_and_the_change_can_be_repeated() {
    let server = RedisServer::start(&[]).unwrap();
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let stores = at(&format!("redis://{}", relay.address())).await;
    // The server knows the script from now on, and carries out what it answers to first.
    stores.apply(&visit().next(), &change(1, Effect::Wait { expires_in: 60 }, &[])).await.unwrap();
    relay.set(Network::LosesAnswer { after: 0 });
    let settle = change(1, Effect::Settle(settlement()), &[("out", Some("1"))]);
    let lost = stores.apply(&visit(), &settle).await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(stores.settlement(&visit()).await, Ok(Some(settlement())), "it was carried out all the same");
    assert_eq!(stores.apply(&visit(), &settle).await, Ok(Applied::Yes));
    assert_eq!(stores.apply(&visit(), &change(2, Effect::Settle(settlement()), &[])).await, Ok(Applied::Settled));
}

#[tokio::test]
async fn who_can_not_be_reached_is_named_without_its_password() {
    let check = |url: String| async move {
        let config = RedisConfig::parse(&url).unwrap().with_timeouts(Duration::from_secs(2), Duration::from_secs(2));
        assert!(!format!("{config:?}").contains("s3cret"));
        let error = RedisStores::connect(&config).await.err().expect("nobody is there").to_string();
        assert!(!error.contains("s3cret") && error.contains("127.0.0.1"), "{error}");
    };
    let port = free_port().unwrap();
    check(format!("redis://user:s3cret@127.0.0.1:{port}")).await;
    check(format!("redis-cluster://user:s3cret@127.0.0.1:{port}")).await;
    check(format!("redis-sentinel://user:s3cret@127.0.0.1:{port}/main")).await;
    check(format!("rediss://user:s3cret@127.0.0.1:{port}")).await;
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_shown() {
    let server = RedisServer::start(&["--requirepass", "right"]).unwrap();
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let url = |password: &str| format!("redis://:{password}@{}", relay.address());
    let error = RedisStores::connect(&RedisConfig::parse(&url("s3cret")).unwrap()).await.err().expect("a wrong password");
    assert!(!error.to_string().contains("s3cret") && error.to_string().to_lowercase().contains("password"), "{error}");
    assert!(RedisStores::connect(&RedisConfig::parse(&url("right")).unwrap()).await.is_ok());
}

/// The list of `docs/stores.md`.
#[tokio::test]
async fn a_user_who_may_do_no_more_than_documented_is_enough() {
    let documented = include_str!("../../../../docs/stores.md");
    let (_, from) = documented.split_once("An ACL for Redis needs `").unwrap();
    let (commands, rest) = from.split_once('`').unwrap();
    assert!(rest.contains("`~journey:*`") && rest.contains("`+config|get`"));
    let server = RedisServer::start(&["--appendonly", "yes"]).unwrap();
    let rules: Vec<&str> = commands.split(' ').chain(["on", ">right", "~journey:*", "+config|get"]).collect();
    let made = server.cli(&[&["ACL", "SETUSER", "host"], &rules[..]].concat()).unwrap();
    assert_eq!(made, "OK");
    let relay = Relay::to_socket(&server.socket()).await.unwrap();
    let config = RedisConfig::parse(&format!("redis://host:right@{}", relay.address())).unwrap();
    let stores = RedisStores::connect(&config).await.unwrap();
    assert_eq!(stores.warnings(), []);
    for number in 0..=MAX_ENTRIES {
        let lifetime = if number == 0 { 0 } else { 60 };
        Attempts::put(&stores, &visit(), &number.to_string(), "value", lifetime).await.unwrap();
    }
    let Entry { revision, .. } = Attempts::get(&stores, &visit(), "1").await.unwrap().expect("an entry");
    assert_eq!(Attempts::replace(&stores, &visit(), "1", &revision, "taken", 60).await, Ok(true));
    assert_eq!(stores.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("1"))])).await, Ok(Applied::Yes));
    assert_eq!(stores.settlement(&visit()).await, Ok(Some(settlement())));
    Attempts::leave(&stores, &visit()).await.unwrap();
    stores.forget("tenant", "journey").await.unwrap();
}

#[test]
fn where_nothing_is_said_a_journey_is_kept_for_a_week() {
    let config = RedisConfig::parse("redis://localhost").unwrap();
    assert_eq!(config.journey_lifetime, Duration::from_secs(604_800));
    let second = Duration::from_secs(1);
    let config = config.with_timeouts(second, second * 3).with_journey_lifetime(second * 5);
    assert_eq!((config.timeouts.connect, config.timeouts.response, config.journey_lifetime), (second, second * 3, second * 5));
    let shown = format!("{config:?}");
    assert!(shown.starts_with("RedisConfig { address: ") && shown.ends_with(r#"prefix: "journey", .. }"#), "{shown}");
}

#[tokio::test]
async fn a_prefix_can_not_take_the_hash_tag() {
    for prefix in ["", "{", "a}", "a b", "ü", &"a".repeat(65)] {
        assert!(RedisConfig::parse("redis://localhost").unwrap().with_prefix(prefix).is_err(), "{prefix}");
    }
    let (one, other) = (stores().await, stores().await);
    Attempts::put(&one, &visit(), "key", "value", 60).await.unwrap();
    assert_eq!(Attempts::get(&other, &visit(), "key").await, Ok(None), "another prefix is another world");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_of_three_masters_keeps_a_journey_together() {
    let mut cluster = RedisCluster::start().unwrap();
    let stores = Arc::new(at(&cluster.url()).await);
    assert_eq!(stores.warnings().len(), 1, "said once for three: {:?}", stores.warnings());
    let mut taken = 0;
    for number in 0..30 {
        let own = Visit::first("tenant", &format!("journey {number} {{ü}}"), "step}");
        Attempts::put(&*stores, &own, "key", "pending", 60).await.unwrap();
        stores.apply(&own, &change(1, Effect::Wait { expires_in: 60 }, &[("out", None)])).await.unwrap();
        let Entry { revision, .. } = stores.entry_of(&own).await;
        let takers: Vec<_> = (0..4)
            .map(|_| {
                let (stores, own, revision) = (Arc::clone(&stores), own.clone(), revision.clone());
                tokio::spawn(async move { Attempts::replace(&*stores, &own, "key", &revision, "taken", 60).await.unwrap() })
            })
            .collect();
        for taker in takers {
            taken += u32::from(taker.await.unwrap());
        }
        let settle = change(2, Effect::Settle(settlement()), &[("out", Some("1"))]);
        assert_eq!(stores.apply(&own, &settle).await, Ok(Applied::Yes));
        assert_eq!(stores.settlement(&own).await, Ok(Some(settlement())));
        Attempts::leave(&*stores, &own).await.unwrap();
        assert_eq!(Attempts::get(&*stores, &own, "key").await, Ok(None));
    }
    assert_eq!(taken, 30, "each attempt once");
    for node in cluster.nodes() {
        assert_ne!(node.cli(&["DBSIZE"]).unwrap(), "0", "each of the three has a part");
    }
}

/// Slots move while logins go on; the client follows by itself.
#[tokio::test]
async fn a_cluster_whose_slot_moved_is_followed() {
    let mut cluster = RedisCluster::start().unwrap();
    let stores = at(&cluster.url()).await;
    let own = visit();
    // Nothing is there yet, so that the slot can be given away as it is.
    let key = String::from_utf8(stores.journey_key(&own)).unwrap();
    let nodes = cluster.nodes();
    let slot = nodes[0].cli(&["CLUSTER", "KEYSLOT", &key]).unwrap();
    let ids: Vec<String> = nodes.iter().map(|node| node.cli(&["CLUSTER", "MYID"]).unwrap()).collect();
    assert_eq!(stores.settlement(&own).await, Ok(None));
    let owner = (0..3).find(|&at| !nodes[at].cli(&["GET", &key]).unwrap().contains("MOVED")).unwrap();
    let next = &ids[(owner + 1) % 3];
    for node in [(owner + 1) % 3, owner, (owner + 2) % 3] {
        assert_eq!(nodes[node].cli(&["CLUSTER", "SETSLOT", &slot, "NODE", next]).unwrap(), "OK");
    }
    assert_eq!(stores.apply(&own, &change(1, Effect::Settle(settlement()), &[])).await, Ok(Applied::Yes));
    assert_eq!(stores.settlement(&own).await, Ok(Some(settlement())));
}

/// What was replicated is there; a write that wasn't would be lost, and nothing can tell.
#[tokio::test]
async fn after_a_failover_the_sentinels_new_master_is_found() {
    let mut sentinel = RedisSentinel::start().unwrap();
    let stores = at(&sentinel.url()).await;
    stores.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("1"))])).await.unwrap();
    assert_eq!(stores.raw(&[b"WAIT", b"1", b"10000"]).await, redis::Value::Int(1));
    sentinel.fail_over().unwrap();
    let mut tries = 0;
    let settled = loop {
        match stores.settlement(&visit()).await {
            Err(StoreError::Unavailable(_)) if tries < 100 => tokio::time::sleep(Duration::from_millis(100)).await,
            answer => break answer,
        }
        tries += 1;
    };
    assert_eq!(settled, Ok(Some(settlement())));
    assert_eq!(
        stores.apply(&visit().next(), &change(2, Effect::Settle(settlement()), &[])).await,
        Ok(Applied::Yes),
        "it takes writes"
    );
}

#[tokio::test]
async fn tls_is_verified_by_name_and_issuer() {
    let made = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    for (name, is_right) in [("127.0.0.1", true), ("elsewhere.example", false)] {
        let own = made(name);
        let files = RedisServer::start(&[]).unwrap();
        let (certificate, key) = (files.folder().join("certificate"), files.folder().join("key"));
        std::fs::write(&certificate, own.cert.pem()).unwrap();
        std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
        let port = free_port().unwrap().to_string();
        let arguments = ["--tls-port", &port, "--tls-cert-file", certificate.to_str().unwrap(), "--tls-key-file"];
        let arguments = [&arguments[..], &[key.to_str().unwrap(), "--tls-ca-cert-file", certificate.to_str().unwrap()]].concat();
        let _server = RedisServer::start(&[&arguments[..], &["--tls-auth-clients", "no"]].concat()).unwrap();
        let config = |pem: String| {
            RedisConfig::parse(&format!("rediss://127.0.0.1:{port}")).unwrap().with_root_certificates(pem.as_bytes())
        };
        let connected = RedisStores::connect(&config(own.cert.pem())).await;
        assert_eq!(connected.is_ok(), is_right, "{:?}", connected.err());
        assert!(RedisStores::connect(&config(made(name).cert.pem())).await.is_err(), "another issuer");
    }
}

#[tokio::test]
async fn the_server_holds_no_word_of_what_is_sealed() {
    let raw = Arc::new(stores().await);
    let keyring = crate::stores::keyring::Keyring::parse(&format!("{}=", "A".repeat(43))).unwrap();
    let sealed = Stores::of(Arc::clone(&raw)).sealed(keyring);
    sealed.attempts.put(&visit(), "key", "a secret of the attempt", 60).await.unwrap();
    sealed.cache.put(&CacheScope::new("component", "tenant"), "key", "the keys", 60).await.unwrap();
    sealed.journeys.apply(&visit(), &change(1, Effect::Settle(settlement()), &[("out", Some("\"a secret\""))])).await.unwrap();
    let keys: Vec<Vec<u8>> = redis::from_redis_value(raw.raw(&[b"KEYS", format!("{}:*", raw.prefix).as_bytes()]).await).unwrap();
    let mut kept = String::new();
    for key in &keys {
        let fields: Vec<String> = redis::from_redis_value(raw.raw(&[b"HGETALL", key]).await).unwrap();
        kept += &fields.concat();
    }
    assert_eq!(keys.len(), 3);
    for word in ["secret", "the keys", "subject\":\"subject"] {
        assert!(!kept.contains(word), "{word} in {kept}");
    }
    assert!(kept.contains("https://issuer.example"), "in clear, as documented");
    assert_eq!(sealed.journeys.settlement(&visit()).await, Ok(Some(settlement())));
    assert_eq!(sealed.journeys.variable("tenant", "journey", "out").await.unwrap().as_deref(), Some("\"a secret\""));
}
