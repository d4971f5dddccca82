//! `complete`: judges what came back. Nothing is written before everything holds.

use crate::cognito::id_token as cognito_id_token;
use crate::host::{Host, StoreError};
use crate::oidc::attempt::Attempt;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::cache::Source;
use crate::oidc::claim::{self, Claimant, Claimed};
use crate::oidc::client::Client;
use crate::oidc::id_token::{self, Expectations, IdToken, SignedIdToken, UnverifiedIdToken};
use crate::oidc::issuer::Issuer;
use crate::oidc::response::{self, Parameters};
use crate::oidc::signing_keys;
use crate::oidc::token::{self, TokenResponse};
use crate::oidc::{revocation, userinfo};
use crate::secret::Secret;
use crate::step::configuration::Configuration;
use crate::step::document::Problem;
use crate::step::error::{Code, Failure};
use crate::step::error_output::ErrorOutput;
use crate::step::event_data::{Observations, Outcome, Phase, Report};
use crate::step::outcome::{
    Abandonment, AbandonmentReason, AuthorizationResponse, CompleteOutcome, Completed, Failed, Invocation,
};
use crate::step::output::{MAX_VARIABLE_BYTES, Output, Verified};
use crate::step::recorder::Recorder;
use crate::step::redaction::Redaction;
use crate::step::settings::{Destinations, EventData, Tokens};

/// Judges a response.
pub fn complete(
    host: &mut dyn Host,
    invocation: Invocation<'_>,
    client_secret: Option<&str>,
    response: AuthorizationResponse<'_>,
) -> Completed {
    let (destinations, configuration) = Configuration::read(invocation.settings, invocation.connector);
    let ignored = |failure: Failure| {
        let outcome = CompleteOutcome::Ignored(Failed::new(failure, invocation.round));
        Completed { outcome, event_data: None }
    };
    let received = match Received::read(response) {
        Ok(received) => received,
        Err(rejection) => return ignored(rejection.into()),
    };

    let mut call = Call {
        host: Recorder::new(host, destinations.event_data != EventData::None),
        client_secret: client_secret.map(Secret::new),
        observations: Observations { response_mode: received.response_mode(), ..Observations::default() },
        redaction: Redaction::default(),
    };
    call.redaction.add(received.state());
    if let Some(secret) = &call.client_secret {
        call.redaction.add(secret);
    }

    let result = match claim::claim(&mut call.host, received.state(), received.claimant(invocation.browser)) {
        Ok(claimed) => call.judge(&claimed, configuration, received),
        // Nobody will end this visit any more: the journey must not wait for it.
        Err(rejection @ (claim::Rejection::Interrupted | claim::Rejection::Unreadable)) => Err(rejection.into()),
        Err(rejection) => return ignored(rejection.into()),
    };
    let settled = result
        .and_then(|output| call.write(&destinations, output))
        .map_err(|failure| call.fail(&destinations, failure, invocation.round));
    call.complete(invocation, &destinations, settled)
}

/// A response whose form is right.
enum Received<'a> {
    UserAgent { parameters: Parameters, response_mode: ResponseMode, arrived_at: &'a str },
    Host { state: Secret, reason: AbandonmentReason },
}

impl<'a> Received<'a> {
    fn read(response: AuthorizationResponse<'a>) -> Result<Self, response::Rejection> {
        let (arrival, response_mode) = match response {
            AuthorizationResponse::Query(arrival) => (arrival, ResponseMode::Query),
            AuthorizationResponse::FormPost(arrival) => (arrival, ResponseMode::FormPost),
            AuthorizationResponse::Abandoned(Abandonment { state, reason }) => {
                return Ok(Self::Host { state: Secret::new(state), reason });
            }
        };
        Ok(Self::UserAgent { parameters: response::parse(arrival.parameters)?, response_mode, arrived_at: arrival.url })
    }

    fn state(&self) -> &Secret {
        match self {
            Self::UserAgent { parameters, .. } => &parameters.state,
            Self::Host { state, .. } => state,
        }
    }

    fn response_mode(&self) -> Option<ResponseMode> {
        match self {
            Self::UserAgent { response_mode, .. } => Some(*response_mode),
            Self::Host { .. } => None,
        }
    }

