//! `begin`: sends the user agent to Cognito. No network, unless endpoints must be discovered.

use crate::host::Host;
use crate::oidc::attempt::Attempt;
use crate::oidc::authorization::AuthorizationRequest;
use crate::oidc::pkce::CodeVerifier;
use crate::secret::{self, Secret};
use crate::step::configuration::Configuration;
use crate::step::error::{Code, Failure};
use crate::step::error_output::ErrorOutput;
use crate::step::event_data::{Observations, Outcome, Phase, Report};
use crate::step::outcome::{Begun, Failed, Invocation, Redirect};
use crate::step::recorder::Recorder;
use crate::step::redaction::Redaction;
use crate::step::settings::{Destinations, EventData};

/// Starts an attempt.
pub fn begin(host: &mut dyn Host, invocation: Invocation<'_>) -> Begun {
    let (destinations, configuration) = Configuration::read(invocation.settings, invocation.connector);
    let mut host = Recorder::new(host, destinations.event_data != EventData::None);
    let result = clear(&mut host, &destinations)
        .and(configuration.map_err(Failure::from))
        .and_then(|configuration| start(&mut host, configuration, invocation.browser));
    let outcome = result.map_err(|failure| fail(&mut host, &destinations, failure, invocation.round));

    let ended = match &outcome {
        Ok(_) => Outcome::Redirect,
        Err(failed) => Outcome::Failed(failed.failure.clone()),
    };
    let report = Report {
        phase: Phase::Begin,
        invocation,
        outcome: ended,
        observations: Observations {
            requested_response_mode: outcome.as_ref().ok().map(|redirect| redirect.response_mode),
            ..Observations::default()
        },
        exchanges: host.exchanges(),
    };
    // Nothing in it can hold what was drawn here: the documents were there before, and of an exchange neither query nor body is
    // kept.
    let event_data = report.render(&destinations.event_data, &Redaction::default());
    Begun { outcome, event_data }
}

/// What an earlier round left must not be taken for this one's.
fn clear(host: &mut dyn Host, destinations: &Destinations) -> Result<(), Failure> {
    if let Some(name) = &destinations.output_variable {
        host.set_variable(name, None)?;
    }
    host.set_variable(&destinations.error_output_variable, None)?;
    Ok(())
}

fn start(host: &mut dyn Host, configuration: Configuration, browser: &[u8]) -> Result<Redirect, Failure> {
    let Configuration { settings, connector, endpoints } = configuration;
    if browser.is_empty() {
        return Err(Failure::from(Code::Internal).expecting("expected the host to bind the login to a user agent"));
    }
    let endpoints = endpoints.into_inner().flatten().map_or_else(|| connector.source.resolve(host), Ok)?;

    let [state, nonce, verifier] = Secret::several(host)?;
    let verifier = CodeVerifier::new(verifier);
    let begun_at = host.now().as_secs();
    let request = AuthorizationRequest {
        endpoint: &endpoints.authorization,
        client_id: &connector.client_id,
        redirect_uri: &settings.callback_url,
        scope: &settings.scope,
        response_mode: settings.response_mode,
        state: &state,
        nonce: &nonce,
        verifier: &verifier,
        parameters: &settings.advanced.parameters,
    };
    let url = Secret::new(request.url());
    let attempt = Attempt {
        browser: secret::digest(browser),
        issuers: endpoints.issuers,
        names_issuer_in_responses: endpoints.names_issuer_in_responses,
        client_id: connector.client_id,
        token_endpoint: endpoints.token,
        userinfo_endpoint: endpoints.userinfo,
        revocation_endpoint: endpoints.revocation,
        logout_endpoint: endpoints.logout,
        redirect_uri: settings.callback_url,
        scope: settings.scope.into_text(),
        response_mode: settings.response_mode,
        nonce,
        verifier,
        acr: settings.advanced.acr,
        amr: settings.advanced.amr,
        auth_time_not_before: settings.advanced.recency.not_before(begun_at),
        begun_at,
        expires_at: begun_at.saturating_add(u64::from(settings.login_lifetime)),
    };
    // Whatever the store says is wrong with the entry, it isn't the journey's output that is too large.
    attempt.store(host, &state).map_err(|_| Failure::from(Code::StorageFailed))?;
    Ok(Redirect { url, state, response_mode: settings.response_mode, expires_in: settings.login_lifetime })
}

/// A failure is an outcome, with or without a variable that tells it.
fn fail(host: &mut dyn Host, destinations: &Destinations, failure: Failure, round: u32) -> Failed {
    let json = ErrorOutput::new(&failure, round).to_text();
    // Where the store fails too, the outcome still has the code.
    let _ = host.set_variable(&destinations.error_output_variable, Some(&json));
    Failed::new(failure, round)
}

#[cfg(test)]
mod tests;
