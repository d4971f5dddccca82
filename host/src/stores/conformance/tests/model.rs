//! A store that does everything that is promised, but for one thing at most: its flaw.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::yield_now;

use super::flaws::Flaw;
use crate::clock::lock;
use crate::stores::conformance::{Connection, Network, Powerless, Subject, Time};
use crate::stores::{
    Applied, Attempts, CacheScope, Change, ChangeId, Effect, Entry, Journeys, Settlement, StoreError, TenantCache, Write,
};
use crate::visit::Visit;

/// The longest value that it takes, in bytes.
const LONGEST: usize = 1 << 20;

const MOST_ENTRIES: usize = 128;

/// The server, and what its operator may do to it.
#[derive(Clone)]
pub(super) struct Model(Arc<Server>);

struct Server {
    flaw: Option<Flaw>,
    state: Mutex<State>,
    network: Mutex<Network>,
    lost: AtomicU64,
}

#[derive(Default)]
struct State {
    now: Duration,
    revision: u64,
    attempts: HashMap<String, HashMap<String, Kept>>,
    cache: HashMap<String, Kept>,
    variables: HashMap<[String; 2], String>,
    visits: HashMap<String, Stand>,
    waits: HashSet<ChangeId>,
    /// Revisions of each visit.
    counts: HashMap<String, u64>,
    /// Visits at which something is being done.
    busy: HashSet<String>,
}

#[derive(Clone)]
struct Kept {
    value: String,
    revision: String,
    until: Duration,
}

#[derive(Clone, Default)]
struct Stand {
    settlement: Option<(ChangeId, Settlement)>,
    pending_until: Duration,
    /// To which journey it belongs.
    of: Option<[String; 2]>,
}

impl Stand {
    /// Whether its last attempt has expired.
    fn is_over(&self, now: Duration) -> bool {
        self.pending_until > Duration::ZERO && self.pending_until <= now
    }
}

/// What one host holds.
struct Client {
    server: Arc<Server>,
    /// What it has read before.
    read: Mutex<HashMap<String, Option<Entry>>>,
    cached: Mutex<HashMap<String, Option<String>>>,
}

impl Model {
    pub(super) fn new(flaw: Option<Flaw>) -> Self {
        let (state, network, lost) = (Mutex::default(), Mutex::new(Network::Sound), AtomicU64::new(0));
        Self(Arc::new(Server { flaw, state, network, lost }))
    }
}

#[async_trait]
impl Subject for Model {
    async fn connect(&self) -> Result<Connection, String> {
        let client = Arc::new(Client { server: Arc::clone(&self.0), read: Mutex::default(), cached: Mutex::default() });
        Ok(Connection::to_all(Arc::clone(&client) as _, Arc::clone(&client) as _, client))
    }

    fn time(&self) -> Time {
        Time::Moved
    }

    async fn advance(&self, by: Duration) {
        lock(&self.0.state).now += by;
    }

    async fn restart(&self) -> Result<(), Powerless> {
        let mut state = lock(&self.0.state);
        if self.0.has(Flaw::ForgetsAtRestart) {
            state.visits.clear();
        }
        Ok(())
    }

    async fn network(&self, network: Network) -> Result<(), Powerless> {
        *lock(&self.0.network) = network;
        Ok(())
    }

    /// It answers at once.
    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn answers_lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("no answer".to_owned())
}

/// Names that can't be mistaken for one another: each with its length.
fn joined(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("{}:{part}", part.len())).collect()
}

impl Server {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// A name, as the store keeps it.
    fn named(&self, name: &str) -> String {
        if self.has(Flaw::LowersNames) { name.to_lowercase() } else { name.to_owned() }
    }

    /// Waits for the network, as a client with a timeout does.
    async fn reached(&self, value: &str) -> Result<(), StoreError> {
        let network = *lock(&self.network);
        match network {
            Network::Silent if self.has(Flaw::WaitsForEver) => std::future::pending().await,
            Network::Silent | Network::Cut if self.has(Flaw::ShowsValues) => Err(StoreError::Unavailable(format!("for {value}"))),
            Network::Silent | Network::Cut => Err(unavailable()),
            _ => Ok(()),
        }
    }

