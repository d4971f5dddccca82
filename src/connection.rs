//! `connection.test`: finds out what is wrong with a connector and a step's settings, without a user.
//!
//! Asking is apart from judging. This file asks: at most six requests, in one order, and writes nothing. The modules below read
//! what an endpoint answered (`read`), and judge it (`judge`): pure functions from an exchange to a finding. Some answers mean
//! something only together (Cognito says `invalid_request` of an unknown client and of an identity provider that isn't enabled),
//! so all is judged at the end.
//!
//! A finding is `failed` only where a login would fail by it: whatever else came is `unknown`, with its status. A false alarm is
//! worse than a gap.

pub mod authorization;
pub mod clock;
pub mod credentials;
pub mod documents;
pub mod finding;
pub mod keys;
pub mod metadata;
pub mod userinfo;

use crate::cognito::endpoints::{Endpoints, Source, origin};
use crate::host::{FetchError, Host, RandomUnavailable, Request, Response};
use crate::oidc::authorization::AuthorizationRequest;
use crate::oidc::client::Client;
use crate::oidc::pkce::CodeVerifier;
use crate::oidc::{exchange, token, userinfo as userinfo_endpoint};
use crate::secret::{self, Secret};
use crate::step::connector::Connector;
use crate::step::redaction::Redaction;
use crate::step::settings::Settings;
use clock::Drift;
use documents::Documents;
use finding::{Check, Finding, NO_CONNECTOR, NO_ENDPOINTS, NO_REQUEST_LEFT, Status};

/// Requests of a test: each costs the pool's quota, and a host gives no call more.
const MOST_REQUESTS: usize = 6;
/// Of them, those that come after the key sets.
const AFTER_THE_KEYS: usize = 3;

/// What no test without a user reaches.
const UNTESTED: &str = "attribute read permissions of the app client, Lambda triggers, authentication levels and the plan, the identity \
                        providers' own set-up and secrets, cookies and sessions: a login shows them";

/// What a host has to know ahead of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The user pool's id.
    pub directory: String,
    /// A digest of all that says where the client secret goes, and as whose.
    pub secret_use: String,
}

/// Describes a test ahead. None where the connector isn't valid; one that is disabled is.
#[must_use]
pub fn describe(connector: &str) -> Option<Target> {
    let (Connector { client_id, client_authentication, source }, _) = Connector::read(connector).ok()?;
    // No part can hold a line feed, so no two connectors have one text.
    let mut uses = vec!["1".to_owned(), client_id, format!("{client_authentication:?}")];
    uses.extend(source.names());
    match source.known() {
        Some(Endpoints { token, revocation, .. }) => uses.extend([token, revocation.unwrap_or_default()]),
        None => {
            let custom = [&source.custom.token, &source.custom.revocation].map(|endpoint| endpoint.clone().unwrap_or_default());
            uses.extend(custom);
            uses.push(source.metadata_location().1);
        }
    }
    Some(Target { directory: source.pool.as_str().to_owned(), secret_use: secret::digest(uses.join("\n").as_bytes()) })
}

/// Tests a connection.
pub fn test(host: &mut dyn Host, settings: Option<&str>, connector: &str, client_secret: Option<&str>) -> Vec<Finding> {
    let documents = Documents::read(settings, connector);
    let mut findings = documents.findings();
    match &documents.connector {
        None => {
            let asked =
                [Check::Metadata, Check::Keys, Check::Callback, Check::Scope, Check::Credentials, Check::Userinfo, Check::Clock];
            findings.extend(asked.map(|check| Finding::new(check, Status::Skipped, NO_CONNECTOR)));
        }
        Some(connector) => {
            let test = Test { host, left: MOST_REQUESTS, drift: Drift::default(), redaction: Redaction::default() };
            let settings = documents.settings.as_ref().map_err(|why| *why);
            findings.extend(test.run(connector, settings, client_secret.map(Secret::new)));
        }
    }
    findings.push(Finding::new(Check::Untested, Status::Skipped, UNTESTED));
    findings
}

