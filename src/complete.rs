//! `complete`: judges what came back. Nothing is written before everything holds.

use crate::cognito::id_token as cognito_id_token;
use crate::host::{Host, StoreError};
use crate::oidc::attempt::{self, Attempt, Claimant};
use crate::oidc::authorization::ResponseMode;
use crate::oidc::client::Client;
use crate::oidc::id_token::{Expectations, IdToken, UnverifiedIdToken};
use crate::oidc::response::{self, AuthorizationResponse};
use crate::oidc::token::{self, TokenResponse};
use crate::oidc::{revocation, signing_keys, userinfo};
use crate::secret::Secret;
use crate::step::configuration::Configuration;
use crate::step::error::{Code, Failure};
use crate::step::error_output::ErrorOutput;
use crate::step::event_data::{self, Ending, Observations, Phase};
use crate::step::outcome::{CompleteOutcome, Completed, Failed, Invocation};
use crate::step::output::{MAX_VARIABLE_BYTES, Output, Verified};
use crate::step::recorder::Recorder;
use crate::step::redaction::Redaction;
use crate::step::settings::{Outlets, Tokens};

/// What arrived at the callback URL, undecoded; or that nothing will.
#[derive(Clone, Copy)]
pub enum Response<'a> {
    /// The query of a GET.
    Query(&'a str),
    /// The body of a form post.
    FormPost(&'a str),
    /// The host ends the login by itself.
    Abandoned {
        /// Names the attempt.
        state: &'a str,
        /// Why.
        ending: Abandonment,
    },
}

/// Why no response will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandonment {
    /// None came in time.
    TimedOut,
    /// The user gave up.
    Cancelled,
}

/// Judges a response.
pub fn complete(
    host: &mut dyn Host,
    invocation: Invocation<'_>,
    client_secret: Option<&str>,
    response: Response<'_>,
) -> Completed {
    let (outlets, configuration) = Configuration::parse(invocation.settings, invocation.connector);
    let ignored = |failure: Failure| {
        let behavior = outlets.failure_behavior;
        Completed { outcome: CompleteOutcome::Ignored(Failed { failure, behavior }), event_data: None }
    };
    let answer = match Answer::read(response) {
        Ok(answer) => answer,
        Err(rejection) => return ignored(rejection.into()),
    };

    let mut call = Call {
        host: Recorder::new(host),
        client_secret: client_secret.map(Secret::new),
        observations: Observations { response_mode: answer.response_mode(), ..Observations::default() },
        redaction: Redaction::default(),
    };
    call.redaction.add(answer.state());
    if let Some(secret) = &call.client_secret {
        call.redaction.add(secret);
    }

    let result = match attempt::claim(&mut call.host, answer.state(), answer.claimant(invocation.browser)) {
        Ok(attempt) => call.judge(&attempt, configuration, answer),
        // These two took the attempt, or found it taken by somebody dead: the journey must not wait for it.
        Err(rejection @ (attempt::Rejection::Interrupted | attempt::Rejection::Unreadable)) => Err(rejection.into()),
        Err(rejection) => return ignored(rejection.into()),
    };

    let settled = match attempt::win(&mut call.host) {
        Ok(true) => result.and_then(|output| call.write(&outlets, output)),
        Ok(false) => return ignored(Code::Duplicate.into()),
        Err(_) => Err(Code::StorageFailed.into()),
    };
    let settled = settled.map_err(|failure| call.fail(&outlets, failure));
    call.complete(invocation, &outlets, settled)
}

/// A response whose form is right.
enum Answer {
    UserAgent { response: AuthorizationResponse, response_mode: ResponseMode },
    Host { state: Secret, ending: Abandonment },
}

impl Answer {
    fn read(response: Response<'_>) -> Result<Self, response::Rejection> {
        let (encoded, response_mode) = match response {
            Response::Query(query) => (query, ResponseMode::Query),
            Response::FormPost(body) => (body, ResponseMode::FormPost),
            Response::Abandoned { state, ending } => return Ok(Self::Host { state: Secret::new(state), ending }),
        };
        Ok(Self::UserAgent { response: response::parse(encoded)?, response_mode })
    }

    fn state(&self) -> &Secret {
        match self {
            Self::UserAgent { response, .. } => &response.state,
            Self::Host { state, .. } => state,
        }
    }