    /// Whether the answer to what is asked now gets lost.
    fn loses(&self) -> bool {
        let mut network = lock(&self.network);
        match *network {
            Network::LosesAnswer { after: 0 } => {
                *network = Network::Sound;
                self.lost.fetch_add(1, Ordering::Relaxed);
                true
            }
            Network::LosesAnswer { after } => {
                *network = Network::LosesAnswer { after: after - 1 };
                false
            }
            _ => false,
        }
    }

    fn visit(&self, visit: &Visit) -> String {
        let Visit { tenant, journey, step, round } = visit;
        let [tenant, journey, step] = [tenant, journey, step].map(|name| self.named(name));
        let round = if self.has(Flaw::KnowsNoRounds) { "1".to_owned() } else { round.to_string() };
        match () {
            () if self.has(Flaw::JoinsAttempts) => [tenant, journey, step, round].join(":"),
            () => joined(&[&tenant, &journey, &step, &round]),
        }
    }

    fn stand(&self, visit: &Visit) -> String {
        let Visit { tenant, journey, step, round } = visit;
        let [tenant, journey, step] = [tenant, journey, step].map(|name| self.named(name));
        match () {
            () if self.has(Flaw::JoinsJourneys) => format!("{tenant}:{journey}:{step}:{round}"),
            () if self.has(Flaw::SettlesEveryStep) => joined(&[&tenant, &journey]),
            () => joined(&[&tenant, &journey, &step, &round.to_string()]),
        }
    }

    fn variable(&self, tenant: &str, journey: &str, name: &str) -> [String; 2] {
        let name = if self.has(Flaw::TrimsVariables) { name.trim() } else { name };
        [joined(&[&self.named(tenant), &self.named(journey)]), name.to_owned()]
    }

    fn scope(&self, scope: &CacheScope, key: &str) -> String {
        let CacheScope { component, tenant } = scope;
        match () {
            () if self.has(Flaw::CachesWithoutTenant) => joined(&[component, key]),
            () if self.has(Flaw::JoinsCaches) => format!("{component}:{tenant}:{key}"),
            () => joined(&[component, tenant, key]),
        }
    }

    fn key(&self, key: &str) -> String {
        if self.has(Flaw::LowersKeys) { key.to_lowercase() } else { key.to_owned() }
    }

    fn kept(&self, state: &mut State, scope: &str, value: &str, lifetime: u32) -> Kept {
        state.revision += 1;
        let seconds = match () {
            () if self.has(Flaw::ExpiresEarly) => u64::from(lifetime) / 2,
            () if self.has(Flaw::CountsInSigned) => u64::from(i32::try_from(lifetime).unwrap_or(0).unsigned_abs()),
            () => lifetime.into(),
        };
        let revision = match () {
            () if self.has(Flaw::HashesRevisions) => format!("{} {:?}", value.len(), value.chars().next_back()),
            () if self.has(Flaw::CountsByVisit) => {
                let count = state.counts.entry(scope.to_owned()).or_default();
                *count += 1;
                count.to_string()
            }
            () if self.has(Flaw::LongRevisions) => format!("{:0>129}", state.revision),
            () => state.revision.to_string(),
        };
        let value = if self.has(Flaw::TrimsValues) { value.trim() } else { value };
        Kept { value: value.to_owned(), revision, until: state.now + Duration::from_secs(seconds) }
    }
}

