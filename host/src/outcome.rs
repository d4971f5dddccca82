//! What a call said: the outcomes of `begin` and `complete`, and the problems that `check` finds.

use std::fmt;

use crate::sandbox::bindings::exports::journey::step::{redirect as wit, settings};

/// How the authorization response was asked to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// By GET, in the query.
    Query,
    /// By a cross-site POST, in a form body.
    FormPost,
}

/// Where to send the user agent. Holds `state` and `nonce`, so its `Debug` shows neither URL nor state.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Absolute.
    pub url: String,
    /// Names the attempt, for [`AuthorizationResponse::Abandoned`](crate::visit::AuthorizationResponse::Abandoned). Must not find a journey.
    pub state: String,
    /// As asked for.
    pub response_mode: ResponseMode,
    /// Seconds from now until a response is no longer accepted.
    pub expires_in: u32,
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("response_mode", &self.response_mode)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Who has to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// The journey's author or the connector's owner.
    Configuration,
    /// The user, or the journey's logic.
    Flow,
    /// The identity provider's operator, or time.
    Provider,
    /// Nobody, unless it repeats.
    Security,
    /// The journey host's operator.
    System,
}

/// What the journey does with a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureBehavior {
    /// Goes on to its failure branch; where it has none, it ends.
    FailureBranch,
    /// Ends.
    Abort,
}

/// A login that failed, or a response that was ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Journeys branch on it.
    pub code: String,
    /// Who has to act.
    pub category: Category,
    /// For the journey's author and the operator, never for the end user.
    pub message: String,
    /// A new `begin` may succeed by itself.
    pub retryable: bool,
    /// What the journey does now.
    pub behavior: FailureBehavior,
}

impl Failure {
    /// What the client may see where the journey ends here: the code of a `flow` error, and nothing of any other.
    pub fn client_code(&self) -> &str {
        match self.category {
            Category::Flow => &self.code,
            Category::Configuration | Category::Provider | Category::Security | Category::System => "authentication_failed",
        }
    }

    /// What the host itself says where it had to end a call.
    pub(crate) fn step_trapped() -> Self {
        Self {
            code: "step_trapped".into(),
            category: Category::System,
            message: "the step was ended by its host before it had an outcome".into(),
            retryable: true,
            behavior: FailureBehavior::FailureBranch,
        }
    }
}

/// Who logged in. `subject` is unique and stable within `issuer` (OpenID Connect Core 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The ID token's `iss`.
    pub issuer: String,
    /// The ID token's `sub`.
    pub subject: String,
}

/// How `begin` ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeginOutcome {
    /// Send the user agent there.
    Redirect(AuthorizationRequest),
    /// The journey goes on as [`Failure::behavior`] says.
    Failed(Failure),
}

/// How `complete` ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompleteOutcome {
    /// The output variable holds the result.
    Authenticated(Authentication),
    /// The error variable holds the failure.
    Failed(Failure),
    /// Nothing was changed, and the journey waits on.
    Ignored(Failure),
}

/// What `begin` returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// How it ended.
    pub outcome: BeginOutcome,
    /// A JSON object for the journey's analytics, where the settings ask for one. Redacted.
    pub event_data: Option<String>,
}

/// What `complete` returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completed {
    /// How it ended.
    pub outcome: CompleteOutcome,
    /// As in [`Begun`]; none where the outcome is `Ignored`.
    pub event_data: Option<String>,
}

/// What is wrong with settings or connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer (RFC 6901) that begins with `/settings` or `/connector`.
    pub path: String,
    /// What would be right.
    pub message: String,
}

impl From<wit::ResponseMode> for ResponseMode {
    fn from(mode: wit::ResponseMode) -> Self {
        match mode {
            wit::ResponseMode::Query => Self::Query,
            wit::ResponseMode::FormPost => Self::FormPost,
        }
    }
}

impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        Self {
            code: failure.code,
            category: match failure.category {
                wit::Category::Configuration => Category::Configuration,
                wit::Category::Flow => Category::Flow,
                wit::Category::Provider => Category::Provider,
                wit::Category::Security => Category::Security,
                wit::Category::System => Category::System,
            },
            message: failure.message,
            retryable: failure.retryable,
            behavior: match failure.behavior {
                wit::FailureBehavior::FailureBranch => FailureBehavior::FailureBranch,
                wit::FailureBehavior::Abort => FailureBehavior::Abort,
            },
        }
    }
}

impl From<wit::Begun> for Begun {
    fn from(begun: wit::Begun) -> Self {
        Self {
            outcome: match begun.outcome {
                wit::BeginOutcome::Redirect(request) => BeginOutcome::Redirect(AuthorizationRequest {
                    url: request.url,
                    state: request.state,
                    response_mode: request.response_mode.into(),
                    expires_in: request.expires_in,
                }),
                wit::BeginOutcome::Failed(failure) => BeginOutcome::Failed(failure.into()),
            },
            event_data: begun.event_data,
        }
    }
}

impl From<wit::Completed> for Completed {
    fn from(completed: wit::Completed) -> Self {
        Self {
            outcome: match completed.outcome {
                wit::CompleteOutcome::Authenticated(who) => {
                    CompleteOutcome::Authenticated(Authentication { issuer: who.issuer, subject: who.subject })
                }
                wit::CompleteOutcome::Failed(failure) => CompleteOutcome::Failed(failure.into()),
                wit::CompleteOutcome::Ignored(failure) => CompleteOutcome::Ignored(failure.into()),
            },
            event_data: completed.event_data,
        }
    }
}

impl From<settings::Problem> for Problem {
    fn from(problem: settings::Problem) -> Self {
        Self { path: problem.path, message: problem.message }
    }
}