/// One test: its host, what it may still ask, what it has sent.
struct Test<'a> {
    host: &'a mut dyn Host,
    left: usize,
    drift: Drift,
    redaction: Redaction,
}

impl Test<'_> {
    fn run(mut self, connector: &Connector, settings: Result<&Settings, &'static str>, secret: Option<Secret>) -> Vec<Finding> {
        if let Some(secret) = &secret {
            self.redaction.add(secret);
        }
        let source = &connector.source;
        let metadata = metadata::read(source, self.ask(exchange::document_request(&source.metadata_location().1)));
        let endpoints = metadata.endpoints(source).ok();
        let keys = self.keys(source, &metadata);

        let origins = origins(endpoints.as_ref(), metadata.authorization_endpoint());
        let mut asked = authorization::Asked {
            endpoint: "",
            redirect_uri: credentials::NO_CALLBACK_URL,
            origins: &origins,
            parameters: &[],
            path: custom(&source.custom.authorization, "/connector/custom_endpoints/authorization_endpoint"),
        };
        if let Ok(settings) = settings {
            (asked.redirect_uri, asked.parameters) = (&settings.callback_url, &settings.advanced.parameters);
        }
        let mut authorization = authorization::Evidence::NotAsked(NO_ENDPOINTS);
        let mut credentials = credentials::Evidence::NotAsked(NO_ENDPOINTS);
        let mut userinfo = Finding::new(Check::Userinfo, Status::Skipped, NO_ENDPOINTS);
        if let Some(endpoints) = &endpoints {
            asked.endpoint = &endpoints.authorization;
            authorization = match settings {
                Ok(settings) => self.authorization(&asked, &connector.client_id, settings),
                Err(why) => authorization::Evidence::NotAsked(why),
            };
            credentials = match Client::new(&connector.client_id, connector.client_authentication, secret) {
                Ok(client) => self.credentials(&endpoints.token, &client, asked.redirect_uri),
                Err(rejection) => credentials::Evidence::Unfit(rejection),
            };
            let answer = self.ask(userinfo_endpoint::request_without_token(&endpoints.userinfo));
            userinfo = userinfo::judge(answer, custom(&source.custom.userinfo, "/connector/custom_endpoints/userinfo_endpoint"));
        }

        let mut findings = vec![metadata::judge(&metadata, source, &authorization, &credentials)];
        findings.extend(keys);
        findings.push(authorization::callback(&authorization, &asked, credentials.knows_the_client()));
        findings.push(authorization::scope(&authorization));
        let path = custom(&source.custom.token, "/connector/custom_endpoints/token_endpoint");
        findings.push(credentials::judge(&credentials, &authorization, settings.is_ok(), path));
        findings.push(userinfo);
        findings.push(self.drift.finding());
        findings.into_iter().map(|finding| finding.redacted(&self.redaction)).collect()
    }

    /// The set of the issuer that the metadata name, or of the pool's first; then those of the regions that it is replicated to.
    fn keys(&mut self, source: &Source, metadata: &metadata::Evidence) -> Vec<Finding> {
        let issuers = source.issuers();
        let named = issuers.iter().find(|issuer| Some(issuer.issuer.as_str()) == metadata.issuer()).or(issuers.first());
        let own = metadata.jwks_uri(source).or(named.map(|issuer| issuer.jwks_uri.as_str())).unwrap_or_default();
        let path = match source.custom.jwks_uri {
            Some(_) => "/connector/custom_endpoints/jwks_uri",
            None => "/connector/user_pool_id",
        };
        let mut findings = vec![keys::judge(self.ask(exchange::document_request(own)), path)];
        // One set is named for all issuers, or each region has its own.
        let replicas = if source.custom.jwks_uri.is_some() { 0 } else { source.replicas() };
        let path = "/connector/additional_regions";
        for issuer in issuers.iter().skip(issuers.len().saturating_sub(replicas)) {
            let finding = match self.left > AFTER_THE_KEYS {
                true => keys::judge(self.ask(exchange::document_request(&issuer.jwks_uri)), path),
                false => Finding::new(Check::Keys, Status::Skipped, NO_REQUEST_LEFT).at(Some(path)),
            };
            findings.push(finding);
        }
        findings
    }

    fn authorization(
        &mut self,
        asked: &authorization::Asked<'_>,
        client_id: &str,
        settings: &Settings,
    ) -> authorization::Evidence {
        let request = self.draw().map(|(state, nonce, verifier)| {
            authorization::request(&AuthorizationRequest {
                endpoint: asked.endpoint,
                client_id,
                redirect_uri: asked.redirect_uri,
                scope: &settings.scope,
                response_mode: settings.response_mode,
                state: &state,
                nonce: &nonce,
                verifier: &verifier,
                parameters: asked.parameters,
            })
        });
        match request {
            Ok(request) => authorization::read(asked, self.ask(request)),
            Err(RandomUnavailable) => authorization::Evidence::NotAsked(NO_RANDOM),
        }
    }

    fn credentials(&mut self, endpoint: &str, client: &Client, redirect_uri: &str) -> credentials::Evidence {
        match Secret::random(self.host).map(CodeVerifier::new) {
            Ok(verifier) => {
                self.redaction.add(verifier.secret());
                let request = token::request(endpoint, client, &Secret::new(credentials::CODE), redirect_uri, &verifier);
                credentials::read(self.ask(request))
            }
            Err(RandomUnavailable) => credentials::Evidence::NotAsked(NO_RANDOM),
        }
    }

    /// State, nonce and code verifier of a request that no user will make.
    fn draw(&mut self) -> Result<(Secret, Secret, CodeVerifier), RandomUnavailable> {
        let drawn: [Secret; 3] = Secret::several(self.host)?;
        for secret in &drawn {
            self.redaction.add(secret);
        }
        let [state, nonce, verifier] = drawn;
        Ok((state, nonce, CodeVerifier::new(verifier)))
    }

    /// One exchange, whose sender says that it is a test.
    fn ask(&mut self, mut request: Request) -> Result<Response, FetchError> {
        self.left = self.left.saturating_sub(1);
        for (_, value) in request.headers.iter_mut().filter(|(name, _)| *name == "user-agent") {
            exchange::TEST_USER_AGENT.clone_into(value);
        }
        let asked_at = self.host.now().as_secs();
        let result = self.host.fetch(&request);
        if let Ok(response) = &result {
            self.drift.note(asked_at, self.host.now().as_secs(), response);
        }
        result
    }
}

const NO_RANDOM: &str = "not asked: the host has no random bytes";

/// Where the provider's own pages may be: at the endpoint's origin, and at the one that the metadata name.
fn origins(endpoints: Option<&Endpoints>, named: Option<&str>) -> Vec<String> {
    let own = endpoints.map(|endpoints| endpoints.authorization.as_str());
    own.into_iter().chain(named).filter_map(origin).collect()
}

/// The setting at fault: the custom endpoint, or the domain that the derived one comes from.
fn custom(endpoint: &Option<String>, path: &'static str) -> Option<&'static str> {
    Some(if endpoint.is_some() { path } else { "/connector/domain" })
}

/// 404, or AWS's name for it: there is no such endpoint here, whoever asks.
fn is_wrong_address(rejection: &exchange::Rejection) -> bool {
    let exchange::Rejection::UnexpectedStatus(trace) = rejection else { return false };
    let not_found = |error: &str| error.rsplit('#').next() == Some("ResourceNotFoundException");
    trace.status == 404 || trace.words.as_ref().is_some_and(|words| not_found(&words.error))
}

#[cfg(test)]
mod tests;