#[async_trait]
impl Attempts for Client {
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<Entry>, StoreError> {
        let server = &self.server;
        if let Err(error) = server.reached("nothing").await {
            return if server.has(Flaw::SaysNothingIsThere) { Ok(None) } else { Err(error) };
        }
        let (scope, key) = (server.visit(visit), server.key(key));
        let seen = joined(&[&scope, &key]);
        let known = lock(&self.read).get(&seen).cloned();
        if let Some(known) = known.filter(|_| server.has(Flaw::RemembersReads)) {
            return Ok(known);
        }
        let state = lock(&server.state);
        let kept = state.attempts.get(&scope).and_then(|entries| entries.get(&key)).filter(|kept| kept.until > state.now);
        let entry = kept.map(|kept| Entry { value: kept.value.clone(), revision: kept.revision.clone() });
        lock(&self.read).insert(seen, entry.clone());
        Ok(entry)
    }

    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let server = &self.server;
        server.reached(value).await?;
        if server.has(Flaw::DropsPutsThatLost) && server.loses() {
            return Ok(());
        }
        let (scope, key) = (server.visit(visit), server.key(key));
        let mut state = lock(&server.state);
        if value.len() > LONGEST {
            if server.has(Flaw::RemovesWhatIsTooLarge) {
                state.attempts.remove(&scope);
            }
            return Err(StoreError::TooLarge);
        }
        let kept = server.kept(&mut state, &scope, value, lifetime);
        let entries = state.attempts.entry(scope.clone()).or_default();
        if entries.len() >= MOST_ENTRIES && !entries.contains_key(&key) && !server.has(Flaw::TakesAnyNumber) {
            return Err(StoreError::Refused("too many".to_owned()));
        }
        lock(&self.read).remove(&joined(&[&scope, &key]));
        entries.insert(key, kept);
        drop(state);
        if server.loses() { Err(unavailable()) } else { Ok(()) }
    }

    async fn replace(&self, visit: &Visit, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        let server = &self.server;
        server.reached(value).await?;
        if server.has(Flaw::DropsReplacesThatLost) && server.loses() {
            return Ok(false);
        }
        if value.len() > LONGEST {
            return Err(StoreError::TooLarge);
        }
        let (scope, key) = (server.visit(visit), server.key(key));
        let stands = |state: &State| {
            let kept = state.attempts.get(&scope).and_then(|entries| entries.get(&key));
            match kept {
                None => server.has(Flaw::ReplacesNothing),
                Some(kept) if server.has(Flaw::RepeatsReplaces) && kept.value == value => true,
                Some(_) if server.has(Flaw::TakesNoRevisionForAny) && revision.is_empty() => true,
                Some(kept) => kept.until > state.now && kept.revision == revision,
            }
        };
        if !stands(&lock(&server.state)) {
            return Ok(false);
        }
        if server.has(Flaw::ReplacesInTwoCommands) {
            yield_now().await;
        }
        if server.has(Flaw::RemovesBeforeItReplaces) {
            lock(&server.state).attempts.get_mut(&scope).map(|entries| entries.remove(&key));
            for _ in 0..3 {
                yield_now().await;
            }
        }
        let mut state = lock(&server.state);
        if !server.has(Flaw::ReplacesInTwoCommands) && !server.has(Flaw::RemovesBeforeItReplaces) && !stands(&state) {
            return Ok(false);
        }
        let mut kept = server.kept(&mut state, &scope, value, lifetime);
        let entries = state.attempts.entry(scope.clone()).or_default();
        if server.has(Flaw::KeepsTheFirstLifetime) {
            kept.until = entries.get(&key).map_or(kept.until, |old| old.until);
        }
        lock(&self.read).remove(&joined(&[&scope, &key]));
        entries.insert(key, kept);
        drop(state);
        if server.loses() { Err(unavailable()) } else { Ok(true) }
    }

    async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.server.reached("nothing").await?;
        let mut state = lock(&self.server.state);
        state.attempts.remove(&self.server.visit(visit));
        state.counts.remove(&self.server.visit(visit));
        if self.server.has(Flaw::LeavesEveryRound) {
            state.attempts.remove(&self.server.visit(&visit.next()));
        }
        Ok(())
    }
}

impl Client {
    fn write(&self, state: &mut State, visit: &Visit, writes: &[Write]) {
        for Write { name, json } in writes {
            let key = self.server.variable(&visit.tenant, &visit.journey, name);
            match json {
                Some(json) if self.server.has(Flaw::RewritesJson) => {
                    let read = serde_json::from_str::<serde_json::Value>(json).map(|json| json.to_string());
                    state.variables.insert(key, read.unwrap_or_default());
                }
                Some(json) => {
                    state.variables.insert(key, json.clone());
                }
                None => {
                    state.variables.remove(&key);
                }
            }
        }
    }

