//! The calls of the step, each held to what the step described ahead, and what becomes of its outcome.

use serde_json::json;

use crate::{
    bindings::{
        example::wasi_http::call::{self, Scope},
        journey::step::{
            redirect::{
                self, Abandonment, AbandonmentReason, AuthorizationRequest, AuthorizationResponse, BeginOutcome, Category,
                CompleteOutcome, Failure, Invocation, ResponseMode,
            },
            settings::{self, Description, FailureBehavior},
        },
    },
    configuration::Configuration,
    cookie::Secret,
    log::log,
    sessions::{self, Session},
    store::{Store, Unavailable},
    visit::{Attempt, Effects, Ended, Refusal},
};

/// What `begin` came to.
pub(crate) enum Begun {
    /// Send the user agent away; with a cookie where the response will be a cross-site POST.
    Redirect(AuthorizationRequest, Option<Secret>),
    /// The visit says the rest.
    Shown,
}

/// What `complete` came to.
pub(crate) enum Completed {
    /// The visit says the rest; with a new session where the user has logged in.
    Shown(Option<Secret>),
    /// The store failed before anything was sent: the same response may come again.
    AskAgain,
}

pub(crate) fn begin(configuration: &Configuration, store: &Store, session: &Session) -> Result<Begun, Unavailable> {
    let description = settings::describe(&configuration.settings, &configuration.connector);
    let now = sessions::now();
    if description.callback_url.as_deref() != Some(configuration.callback_url().as_str()) {
        told("begin", "failed, callback_refused");
        let effects = Effects { writes: callback_refused(&description), attempts: Vec::new() };
        let failed = store.act(&session.place, |act, visit| {
            visit.fail_to_begin(act, effects.clone(), client_code(&description, "callback_refused", false), now)
        })?;
        return Ok(refused("begin", failed.map(drop)));
    }

    call::open(&scope(configuration, &description, session));
    let begun = redirect::begin(&invocation(configuration, session));
    let mut effects = effects();
    match begun.outcome {
        BeginOutcome::Redirect(request) => {
            told("begin", "redirect");
            let alias = match request.response_mode {
                ResponseMode::Query => None,
                ResponseMode::FormPost => Some(sessions::alias(store, session)?),
            };
            effects.attempts.extend(alias.iter().map(|(_, place)| place.clone()));
            let attempt = Attempt { state: request.state.clone(), until: now + u64::from(request.expires_in) };
            let applied = store.act(&session.place, |act, visit| visit.await_response(act, effects.clone(), attempt.clone()))?;
            Ok(match applied {
                Ok(_) => Begun::Redirect(request, alias.map(|(secret, _)| secret)),
                Err(refusal) => refused("begin", Err(refusal)),
            })
        }
        BeginOutcome::Failed(failure) => {
            told("begin", &format!("failed, {}: {}", failure.code, failure.message));
            let code = code_of(&description, &failure);
            let failed = store.act(&session.place, |act, visit| visit.fail_to_begin(act, effects.clone(), code.clone(), now))?;
            Ok(refused("begin", failed.map(drop)))
        }
    }
}

pub(crate) fn complete(
    configuration: &Configuration,
    store: &Store,
    session: &Session,
    response: &AuthorizationResponse,
) -> Result<Completed, Unavailable> {
    if session.visit.ended.is_some() {
        told("complete", "too late, duplicate: the visit is settled");
        return Ok(Completed::Shown(None));
    }
    let description = settings::describe(&configuration.settings, &configuration.connector);
    call::open(&scope(configuration, &description, session));
    let completed = redirect::complete(&invocation(configuration, session), configuration.client_secret.as_deref(), response);
    let effects = effects();
    let ended = match completed.outcome {
        CompleteOutcome::Authenticated(_) => {
            told("complete", "authenticated");
            Ended::Authenticated { output_variable: description.output_variable.unwrap_or_default() }
        }
        CompleteOutcome::Failed(failure) => {
            told("complete", &format!("failed, {}: {}", failure.code, failure.message));
            Ended::Failed { code: code_of(&description, &failure) }
        }
        CompleteOutcome::Ignored(failure) => {
            told("complete", &format!("ignored, {}: {}", failure.code, failure.message));
            return Ok(if failure.code == "storage_failed" { Completed::AskAgain } else { Completed::Shown(None) });
        }
    };
    match store.act(&session.place, |act, visit| visit.settle(act, effects.clone(), ended.clone()))? {
        Err(_) => {
            told("complete", "too late, duplicate: the visit is settled");
            Ok(Completed::Shown(None))
        }
        Ok(visit) => {
            store.remove(&visit.attempts);
            let renewed = visit.is_left.then(|| sessions::create(store, &visit.in_new_session())).transpose()?;
            Ok(Completed::Shown(renewed))
        }
    }
}

