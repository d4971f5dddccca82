//! How the server is set up: what is refused, and what is warned of.
//!
//! | found | so |
//! |---|---|
//! | older than Redis 6.2; a replica | refused |
//! | `maxmemory-policy` other than `noeviction` | `may_evict`: every key has a lifetime, so any of these policies may drop a settlement |
//! | neither append-only file nor snapshots | `not_persistent` |
//! | snapshots alone | `snapshots_only` |
//! | an append-only file that the system may write whenever it likes (`appendfsync no`) | `written_late` |
//! | a server that doesn't tell (managed ones switch `CONFIG` off) | `not_checked` |

use std::collections::HashMap;

use super::super::StoreError;
use super::super::warning::StoreWarning;
use super::connection::Connection;

/// The oldest that has what the scripts and the documentation rely on.
const OLDEST: (u32, u32) = (6, 2);

#[derive(Debug)]
pub(super) struct Checked {
    pub server: String,
    pub warnings: Vec<StoreWarning>,
}

/// What one server says about itself.
struct Facts {
    info: HashMap<String, String>,
    /// `None` where it doesn't tell.
    save: Option<String>,
    appendfsync: Option<String>,
}

/// # Errors
/// `Unavailable`; `Refused` where it is older than [`OLDEST`], or a replica.
pub(super) async fn check(connection: &Connection) -> Result<Checked, StoreError> {
    let infos: Vec<String> = connection.ask_each_master(redis::cmd("INFO")).await?;
    // Both in the same order; what a server doesn't tell is warned of.
    let setting = async |name: &str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg(name);
        connection.ask_each_master::<HashMap<String, String>>(command).await.unwrap_or_default()
    };
    let (saves, syncs) = (setting("save").await, setting("appendfsync").await);
    let facts = infos.iter().enumerate().map(|(at, info)| Facts {
        info: info
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.into(), value.trim().into()))
            .collect(),
        save: saves.get(at).and_then(|found| found.get("save").cloned()),
        appendfsync: syncs.get(at).and_then(|found| found.get("appendfsync").cloned()),
    });
    let facts: Vec<Facts> = facts.collect();
    judge(&facts)
}

fn judge(masters: &[Facts]) -> Result<Checked, StoreError> {
    let mut checked = Checked { server: String::new(), warnings: Vec::new() };
    for facts in masters {
        checked.server = facts.server()?;
        for (code, message) in facts.warnings() {
            let warning = StoreWarning { code, message };
            if !checked.warnings.contains(&warning) {
                checked.warnings.push(warning);
            }
        }
    }
    match checked.server.is_empty() {
        true => Err(StoreError::Unavailable("no server of Redis says what it is".to_owned())),
        false => Ok(checked),
    }
}

impl Facts {
    fn said(&self, name: &str) -> &str {
        self.info.get(name).map_or("", String::as_str)
    }

    fn server(&self) -> Result<String, StoreError> {
        let version = self.said("redis_version");
        let mut numbers = version.split('.').map(|number| number.parse().unwrap_or_default());
        let number = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        if number < OLDEST {
            return Err(StoreError::Refused(format!("expected Redis 6.2 or later, or Valkey: this is `{version}`")));
        }
        if self.said("role") != "master" {
            return Err(StoreError::Refused(
                "expected a master: this is a replica, which answers what was true before".to_owned(),
            ));
        }
        Ok(match self.said("valkey_version") {
            "" => format!("Redis {version}"),
            version => format!("Valkey {version}"),
        })
    }