    /// What is said of a change before anything of it is done; none where it is to be done.
    fn judged(&self, state: &State, visit: &Visit, change: &Change) -> Option<Applied> {
        let server = &self.server;
        let stand = state.visits.get(&server.stand(visit))?;
        let is_over = server.has(Flaw::SettlesForAWhile) && stand.is_over(state.now);
        if let Some((id, _)) = stand.settlement.as_ref().filter(|_| !is_over) {
            let is_known = *id == change.id && !server.has(Flaw::KnowsNoIds);
            return Some(if is_known { Applied::Yes } else { Applied::Settled });
        }
        let is_pending = stand.pending_until > state.now && !server.has(Flaw::KnowsNothingPending);
        (is_pending && matches!(change.effect, Effect::SettleUnlessPending(_))).then_some(Applied::Pending)
    }

    fn settle(&self, state: &mut State, visit: &Visit, change: &Change) {
        let server = &self.server;
        let of = [server.named(&visit.tenant), server.named(&visit.journey)];
        let now = state.now;
        let stand = state.visits.entry(server.stand(visit)).or_default();
        stand.of = Some(of);
        match &change.effect {
            Effect::Wait { expires_in } => {
                let seconds = if server.has(Flaw::WaitsInSigned) {
                    i64::from(expires_in.cast_signed()).max(0) as u64
                } else {
                    (*expires_in).into()
                };
                let until = now + Duration::from_secs(seconds);
                let longest = stand.pending_until.max(until);
                stand.pending_until = if server.has(Flaw::WaitsForTheLastAlone) { until } else { longest };
                state.waits.insert(change.id);
            }
            Effect::Settle(settlement) | Effect::SettleUnlessPending(settlement) => {
                let mut settlement = settlement.clone();
                if let Settlement::Failed(failed) = &mut settlement
                    && server.has(Flaw::DropsStatus)
                {
                    failed.failure.provider.status = None;
                }
                stand.settlement = Some((change.id, settlement));
            }
        }
    }

    /// Where the visit's turn is another change's, whoever comes is too late.
    fn enters(&self, visit: &Visit) -> bool {
        lock(&self.server.state).busy.insert(self.server.stand(visit))
    }
}

