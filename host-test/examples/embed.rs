//! A host in short: one login, from the journey's side. Needs no network, since the user says no.

use journey_host::{
    AuthorizationResponse, BeginOutcome, Browser, ClientSecret, Compiled, CompleteOutcome, Egress, Invocation, Limits, Network,
    Services, Step, TenantPolicy, Visit,
};

#[tokio::main]
async fn main() -> wasmtime::Result<()> {
    // Once for a process: the component as machine code, and what each tenant's operator permits.
    let compiled = Compiled::load("target/component/cognito_oidc.wasm".as_ref())?;
    let permitted = ["https://*.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com"];
    let policy = TenantPolicy::permitting(&permitted).map_err(wasmtime::Error::msg)?;
    let network = Network::new(Egress::deny_all().with_tenant("acme", policy))?;
    let step = Step::new(compiled, Services::in_memory(network), Limits::default());

    // The journey reaches the step: send the user agent away.
    let visit = Visit::first("acme", "journey-1", "login");
    let invocation = Invocation {
        settings: r#"{"callback_url": "https://login.acme.example/callback"}"#.into(),
        connector: r#"{"user_pool_id": "eu-west-1_AbC", "domain": "acme", "client_id": "abc", "issuer": "original"}"#.into(),
        browser: Browser::from_session("the value of the session's cookie"),
    };
    let request = match step.begin(&visit, &invocation).await.result?.outcome {
        BeginOutcome::Redirect(request) => request,
        BeginOutcome::Failed(failure) => wasmtime::bail!("on to the failure branch: {}", failure.code),
    };
    println!("303 See Other, to a URL of {} bytes; abandoned in {} s", request.url.len(), request.expires_in);

    // It is back at the callback URL, with the session that finds this journey. Any host of the fleet may take over.
    let response = AuthorizationResponse::Query(format!("error=access_denied&state={}", request.state));
    let secret = ClientSecret::new("from the vault");
    match step.complete(&visit, &invocation, Some(&secret), &response).await.result?.outcome {
        CompleteOutcome::Authenticated(who) => println!("on to the next step, with {}", who.subject),
        CompleteOutcome::Failed(failure) => println!("on to the failure branch: {}", failure.code),
        CompleteOutcome::Ignored(failure) => println!("waiting on: {}", failure.code),
    }
    Ok(())
}
