//! Where a promise is judged: connections, visits that nobody else has, time that passes, races.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::report::{Unheld, broken};
use super::subject::{Connection, Network, Powerless, Subject, Time};
use crate::outcome::{Authentication, Category, Failed, Failure, FailureBehavior, ProviderAnswer};
use crate::stores::{Applied, Attempts, Change, ChangeId, Effect, Journeys, Settlement, TenantCache, Write};
use crate::visit::Visit;

/// Connections to one store.
pub(super) const CONNECTIONS: usize = 3;

/// Tasks of a race.
const RACERS: usize = 12;

/// How long a store may need until it works again.
const RECOVERY: Duration = Duration::from_secs(30);

/// Seconds that entries live where they are to expire while the kit waits: as short as a machine is fast.
const LIFETIMES: [u32; 4] = [2, 6, 20, 60];

/// How much later than it should something may be gone: databases round, and have clocks of their own.
const GRACE: Duration = Duration::from_millis(600);

/// What the promises stand on.
#[derive(Clone)]
pub(super) struct Ground {
    pub subject: Arc<dyn Subject>,
    connections: Arc<[Connection]>,
    /// No other run's.
    run: Arc<str>,
    /// No other promise's.
    name: &'static str,
}

impl Ground {
    /// # Errors
    ///
    /// Where the store can't be reached.
    pub(super) async fn new(subject: Arc<dyn Subject>) -> Result<Self, String> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(subject.connect().await?);
        }
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(|error| error.to_string())?;
        let run = u64::from_be_bytes(run);
        Ok(Self { subject, connections: connections.into(), run: format!("kit-{run:016x}").into(), name: "" })
    }

    pub(super) fn of(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    /// As many as there are connections.
    pub(super) fn attempts(&self) -> Result<Vec<Arc<dyn Attempts>>, Unheld> {
        self.each("attempts", |connection| connection.attempts.clone())
    }

    /// As many as there are connections.
    pub(super) fn journeys(&self) -> Result<Vec<Arc<dyn Journeys>>, Unheld> {
        self.each("journeys", |connection| connection.journeys.clone())
    }

    /// As many as there are connections.
    pub(super) fn caches(&self) -> Result<Vec<Arc<dyn TenantCache>>, Unheld> {
        self.each("cache", |connection| connection.cache.clone())
    }

    fn each<T>(&self, what: &str, of: impl Fn(&Connection) -> Option<T>) -> Result<Vec<T>, Unheld> {
        let found: Option<Vec<T>> = self.connections.iter().map(of).collect();
        found.ok_or_else(|| Unheld::NotClaimed(format!("a store of {what}")))
    }

    /// A tenant of this run and promise alone.
    pub(super) fn tenant(&self) -> String {
        format!("{}-{}", self.run, self.name)
    }

    /// A visit of this run and promise alone.
    pub(super) fn visit(&self, journey: &str) -> Visit {
        Visit::first(&self.tenant(), &format!("{}-{}-{journey}", self.run, self.name), "login")
    }

    /// # Errors
    ///
    /// Where the subject can't, or fails.
    pub(super) async fn network(&self, network: Network) -> Result<(), Unheld> {
        self.subject.network(network).await.map_err(|error| powerless("a network to break (`Subject::network`)", error))
    }

    /// # Errors
    ///
    /// Where the subject can't, or fails.
    pub(super) async fn restart(&self) -> Result<(), Unheld> {
        self.subject.restart().await.map_err(|error| powerless("a server to restart (`Subject::restart`)", error))
    }

    /// Asks until the store answers, as a host does.
    ///
    /// # Errors
    ///
    /// Where it doesn't recover.
    pub(super) async fn recovers<T>(&self, ask: impl AsyncFn() -> Result<T, crate::stores::StoreError>) -> Result<T, Unheld> {
        let until = Instant::now() + RECOVERY;
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) if Instant::now() >= until => {
                    let seen = format!("for {} s: {error}", RECOVERY.as_secs());
                    return Err(broken("a connection that recovers by itself", seen));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Judges what happens around the end of a lifetime.
    ///
    /// # Errors
    ///
    /// As the judge says; also where the machine is too slow for it.
    pub(super) async fn around_the_end(&self, judge: impl AsyncFn(&Pace) -> Result<(), Unheld>) -> Result<(), Unheld> {
        if self.subject.time() == Time::Moved {
            let (before, after) = (Duration::from_secs(59), Duration::from_secs(1));
            return judge(&Pace { lifetime: 60, before, after, since: None, subject: Arc::clone(&self.subject) }).await;
        }
        for lifetime in LIFETIMES {
            let (before, whole) = (Duration::from_secs(lifetime.into()) / 4, Duration::from_secs(lifetime.into()));
            let since = Some(Instant::now());
            let after = whole - before + GRACE;
            match judge(&Pace { lifetime, before, after, since, subject: Arc::clone(&self.subject) }).await {
                Err(Unheld::TooSlow) => {}
                judged => return judged,
            }
        }
        Err(broken("a store that answers soon enough to be judged", format!("{LIFETIMES:?} s were too short")))
    }
}

fn powerless(lacks: &str, error: Powerless) -> Unheld {
    match error {
        Powerless::NotClaimed => Unheld::NotClaimed(lacks.to_owned()),
        Powerless::Failed(why) => broken("a subject that does what it offers", why),
    }
}

/// How long something lives while it is judged.
pub(super) struct Pace {
    /// Seconds.
    pub lifetime: u32,
    before: Duration,
    after: Duration,
    /// Before anything was put; none where time stands still.
    since: Option<Instant>,
    subject: Arc<dyn Subject>,
}

impl Pace {
    /// Lets time pass until the end is near.
    pub(super) async fn nearly(&self) {
        self.subject.advance(self.before).await;
    }

    /// Lets the rest of it pass.
    pub(super) async fn wholly(&self) {
        self.subject.advance(self.after).await;
    }

    /// What was seen just now was seen before the end.
    ///
    /// # Errors
    ///
    /// Where that isn't certain.
    pub(super) fn in_time(&self) -> Result<(), Unheld> {
        let is_over = self.since.is_some_and(|since| since.elapsed() >= Duration::from_secs(self.lifetime.into()));
        if is_over { Err(Unheld::TooSlow) } else { Ok(()) }
    }
}

/// Runs so many calls at once, over the connections in turn, and collects what each came to.
pub(super) async fn race<C, T, F>(connections: &[C], racer: impl Fn(usize, C) -> F) -> Result<Vec<T>, Unheld>
where
    C: Clone,
    T: Send + 'static,
    F: Future<Output = Result<T, crate::stores::StoreError>> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let mut tasks = JoinSet::new();
    for (number, connection) in (0..RACERS).zip(connections.iter().cycle()) {
        let (start, racer) = (Arc::clone(&start), racer(number, connection.clone()));
        tasks.spawn(async move {
            start.wait().await;
            (number, racer.await)
        });
    }
    let mut answers: Vec<Option<T>> = (0..RACERS).map(|_| None).collect();
    while let Some(joined) = tasks.join_next().await {
        let (number, answer) = joined.map_err(|error| broken("a store that doesn't panic", error.to_string()))?;
        answers[number] = Some(answer?);
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Two calls at once. They take turns at being the first: on one thread, a call that lets others go first then meets the other
/// one.
pub(super) async fn together<A, B>(
    turn: usize,
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> Result<(A, B), Unheld>
where
    A: Send + 'static,
    B: Send + 'static,
{
    let panicked = |error: tokio::task::JoinError| broken("a store that doesn't panic", error.to_string());
    let start = Arc::new(Barrier::new(2));
    let at_once = Arc::clone(&start);
    let one = async move {
        at_once.wait().await;
        one.await
    };
    let other = async move {
        start.wait().await;
        other.await
    };
    // Whoever comes to the barrier last goes on at once.
    let (one, other) = if (turn / 2).is_multiple_of(2) {
        let other = tokio::spawn(other);
        (tokio::spawn(one), other)
    } else {
        (tokio::spawn(one), tokio::spawn(other))
    };
    Ok((one.await.map_err(panicked)?, other.await.map_err(panicked)?))
}

/// A change with a fresh id.
///
/// # Errors
///
/// Where there are no random bytes.
pub(super) fn change(writes: &[(&str, Option<&str>)], effect: Effect) -> Result<Change, Unheld> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| broken("random bytes", error.to_string()))?;
    let write = |(name, json): &(&str, Option<&str>)| Write { name: (*name).to_owned(), json: json.map(str::to_owned) };
    Ok(Change { id: ChangeId(id), writes: writes.iter().map(write).collect(), effect })
}

/// Applies it, where it must be applied.
pub(super) async fn apply(journeys: &Arc<dyn Journeys>, visit: &Visit, change: &Change) -> Result<(), Unheld> {
    super::report::expect("the change is applied", journeys.apply(visit, change).await?, Applied::Yes)
}

/// Of a user who is named so.
pub(super) fn authenticated(subject: &str) -> Settlement {
    Settlement::Authenticated(Authentication {
        user_pool_id: "eu-west-1_AbCdEf123".to_owned(),
        subject: subject.to_owned(),
        issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123".to_owned(),
    })
}

/// With this message.
pub(super) fn failed(message: &str) -> Settlement {
    Settlement::Failed(Failed {
        failure: Failure {
            code: "storage_failed".to_owned(),
            category: Category::System,
            message: message.to_owned(),
            retryable: true,
            path: None,
            provider: ProviderAnswer::default(),
        },
        behavior: FailureBehavior::FailureBranch,
    })
}