#[async_trait]
impl Journeys for Client {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        let server = &self.server;
        let value = change.writes.iter().find_map(|write| write.json.clone()).unwrap_or_default();
        server.reached(&value).await?;
        if server.has(Flaw::DropsChangesThatLost) && server.loses() {
            return Ok(Applied::Settled);
        }
        if change.writes.iter().any(|write| write.json.as_ref().is_some_and(|json| json.len() > LONGEST)) {
            if server.has(Flaw::WritesUntilTooLarge) {
                let fits: Vec<_> = change
                    .writes
                    .iter()
                    .filter(|write| write.json.as_ref().is_some_and(|json| json.len() < 9))
                    .cloned()
                    .collect();
                self.write(&mut lock(&server.state), visit, &fits);
            }
            return Err(StoreError::TooLarge);
        }
        let mut writes = change.writes.clone();
        if server.has(Flaw::FirstWriteCounts) {
            writes.reverse();
        }
        let is_wait = matches!(change.effect, Effect::Wait { .. });
        let is_again = is_wait && lock(&server.state).waits.contains(&change.id);
        if server.has(Flaw::RepeatsWaits) && is_again {
            self.write(&mut lock(&server.state), visit, &writes);
            return Ok(Applied::Yes);
        }
        if server.has(Flaw::SaysSettledWhileBusy) {
            if !self.enters(visit) {
                return Ok(Applied::Settled);
            }
            yield_now().await;
            lock(&server.state).busy.remove(&server.stand(visit));
        }
        if server.has(Flaw::LetsLateBeginsClear) && is_wait {
            self.write(&mut lock(&server.state), visit, &writes);
        }
        let said = self.judged(&lock(&server.state), visit, change);
        if let Some(said) = said {
            return Ok(said);
        }
        let checks_first = match &change.effect {
            Effect::Settle(_) => server.has(Flaw::SettlesInTwoCommands),
            Effect::Wait { .. } => server.has(Flaw::WaitsInTwoCommands),
            Effect::SettleUnlessPending(_) => server.has(Flaw::LooksForPendingFirst),
        };
        if checks_first {
            yield_now().await;
        }
        let is_torn = server.has(Flaw::WritesOneByOne) && !is_wait;
        {
            let mut state = lock(&server.state);
            if !checks_first && let Some(said) = self.judged(&state, visit, change) {
                return Ok(said);
            }
            self.settle(&mut state, visit, change);
            self.write(&mut state, visit, if is_torn { &[] } else { &writes });
        }
        for write in writes.chunks(1).filter(|_| is_torn) {
            yield_now().await;
            self.write(&mut lock(&server.state), visit, write);
        }
        if server.loses() { Err(unavailable()) } else { Ok(Applied::Yes) }
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let server = &self.server;
        server.reached("nothing").await?;
        let state = lock(&server.state);
        let variable = server.variable(&visit.tenant, &visit.journey, &format!("settlement:{}:{}", visit.step, visit.round));
        if server.has(Flaw::KeepsSettlementsAsVariables) && state.variables.contains_key(&variable) {
            return Ok(Some(super::super::ground::authenticated("somebody")));
        }
        let stand = state.visits.get(&server.stand(visit));
        let is_over = |stand: &&Stand| server.has(Flaw::SettlesForAWhile) && stand.is_over(state.now);
        Ok(stand
            .filter(|stand| !is_over(stand))
            .and_then(|stand| stand.settlement.as_ref())
            .map(|(_, settlement)| settlement.clone()))
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.server.reached("nothing").await?;
        Ok(lock(&self.server.state).variables.get(&self.server.variable(tenant, journey, name)).cloned())
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        let server = &self.server;
        server.reached("nothing").await?;
        let (tenant, journey) = (server.named(tenant), server.named(journey));
        let own = joined(&[&tenant, &journey]);
        let mut state = lock(&server.state);
        state.variables.retain(|[of, _], _| *of != own);
        let is_of_it = |[of, name]: &[String; 2]| match server.has(Flaw::ForgetsByPrefix) {
            true => *of == tenant && name.starts_with(&journey),
            false => *of == tenant && *name == journey,
        };
        state.visits.retain(|_, stand| !stand.of.as_ref().is_some_and(is_of_it));
        Ok(())
    }
}

#[async_trait]
impl TenantCache for Client {
    async fn get(&self, scope: &CacheScope, key: &str) -> Result<Option<String>, StoreError> {
        let server = &self.server;
        server.reached("nothing").await?;
        let key = server.scope(scope, key);
        let known = lock(&self.cached).get(&key).cloned();
        if let Some(known) = known.filter(|_| server.has(Flaw::RemembersCacheReads)) {
            return Ok(known);
        }
        let state = lock(&server.state);
        let kept = state.cache.get(&key).filter(|kept| kept.until > state.now || server.has(Flaw::CachesForEver));
        let value = kept.map(|kept| kept.value.clone());
        lock(&self.cached).insert(key, value.clone());
        Ok(value)
    }

    async fn put(&self, scope: &CacheScope, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let server = &self.server;
        server.reached(value).await?;
        if value.len() > LONGEST && !server.has(Flaw::CutsCachedValues) {
            return Err(StoreError::TooLarge);
        }
        let value = if value.len() > LONGEST { &value[..LONGEST] } else { value };
        let value = if server.has(Flaw::CachesLowerCase) { value.to_lowercase() } else { value.to_owned() };
        let key = server.scope(scope, key);
        let mut state = lock(&server.state);
        let until = state.now + Duration::from_secs(lifetime.into());
        lock(&self.cached).remove(&key);
        state.cache.insert(key, Kept { value, revision: String::new(), until });
        Ok(())
    }
}
