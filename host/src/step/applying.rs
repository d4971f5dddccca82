//! Putting an outcome into effect: the one act that counts, repeated under one id where its answer was lost.

use std::time::Duration;

use tokio::time::Instant;

use super::Step;
use crate::stores::{Applied, Change, ChangeId, Effect, StoreError, Write};
use crate::visit::Visit;

/// The first pause between two tries, and the longest one: a store that comes back soon is found soon, and one that is down isn't pressed.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Step {
    /// Applies the writes and the effect in one act, and tries until that time where the store doesn't answer.
    ///
    /// # Errors
    /// The store's last word. After `Unavailable`, whether the change is in effect is unknown.
    pub(super) async fn apply(
        &self,
        visit: &Visit,
        writes: Vec<Write>,
        effect: Effect,
        until: Instant,
    ) -> Result<Applied, StoreError> {
        let mut id = [0; 16];
        self.services.random.fill(&mut id).map_err(|_| StoreError::Unavailable("no random bytes".to_owned()))?;
        let change = Change { id: ChangeId(id), writes, effect };
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.apply_once(visit, &change, until).await {
                Err(error @ StoreError::Unavailable(_)) => error,
                // The store's answer, or a no that stays one.
                result => return result,
            };
            if Instant::now() + pause >= until {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A store that never answers is unavailable.
    async fn apply_once(&self, visit: &Visit, change: &Change, until: Instant) -> Result<Applied, StoreError> {
        let answer = tokio::time::timeout_at(until, self.services.journeys.apply(visit, change)).await;
        answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".to_owned())))
    }
}
