//! One run of `complete`: what the step says is applied, and then told.

use super::applying::InEffect;
use super::called::{Called, Completed};
use super::turn::Turn;
use super::{Step, unrun};

use crate::outcome::{Failed, Failure};
use crate::response::AuthorizationResponse;
use crate::sandbox::bindings::exports::journey::step::redirect as wit;
use crate::sandbox::call::{Ran, run};
use crate::sandbox::convert;
use crate::stores::{Applied, Effect, Settlement};
use crate::visit::{ClientSecret, Invocation, Visit};

impl Step {
    /// In the turn that it waited for.
    pub(super) async fn complete_now(
        &self,
        turn: &Turn,
        visit: &Visit,
        invocation: &Invocation,
        secret: Option<&ClientSecret>,
        response: &AuthorizationResponse,
    ) -> Called<Completed> {
        match self.settlement(turn, visit).await {
            Ok(None) => {}
            Ok(Some(_)) => return unrun(Completed::TooLate(Failure::too_late())),
            Err(_) => return unrun(Completed::Busy),
        }
        // Before the step compares it with its attempt's: that one may have been begun when the URL was this connector's.
        if let AuthorizationResponse::Query(arrival) | AuthorizationResponse::FormPost(arrival) = response
            && !self.services.callbacks.owns(&arrival.url, &visit.tenant, &invocation.connector_id)
        {
            return unrun(Completed::Ignored(Failure::callback_mismatch()));
        }
        let argument = convert::invocation(visit, invocation);
        let ran = run(&turn.compiled, &self.limits, turn.deadline, async |sandbox, store| {
            self.link(sandbox, store, turn, visit, &argument).await?;
            let secret = secret.map(ClientSecret::reveal);
            sandbox.complete(store, &argument, secret, &response.into()).await
        })
        .await;
        let Ran { result, description, writes, replaced, usage } = ran;
        let failed = |failure| Failed { failure, behavior: description.failure_behavior };
        let (outcome, writes, trapped, event_data) = match result {
            Ok(completed) => {
                let outcome = match completed.outcome {
                    wit::CompleteOutcome::Authenticated(who) => Completed::Authenticated(who.into()),
                    wit::CompleteOutcome::Failed(failure) => Completed::Failed(failed(failure.into())),
                    wit::CompleteOutcome::Ignored(failure) => Completed::Ignored(failure.into()),
                };
                (outcome, writes, None, completed.event_data)
            }
            Err(trapped) => {
                let failure = Failure::step_trapped(visit.round);
                // Junk that runs into a limit must not end somebody's login.
                let outcome = match replaced || matches!(response, AuthorizationResponse::Abandoned(_)) {
                    true => Completed::Failed(failed(failure.clone())),
                    false => Completed::Ignored(failure.clone()),
                };
                (outcome, self.writes_of_the_host(&description, &failure), Some(trapped), None)
            }
        };
        let settlement = match &outcome {
            Completed::Authenticated(who) => Settlement::Authenticated(who.clone()),
            Completed::Failed(failed) => Settlement::Failed(failed.clone()),
            Completed::Ignored(_) | Completed::TooLate(_) | Completed::Busy | Completed::Unknown(_) => {
                return Called { outcome, trapped, event_data: None, usage };
            }
        };
        let InEffect { applied, instead } =
            self.apply(visit, writes, Effect::Settle(settlement), &description, turn.apply_until).await;
        let event_data = event_data.filter(|_| instead.is_none());
        let outcome = instead.map_or(outcome, Completed::Failed);
        match applied {
            Ok(Applied::Yes) => Called { outcome, trapped, event_data, usage },
            // A settlement has no condition but that there is none.
            Ok(Applied::Settled | Applied::Pending) => {
                Called { outcome: Completed::TooLate(Failure::too_late()), trapped, event_data: None, usage }
            }
            Err(error) => Called { outcome: Completed::Unknown(error), trapped, event_data: None, usage },
        }
    }
}
