//! Putting an outcome into effect: the one act that counts, repeated under one id where its answer was lost.

use std::time::Duration;

use tokio::time::Instant;

use super::Step;
use crate::description::Description;
use crate::outcome::{Failed, Failure};
use crate::stores::{Applied, Change, ChangeId, Effect, Settlement, StoreError, Write};
use crate::visit::Visit;

/// The first pause between two tries, and the longest one: a store that comes back soon is found soon, and one that is down isn't
/// pressed.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What became of an outcome.
pub(super) struct InEffect {
    pub applied: Result<Applied, StoreError>,
    /// What was applied in its place, where the store took its writes for nothing that it would keep.
    pub instead: Option<Failed>,
}

impl Step {
    /// Applies the writes and the effect in one act, and tries until that time where the store doesn't answer. A store that says
    /// no is told of that failure instead, with the error variable alone, and in need without it: a visit must have an end.
    pub(super) async fn apply(
        &self,
        visit: &Visit,
        writes: Vec<Write>,
        effect: Effect,
        description: &Description,
        until: Instant,
    ) -> InEffect {
        let is_too_large = match self.try_to_apply(visit, writes, effect.clone(), until).await {
            Err(StoreError::TooLarge) => true,
            Err(StoreError::Refused(_)) => false,
            applied => return InEffect { applied, instead: None },
        };
        let failure = Failure::not_stored(is_too_large, visit.round);
        let error = Write { name: description.error_variable.clone(), json: Some(failure.to_error_variable()) };
        let failed = Failed { failure, behavior: description.failure_behavior };
        let settlement = Settlement::Failed(failed.clone());
        let effect = match effect {
            Effect::Settle(_) => Effect::Settle(settlement),
            Effect::Wait { .. } | Effect::SettleUnlessPending(_) => Effect::SettleUnlessPending(settlement),
        };
        let mut applied = self.try_to_apply(visit, vec![error], effect.clone(), until).await;
        if matches!(applied, Err(StoreError::TooLarge | StoreError::Refused(_))) {
            applied = self.try_to_apply(visit, Vec::new(), effect, until).await;
        }
        InEffect { applied, instead: Some(failed) }
    }

    /// # Errors
    /// The store's last word. After `Unavailable`, whether the change is in effect is unknown.
    async fn try_to_apply(
        &self,
        visit: &Visit,
        writes: Vec<Write>,
        effect: Effect,
        until: Instant,
    ) -> Result<Applied, StoreError> {
        let mut id = [0; 16];
        self.services.random.fill(&mut id).map_err(|_| StoreError::Unavailable("no random bytes".to_owned()))?;
        let change = Change { id: ChangeId(id), writes, effect };
        let mut patience = Patience::until(until);
        loop {
            match patience.answer(self.services.journeys.apply(visit, &change)).await {
                Err(StoreError::Unavailable(_)) if patience.is_left().await => {}
                answer => return answer,
            }
        }
    }
}

/// Waiting for a store that doesn't answer, up to a time.
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn until(until: Instant) -> Self {
        Self { until, pause: FIRST_PAUSE }
    }

    /// The store's answer. One that never comes is an unavailable store.
    pub(super) async fn answer<T>(&self, ask: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, StoreError> {
        let answer = tokio::time::timeout_at(self.until, ask).await;
        answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".to_owned())))
    }

    /// Pauses. False where there is no time for another try.
    pub(super) async fn is_left(&mut self) -> bool {
        if Instant::now() + self.pause >= self.until {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