/// Where nobody answers the newest attempt any more: said by the host, whenever somebody asks after the visit. There is no timer
/// here.
pub(crate) fn end_if_overdue(
    configuration: &Configuration,
    store: &Store,
    session: &Session,
) -> Result<Option<Completed>, Unavailable> {
    let Some(attempt) = session.visit.overdue(sessions::now()) else { return Ok(None) };
    let abandonment = Abandonment { state: attempt.state.clone(), reason: AbandonmentReason::TimedOut };
    complete(configuration, store, session, &AuthorizationResponse::Abandoned(abandonment)).map(Some)
}

fn invocation(configuration: &Configuration, session: &Session) -> Invocation {
    Invocation {
        settings: configuration.settings.clone(),
        connector: configuration.connector.clone(),
        browser: session.binding.clone(),
        // Each login is a journey of its own, which comes to the step once.
        round: 1,
    }
}

fn scope(configuration: &Configuration, description: &Description, session: &Session) -> Scope {
    let variables = description.output_variable.iter().chain([&description.error_variable]);
    Scope {
        visit: session.place.clone(),
        origins: configuration.origins(description.origins.clone()),
        variables: variables.cloned().collect(),
        attempts: u32::try_from(session.visit.attempts.len()).unwrap_or(u32::MAX),
    }
}

fn effects() -> Effects {
    let effects = call::close();
    let writes = effects.writes.into_iter().map(|write| (write.name, write.json)).collect();
    Effects { writes, attempts: effects.attempts }
}

/// What isn't applied is told to the operator, and changes nothing.
fn refused(call: &str, applied: Result<(), Refusal>) -> Begun {
    match applied {
        Ok(()) => {}
        Err(Refusal::TooLate) => told(call, "too late: the visit is settled"),
        Err(Refusal::Pending) => told(call, "refused: another attempt is pending"),
    }
    Begun::Shown
}

fn code_of(description: &Description, failure: &Failure) -> String {
    client_code(description, &failure.code, failure.category == Category::Flow)
}

/// A journey that goes on to its failure branch has the code; where it ends, the client gets that of an expected end alone.
fn client_code(description: &Description, code: &str, is_flow: bool) -> String {
    let is_told = is_flow || description.failure_behavior == FailureBehavior::FailureBranch;
    if is_told { code } else { "authentication_failed" }.to_owned()
}

/// The host's own word: it serves no such callback URL.
fn callback_refused(description: &Description) -> Vec<(String, Option<String>)> {
    let provider = json!({ "error": null, "error_description": null, "status": null, "request_id": null });
    let error = json!({
        "version": 1,
        "code": "callback_refused",
        "category": "configuration",
        "retryable": false,
        "message": "the host doesn't serve this callback URL",
        "path": "/settings/callback_url",
        "provider": provider,
    });
    let removed = description.output_variable.iter().map(|name| (name.clone(), None));
    removed.chain([(description.error_variable.clone(), Some(error.to_string()))]).collect()
}

/// For the operator, a line for each call. The step's messages hold no secret and nothing that came in.
fn told(call: &str, outcome: &str) {
    log(&format!("{call}: {outcome}"));
}
