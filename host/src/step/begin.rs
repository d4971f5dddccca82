//! One run of `begin`: what the step says is applied, and then told.

use super::applying::InEffect;
use super::called::{Begun, Called};
use super::turn::Turn;
use super::{Step, unrun};

use crate::callbacks::CallbackRefused;
use crate::description::Description;
use crate::outcome::{Failed, Failure};
use crate::sandbox::bindings::exports::journey::step::redirect as wit;
use crate::sandbox::call::{Ran, run};
use crate::sandbox::convert;
use crate::stores::{Applied, Effect, Settlement};
use crate::visit::{Invocation, Visit};

impl Step {
    /// In the turn that it waited for.
    pub(super) async fn begin_now(&self, turn: &Turn, visit: &Visit, invocation: &Invocation) -> Called<Begun> {
        match self.settlement(turn, visit).await {
            Ok(None) => {}
            Ok(Some(_)) => return unrun(Begun::TooLate(Failure::too_late())),
            Err(_) => return unrun(Begun::Busy),
        }
        let argument = convert::invocation(visit, invocation);
        let ran = run(&turn.compiled, &self.limits, turn.deadline, async |sandbox, store| {
            let description = self.link(sandbox, store, turn, visit, &argument).await?;
            match self.judge_callback(visit, invocation, &description) {
                Ok(()) => sandbox.begin(store, &argument).await.map(Ok),
                Err(refused) => Ok(Err(refused)),
            }
        })
        .await;
        let Ran { result, description, writes, usage, .. } = ran;
        let (said, trapped, event_data) = match result {
            Ok(Ok(begun)) => (Ok(begun.outcome), None, begun.event_data),
            Ok(Err(refused)) => (Err(Failure::callback_refused(refused)), None, None),
            Err(trapped) => (Err(Failure::step_trapped(visit.round)), Some(trapped), None),
        };
        let (outcome, writes) = match said {
            Ok(wit::BeginOutcome::Redirect(request)) => (Ok(request), writes),
            Ok(wit::BeginOutcome::Failed(failure)) => (Err(Failure::from(failure)), writes),
            Err(failure) => {
                let writes = self.writes_of_the_host(&description, &failure);
                (Err(failure), writes)
            }
        };
        let until = turn.apply_until;
        let (outcome, effect) = match outcome {
            Ok(request) => {
                let effect = Effect::Wait { expires_in: request.expires_in };
                (Begun::Redirect(request.into()), effect)
            }
            Err(failure) => {
                let failed = Failed { failure, behavior: description.failure_behavior };
                (Begun::Failed(failed.clone()), Effect::SettleUnlessPending(Settlement::Failed(failed)))
            }
        };
        let InEffect { applied, instead } = self.apply(visit, writes, effect, &description, until).await;
        let event_data = event_data.filter(|_| instead.is_none());
        let outcome = instead.map_or(outcome, Begun::Failed);
        match applied {
            Ok(Applied::Yes) => Called { outcome, trapped, event_data, usage },
            Ok(Applied::Pending) => {
                let outcome = match outcome {
                    Begun::Failed(failed) => Begun::Refused(failed.failure),
                    other => other,
                };
                Called { outcome, trapped, event_data: None, usage }
            }
            Ok(Applied::Settled) => Called { outcome: Begun::TooLate(Failure::too_late()), trapped, event_data: None, usage },
            Err(error) => Called { outcome: Begun::Unknown(error), trapped, event_data: None, usage },
        }
    }

    /// Documents with problems are the step's to refuse: it names the first of them, and contacts nothing.
    fn judge_callback(&self, visit: &Visit, invocation: &Invocation, description: &Description) -> Result<(), CallbackRefused> {
        match description.callback_url.as_ref().filter(|_| description.problems.is_empty()) {
            Some(url) => self.services.callbacks.judge(url, &visit.tenant, &invocation.connector_id),
            None => Ok(()),
        }
    }
}