    fn warnings(&self) -> Vec<(&'static str, String)> {
        let mut warnings = Vec::new();
        match self.said("maxmemory_policy") {
            "noeviction" => {}
            "" => warnings.push(("not_checked", "the server doesn't tell its maxmemory-policy: expected noeviction".to_owned())),
            policy => {
                let loses = "a full server drops pending logins, and settlements, so that a visit may be settled twice";
                warnings.push(("may_evict", format!("maxmemory-policy is {policy}, expected noeviction: {loses}")));
            }
        }
        let restart = "a restart loses every pending login and all journeys' variables, and settlements, so that a visit may be settled twice";
        let since = "a restart loses what was written since the last snapshot: pending logins, variables, and settlements, so that a visit may be settled twice";
        match (self.said("aof_enabled"), self.save.as_deref(), self.appendfsync.as_deref()) {
            ("1", _, Some("no")) => {
                let message = "appendfsync is no, expected everysec or always: a crash of the machine loses up to 30 s of logins and settlements";
                warnings.push(("written_late", message.to_owned()));
            }
            ("1", ..) => {}
            ("0", Some(""), _) => {
                warnings.push(("not_persistent", format!("appendonly is no, and save is empty: {restart}")));
            }
            ("0", Some(_), _) => warnings.push(("snapshots_only", format!("appendonly is no: {since}"))),
            ("0", None, _) => {
                warnings.push((
                    "not_checked",
                    format!("appendonly is no, and the server doesn't tell whether it saves snapshots: {since}"),
                ));
            }
            _ => warnings.push((
                "not_checked",
                format!("the server doesn't tell whether it keeps an append-only file; without one {restart}"),
            )),
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(info: &[(&str, &str)], save: Option<&str>, appendfsync: Option<&str>) -> Facts {
        let well = [("redis_version", "7.0.15"), ("role", "master"), ("maxmemory_policy", "noeviction"), ("aof_enabled", "1")];
        let info = well.iter().chain(info).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Facts { info, save: save.map(str::to_owned), appendfsync: appendfsync.map(str::to_owned) }
    }

    #[test]
    fn each_setting_that_loses_something_is_warned_of() {
        let check = |info: &[(&str, &str)], save, sync, expected: &[&str]| {
            let warnings = judge(&[facts(info, save, sync)]).unwrap().warnings;
            assert_eq!(warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), expected, "{info:?} {save:?} {sync:?}");
        };
        check(&[], Some(""), Some("everysec"), &[]);
        check(&[], None, None, &[]);
        check(&[], Some(""), Some("no"), &["written_late"]);
        check(&[("aof_enabled", "0")], Some(""), None, &["not_persistent"]);
        check(&[("aof_enabled", "0")], Some("3600 1"), None, &["snapshots_only"]);
        check(&[("aof_enabled", "0")], None, None, &["not_checked"]);
        check(&[("aof_enabled", "")], None, None, &["not_checked"]);
        check(&[("maxmemory_policy", "allkeys-lru")], Some(""), None, &["may_evict"]);
        check(&[("maxmemory_policy", "volatile-ttl"), ("aof_enabled", "0")], Some(""), None, &["may_evict", "not_persistent"]);
        check(&[("maxmemory_policy", "")], None, None, &["not_checked"]);
    }

    #[test]
    fn a_warning_of_several_masters_is_said_once() {
        let master = || facts(&[("aof_enabled", "0")], Some(""), None);
        assert_eq!(judge(&[master(), master()]).unwrap().warnings.len(), 1);
    }

    #[test]
    fn an_older_server_and_a_replica_are_refused() {
        for (name, value) in
            [("redis_version", "6.0.20"), ("redis_version", "5.0.1"), ("redis_version", ""), ("role", "slave"), ("role", "")]
        {
            let refused = judge(&[facts(&[], None, None), facts(&[(name, value)], None, None)]);
            assert!(matches!(refused, Err(StoreError::Refused(_))), "{name} {value}");
        }
        assert!(matches!(judge(&[]), Err(StoreError::Unavailable(_))));
    }

    #[test]
    fn the_server_is_named() {
        let server = |info: &[(&str, &str)]| judge(&[facts(info, None, None)]).unwrap().server;
        assert_eq!(server(&[]), "Redis 7.0.15");
        assert_eq!(server(&[("redis_version", "6.2.0")]), "Redis 6.2.0");
        assert_eq!(server(&[("redis_version", "7.2.4"), ("valkey_version", "8.1.1")]), "Valkey 8.1.1");
        assert_eq!(server(&[("redis_version", "10.0.0")]), "Redis 10.0.0");
    }
}