    fn response_mode(&self) -> Option<ResponseMode> {
        match self {
            Self::UserAgent { response_mode, .. } => Some(*response_mode),
            Self::Host { .. } => None,
        }
    }

    fn claimant<'a>(&self, browser: &'a [u8]) -> Claimant<'a> {
        match self {
            Self::UserAgent { response_mode, .. } => Claimant::UserAgent { browser, response_mode: *response_mode },
            Self::Host { .. } => Claimant::Host,
        }
    }
}

/// One call: its host, its secrets, and what was seen on the way.
struct Call<'a> {
    host: Recorder<'a>,
    client_secret: Option<Secret>,
    observations: Observations,
    redaction: Redaction,
}

impl Call<'_> {
    /// From a claimed attempt to an output, or the first thing that doesn't hold.
    fn judge(
        &mut self,
        attempt: &Attempt,
        configuration: Result<Configuration, Failure>,
        answer: Answer,
    ) -> Result<Output, Failure> {
        self.redaction.add(&attempt.nonce);
        self.redaction.add(attempt.verifier.secret());
        self.observations.requested_response_mode = Some(attempt.response_mode);
        let (response, response_mode) = match answer {
            Answer::Host { ending: Abandonment::TimedOut, .. } => return Err(Code::LoginTimedOut.into()),
            Answer::Host { ending: Abandonment::Cancelled, .. } => return Err(Code::LoginCancelled.into()),
            Answer::UserAgent { response, response_mode } => (response, response_mode),
        };
        if let Ok(code) = &response.result {
            self.redaction.add(code);
        }
        if self.host.now().as_secs() > attempt.expires_at {
            return Err(Code::LoginExpired.into());
        }
        let Configuration { settings, connector } = configuration?;
        if connector.client_id != attempt.client_id || !is_same_issuers(&connector.source.issuers(), attempt) {
            return Err(Code::IntegrationChanged.into());
        }

        check_response_issuer(&response, attempt)?;
        let code = response.result?;
        let client = Client::new(&attempt.client_id, connector.client_authentication, self.client_secret.clone())?;
        let tokens = self.exchange(attempt, &client, &code)?;
        let id_token = self.verify(attempt, response.issuer.as_deref(), &tokens)?;
        let request = userinfo::request(&attempt.userinfo_endpoint, &tokens.access_token);
        let user_info = userinfo::judge(self.host.fetch(&request), id_token.subject())?;

        if settings.tokens == Tokens::Revoke {
            self.revoke(attempt, &client, &tokens);
        }
        let verified = Verified {
            attempt,
            user_pool_id: connector.source.pool.as_str(),
            id_token,
            user_info,
            tokens: &tokens,
            response_mode,
            now: self.host.now().as_secs(),
        };
        Ok(Output::new(verified, settings.tokens == Tokens::Output))
    }

    /// The one exchange of the code.
    fn exchange(&mut self, attempt: &Attempt, client: &Client, code: &Secret) -> Result<TokenResponse, Failure> {
        let request = token::request(&attempt.token_endpoint, client, code, &attempt.redirect_uri, &attempt.verifier);
        let tokens = token::judge(self.host.fetch(&request))?;
        let refresh_token = tokens.refresh_token.as_ref();
        for secret in [Some(&tokens.id_token), Some(&tokens.access_token), refresh_token].into_iter().flatten() {
            self.redaction.add(secret);
        }
        Ok(tokens)
    }

    fn verify(&mut self, attempt: &Attempt, response_issuer: Option<&str>, tokens: &TokenResponse) -> Result<IdToken, Failure> {
        let is_accepted = |issuer: &str| {
            // A response that named its issuer is answered by that issuer's token (RFC 9207 2.4).
            response_issuer.is_none_or(|named| named == issuer)
                && attempt.issuers.iter().any(|accepted| accepted.issuer == issuer)
        };
        let unverified = UnverifiedIdToken::parse(&tokens.id_token, is_accepted)?;
        let issuer = attempt.issuers.iter().find(|accepted| accepted.issuer == unverified.issuer());
        let jwks_uri = issuer.map(|issuer| issuer.jwks_uri.as_str()).unwrap_or_default();
        let (key, source) = signing_keys::find(&mut self.host, unverified.issuer(), jwks_uri, unverified.key_id())?;
        self.observations.signing_key = Some(source);
        let expectations = Expectations {
            client_id: &attempt.client_id,
            nonce: &attempt.nonce,
            access_token: &tokens.access_token,
            acr: &attempt.acr,
            amr: &attempt.amr,
            auth_time_not_before: attempt.auth_time_not_before,
            begun_at: attempt.begun_at,
            now: self.host.now().as_secs(),
        };
        let id_token = unverified.verify(&key, &expectations)?;
        cognito_id_token::check_use(&id_token)?;
        Ok(id_token)
    }

    /// Best effort: a login doesn't fail because its leftovers can't be thrown away.
    fn revoke(&mut self, attempt: &Attempt, client: &Client, tokens: &TokenResponse) {
        if let (Some(endpoint), Some(refresh_token)) = (&attempt.revocation_endpoint, &tokens.refresh_token) {
            let request = revocation::request(endpoint, client, refresh_token);
            self.observations.refresh_token_revoked = Some(revocation::judge(self.host.fetch(&request)));
        }
    }

    /// Both variables, or a failure.
    fn write(&mut self, outlets: &Outlets, output: Output) -> Result<Output, Failure> {
        let json = output.to_text();
        if json.len() > MAX_VARIABLE_BYTES {
            return Err(Code::OutputTooLarge.into());
        }
        // Settings without a valid name don't come this far.
        let name = outlets.output_variable.as_deref().ok_or(Code::Internal)?;
        // The output goes last: where the store fails from some write on, a login that fails leaves none.
        let none = ErrorOutput::none().to_json().to_string();
        self.host.set_variable(&outlets.error_output_variable, Some(&none)).map_err(|error| match error {
            StoreError::TooLarge => Failure::from(Code::StorageFailed),
            other => other.into(),
        })?;
        self.host.set_variable(name, Some(&json))?;
        Ok(output)
    }

    /// The error variable, and no output. Where the store fails too, the outcome still has the code.
    fn fail(&mut self, outlets: &Outlets, mut failure: Failure) -> Failed {
        if let Some(provider) = &mut failure.provider {
            provider.error = self.redaction.text(std::mem::take(&mut provider.error));
            provider.description = provider.description.take().map(|text| self.redaction.text(text));
        }
        if let Some(trace) = &mut failure.trace {
            trace.request_id = trace.request_id.take().map(|text| self.redaction.text(text));
        }
        // A path ends in a member's name, and somebody may have pasted a secret in the wrong place.
        failure.path = failure.path.take().map(|path| self.redaction.text(path));
        if let Some(name) = &outlets.output_variable {
            let _ = self.host.set_variable(name, None);
        }
        let json = ErrorOutput::new(&failure).to_json().to_string();
        let _ = self.host.set_variable(&outlets.error_output_variable, Some(&json));
        Failed { failure, behavior: outlets.failure_behavior }
    }

    fn complete(self, invocation: Invocation<'_>, outlets: &Outlets, settled: Result<Output, Failed>) -> Completed {
        let (outcome, ending) = match settled {
            Ok(output) => {
                let (issuer, subject) = (output.issuer().to_owned(), output.subject().to_owned());
                (CompleteOutcome::Authenticated { issuer, subject }, Ending::Authenticated(Box::new(output)))
            }
            Err(failed) => (CompleteOutcome::Failed(failed.clone()), Ending::Failed(failed.failure)),
        };
        let event_data = event_data::record(
            &outlets.event_data,
            Phase::Complete,
            invocation,
            ending,
            &self.observations,
            self.host.exchanges(),
            &self.redaction,
        );
        Completed { outcome, event_data }
    }
}

/// RFC 9207 2.4: before anything else in the response is believed, an error included.
fn check_response_issuer(response: &AuthorizationResponse, attempt: &Attempt) -> Result<(), Code> {
    match &response.issuer {
        Some(issuer) if attempt.issuers.iter().any(|accepted| accepted.issuer == *issuer) => Ok(()),
        Some(_) => Err(Code::ResponseIssuerMismatch),
        None if attempt.names_issuer_in_responses => Err(Code::ResponseIssuerMissing),
        None => Ok(()),
    }
}

/// Issuers alone: a key set's address may have been discovered, and is the attempt's own.
fn is_same_issuers(current: &[attempt::Issuer], attempt: &Attempt) -> bool {
    let names = |issuers: &[attempt::Issuer]| issuers.iter().map(|issuer| issuer.issuer.clone()).collect::<Vec<_>>();
    names(current) == names(&attempt.issuers)
}

#[cfg(test)]
mod tests;