    fn claimant(&self, browser: &'a [u8]) -> Claimant<'a> {
        match *self {
            Self::UserAgent { response_mode, arrived_at, .. } => Claimant::UserAgent { browser, response_mode, arrived_at },
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
        Claimed { attempt, at }: &Claimed,
        configuration: Result<Configuration, Vec<Problem>>,
        received: Received<'_>,
    ) -> Result<Output, Failure> {
        self.redaction.add(&attempt.nonce);
        self.redaction.add(attempt.verifier.secret());
        self.observations.requested_response_mode = Some(attempt.response_mode);
        let (response, response_mode) = match received {
            Received::Host { reason: AbandonmentReason::TimedOut, .. } => return Err(Code::LoginTimedOut.into()),
            Received::Host { reason: AbandonmentReason::Cancelled, .. } => return Err(Code::LoginCancelled.into()),
            Received::UserAgent { parameters, response_mode, .. } => (parameters, response_mode),
        };
        if let Ok(code) = &response.result {
            self.redaction.add(code);
        }
        if *at > attempt.expires_at {
            return Err(Code::LoginExpired.into());
        }
        let Configuration { settings, connector, .. } = configuration?;
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
        // A response that named its issuer is answered by that issuer's token (RFC 9207 2.4).
        let accepted = attempt.issuers.iter().filter(|accepted| response_issuer.is_none_or(|named| named == accepted.issuer));
        let signed = self.verify_signature(UnverifiedIdToken::parse(&tokens.id_token, accepted)?)?;
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
        let id_token = signed.validate(&expectations)?;
        cognito_id_token::check_use(&id_token)?;
        Ok(id_token)
    }

    /// With the key that the token names; with a cached one that isn't good, once more with the issuer's own.
    fn verify_signature(&mut self, token: UnverifiedIdToken<'_>) -> Result<SignedIdToken, Failure> {
        let Issuer { issuer, jwks_uri } = token.issuer();
        let (key, source) = signing_keys::find(&mut self.host, issuer, jwks_uri, token.key_id())?;
        self.observations.signing_key = Some(source);
        let token = match token.verify(&key) {
            Ok(signed) => return Ok(signed),
            Err(token) => token,
        };
        let anew = signing_keys::find_anew(&mut self.host, issuer, jwks_uri, token.key_id(), source)?;
        let key = anew.ok_or(id_token::Rejection::Signature)?;
        self.observations.signing_key = Some(Source::Refetched);
        Ok(token.verify(&key).map_err(|_| id_token::Rejection::Signature)?)
    }

    /// Best effort: a login doesn't fail because its leftovers can't be thrown away.
    fn revoke(&mut self, attempt: &Attempt, client: &Client, tokens: &TokenResponse) {
        if let (Some(endpoint), Some(refresh_token)) = (&attempt.revocation_endpoint, &tokens.refresh_token) {
            let request = revocation::request(endpoint, client, refresh_token);
            self.observations.refresh_token_revoked = Some(revocation::judge(self.host.fetch(&request)));
        }
    }

    /// Both variables, or a failure.
    fn write(&mut self, destinations: &Destinations, output: Output) -> Result<Output, Failure> {
        let json = output.to_text();
        if json.len() > MAX_VARIABLE_BYTES {
            return Err(Code::OutputTooLarge.into());
        }
        // Settings without a valid name don't come this far.
        let name = destinations.output_variable.as_deref().ok_or(Code::Internal)?;
        // The output goes last: where the store fails from some write on, a login that fails leaves none.
        self.host.set_variable(&destinations.error_output_variable, Some(ErrorOutput::NONE)).map_err(|error| match error {
            StoreError::TooLarge => Failure::from(Code::StorageFailed),
            other => other.into(),
        })?;
        self.host.set_variable(name, Some(&json))?;
        Ok(output)
    }

    /// The error variable, and no output. Where the store fails too, the outcome still has the code.
    fn fail(&mut self, destinations: &Destinations, mut failure: Failure, round: u32) -> Failed {
        if let Some(provider) = &mut failure.provider {
            provider.error = self.redaction.text(std::mem::take(&mut provider.error));
            provider.description = provider.description.take().map(|text| self.redaction.text(text));
        }
        if let Some(trace) = &mut failure.trace {
            trace.request_id = trace.request_id.take().map(|text| self.redaction.text(text));
        }
        // A path ends in a member's name, and somebody may have pasted a secret in the wrong place.
        failure.path = failure.path.take().map(|path| self.redaction.text(path));
        if let Some(name) = &destinations.output_variable {
            let _ = self.host.set_variable(name, None);
        }
        let json = ErrorOutput::new(&failure, round).to_text();
        let _ = self.host.set_variable(&destinations.error_output_variable, Some(&json));
        Failed::new(failure, round)
    }

    fn complete(self, invocation: Invocation<'_>, destinations: &Destinations, settled: Result<Output, Failed>) -> Completed {
        let (outcome, ended) = match settled {
            Ok(output) => (CompleteOutcome::Authenticated(output.authentication()), Outcome::Authenticated(Box::new(output))),
            Err(failed) => (CompleteOutcome::Failed(failed.clone()), Outcome::Failed(failed.failure)),
        };
        let report = Report {
            phase: Phase::Complete,
            invocation,
            outcome: ended,
            observations: self.observations,
            exchanges: self.host.exchanges(),
        };
        Completed { outcome, event_data: report.render(&destinations.event_data, &self.redaction) }
    }
}

/// RFC 9207 2.4: before anything else in the response is believed, an error included.
fn check_response_issuer(response: &Parameters, attempt: &Attempt) -> Result<(), Code> {
    match &response.issuer {
        Some(issuer) if attempt.issuers.iter().any(|accepted| accepted.issuer == *issuer) => Ok(()),
        Some(_) => Err(Code::ResponseIssuerMismatch),
        None if attempt.names_issuer_in_responses => Err(Code::ResponseIssuerMissing),
        None => Ok(()),
    }
}

/// Issuers alone: a key set's address may have been discovered, and is the attempt's own.
fn is_same_issuers(current: &[Issuer], attempt: &Attempt) -> bool {
    let names = |issuers: &[Issuer]| issuers.iter().map(|issuer| issuer.issuer.clone()).collect::<Vec<_>>();
    names(current) == names(&attempt.issuers)
}

#[cfg(test)]
mod tests;
