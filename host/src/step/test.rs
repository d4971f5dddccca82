//! One test of a connection: in a sandbox, bounded like any call, and with nothing at hand but the network, the time and random
//! bytes.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::called::{Called, Tested};
use super::rate::{Of, TestRate, Tests};
use super::turn::Turn;
use super::{Step, unrun};

use crate::connection::{SecretForTest, Target};
use crate::description::Description;
use crate::sandbox::call::{Ran, run};
use crate::sandbox::engine::Compiled;
use crate::sandbox::shares::Phase;
use crate::sandbox::state::{Authority, Purpose};
use crate::sandbox::trapped::Trapped;
use crate::stores::CacheScope;
use crate::visit::{ClientSecret, Visit};

impl Step {
    /// The same with another rate of tests. The clones of a step share what was counted.
    #[must_use]
    pub fn with_test_rate(&self, rate: TestRate) -> Self {
        Self { tests: Arc::new(Tests::new(rate)), ..self.clone() }
    }

    /// What a host has to know of a connector ahead of a test, and keeps with a client secret that it stores. None where the
    /// connector isn't valid. Counts as a `begin` of this tenant.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here; [`Cause::Busy`](crate::Cause::Busy) where nothing
    /// ran.
    pub async fn target(&self, tenant: &str, connector: &str) -> Result<Option<Target>, Trapped> {
        let described = self.pure("target", tenant, async |sandbox, store| sandbox.target(store, connector).await);
        Ok(described.await?.map(Target::from))
    }

    /// Finds out what is wrong with a connector, without a user. `settings`: none where only the connector is to be tested.
    ///
    /// Only who may edit the connector may have it tested. It counts as a `begin` of this tenant, and against the [`TestRate`].
    /// It may contact the test's own origins ([`Description::test_origins`](crate::Description)), as far as the tenant's operator
    /// permits.
    ///
    /// ```no_run
    /// # async fn example(step: journey_host::Step, connector: &str, edited: &str) -> Result<(), journey_host::wasmtime::Error> {
    /// use journey_host::{ClientSecret, SecretForTest, SecretUse, StoredSecret, Tested};
    ///
    /// // When a connector is saved, together with its client secret.
    /// let target = step.target("acme", connector).await?.expect("a connector that is valid");
    /// let kept = target.secret_use.as_str().to_owned();
    ///
    /// // When it is tested, by whoever may edit it.
    /// let stored = StoredSecret::new(ClientSecret::new("from the vault"), SecretUse::stored(kept));
    /// match step.test("acme", None, edited, SecretForTest::Stored(&stored)).await.outcome {
    ///     Tested::Findings(findings) => findings.iter().for_each(|finding| println!("{}: {}", finding.check, finding.message)),
    ///     Tested::SecretNeeded => println!("ask for the secret, and test with `SecretForTest::Entered`"),
    ///     Tested::TooOften(_) | Tested::Busy => println!("429, or 503: try again"),
    ///     Tested::Ended => println!("the log says why"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test(&self, tenant: &str, settings: Option<&str>, connector: &str, secret: SecretForTest<'_>) -> Called<Tested> {
        let compiled = self.current();
        let told = self.telling_of_test(&compiled, tenant);
        let span = told.span();
        told.of_test(self.test_now(compiled, tenant, settings, connector, secret).instrument(span).await)
    }

    async fn test_now(
        &self,
        compiled: Compiled,
        tenant: &str,
        settings: Option<&str>,
        connector: &str,
        secret: SecretForTest<'_>,
    ) -> Called<Tested> {
        if let Err(left) = self.tests.take(Of::Tenant(tenant.to_owned()), Instant::now()) {
            return unrun(Tested::TooOften(left));
        }
        let Ok(mut turn) = Turn::take(compiled, &self.limits, tenant, Phase::Begin) else {
            return unrun(Tested::Busy);
        };
        if turn.comes().await.is_err() {
            return Called { usage: turn.usage(&[]), ..unrun(Tested::Busy) };
        }
        let ran = run(&turn.compiled, &self.limits, turn.deadline, async |sandbox, store| {
            let described = sandbox.describe(store, settings.unwrap_or("{}"), connector).await?;
            let target = sandbox.target(store, connector).await?.map(Target::from);
            let secret = match judge_secret(secret, target.as_ref()) {
                Ok(secret) => secret.map(ClientSecret::reveal),
                Err(refused) => return Ok(refused),
            };
            if let Some(Target { directory, .. }) = target
                && let Err(left) = self.tests.take(Of::Directory(directory), Instant::now())
            {
                return Ok(Tested::TooOften(left));
            }
            let description = Description::from(described);
            let description = Arc::new(Description { origins: description.test_origins.clone(), ..description });
            let authority = Authority {
                services: self.services.clone(),
                visit: Visit { tenant: tenant.to_owned(), journey: String::new(), step: String::new(), round: 0 },
                cache: CacheScope::new(turn.compiled.name(), tenant),
                description,
                purpose: Purpose::Test,
            };
            store.data_mut().authority = Some(Arc::new(authority));
            let findings = sandbox.test(store, settings, connector, secret).await?;
            Ok(Tested::Findings(findings.into_iter().map(Into::into).collect()))
        });
        let Ran { result, usage, .. } = ran.await;
        let (outcome, trapped) = match result {
            Ok(outcome) => (outcome, None),
            Err(trapped) => (Tested::Ended, Some(trapped)),
        };
        Called { outcome, trapped, event_data: None, usage: turn.usage(&[usage]) }
    }
}

/// A stored secret goes where it was saved to go, and nowhere else. A connector that can't be read contacts nothing, and needs
/// none.
fn judge_secret<'a>(secret: SecretForTest<'a>, target: Option<&Target>) -> Result<Option<&'a ClientSecret>, Tested> {
    match (secret, target) {
        (SecretForTest::None, _) | (SecretForTest::Stored(_), None) => Ok(None),
        (SecretForTest::Entered(secret), _) => Ok(Some(secret)),
        (SecretForTest::Stored(stored), Some(target)) => stored.for_use(&target.secret_use).map(Some).ok_or(Tested::SecretNeeded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{SecretUse, StoredSecret};

    #[test]
    fn a_stored_secret_is_passed_for_its_own_use_alone_and_an_entered_one_for_any() {
        let secret = ClientSecret::new("secret");
        let target = |text: &str| Target { directory: "pool".to_owned(), secret_use: SecretUse::stored(text) };
        let stored = StoredSecret::new(secret.clone(), SecretUse::stored("use"));
        for (given, target, judged) in [
            (SecretForTest::Stored(&stored), Some(target("use")), Ok(Some(&secret))),
            (SecretForTest::Stored(&stored), Some(target("another use")), Err(Tested::SecretNeeded)),
            (SecretForTest::Stored(&stored), None, Ok(None)),
            (SecretForTest::Entered(&secret), Some(target("another use")), Ok(Some(&secret))),
            (SecretForTest::Entered(&secret), None, Ok(Some(&secret))),
            (SecretForTest::None, Some(target("use")), Ok(None)),
        ] {
            assert_eq!(judge_secret(given, target.as_ref()), judged, "{given:?} {target:?}");
        }
    }
}
