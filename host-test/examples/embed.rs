//! A host in short: one login, from the journey's side. Needs no network, since the user says no.

use journey_host::{
    Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Capacity, ClientSecret, Completed, Egress, Invocation, Limits,
    Network, PublicOrigin, Runtime, Services, Step, TenantPolicy, Visit, wasmtime,
};

#[tokio::main]
async fn main() -> wasmtime::Result<()> {
    // Once for a process: the engine, the component, what each tenant's operator permits, and which callback URL is whose.
    let runtime = Runtime::new(Capacity::default())?;
    let compiled = runtime.load("cognito-oidc", "target/component/cognito_oidc.wasm".as_ref())?;
    let permitted = ["https://*.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com"];
    let policy = TenantPolicy::permitting(&permitted).map_err(wasmtime::Error::msg)?;
    let network = Network::new(Egress::deny_all().with_tenant("acme", policy))?;
    let origin = PublicOrigin::parse("https://login.acme.example").map_err(wasmtime::Error::msg)?;
    let callbacks = Callbacks::none().with(&origin.url_of("/callback"), "acme", "pool").map_err(wasmtime::Error::msg)?;
    let step = Step::new(compiled, Services::in_memory(network).serving(callbacks), Limits::default());

    // The journey reaches the step: send the user agent away.
    let visit = Visit::first("acme", "journey-1", "login");
    let invocation = Invocation {
        settings: r#"{"callback_url": "https://login.acme.example/callback"}"#.into(),
        connector: r#"{"user_pool_id": "eu-west-1_AbC", "domain": "acme", "client_id": "abc", "issuer": "original"}"#.into(),
        connector_id: "pool".into(),
        browser: Browser::from_session("the value of the session's cookie"),
    };
    let request = match step.begin(&visit, &invocation).await.outcome {
        Begun::Redirect(request) => request,
        Begun::Failed(failed) => wasmtime::bail!("on to the failure branch: {}", failed.failure.code),
        Begun::Refused(failure) => wasmtime::bail!("waiting on for another tab: {}", failure.code),
        Begun::TooLate(_) => wasmtime::bail!("show where the journey stands"),
        Begun::Busy => wasmtime::bail!("503, try again"),
        Begun::Unknown(error) => wasmtime::bail!("503, try again: {error}"),
    };
    println!("303 See Other, to a URL of {} bytes; abandoned in {} s", request.url.len(), request.expires_in);

    // It is back at the callback URL, with the session that finds this journey. Any host of the fleet may take over.
    let arrival = Arrival::at(&origin, &format!("/callback?error=access_denied&state={}", request.state));
    let secret = ClientSecret::new("from the vault");
    match step.complete(&visit, &invocation, Some(&secret), &AuthorizationResponse::Query(arrival)).await.outcome {
        Completed::Authenticated(who) => println!("on to the next step, with {} of {}", who.subject, who.user_pool_id),
        Completed::Failed(failed) => println!("on to the failure branch: {}", failed.failure.code),
        Completed::Ignored(failure) => println!("waiting on: {}", failure.code),
        Completed::TooLate(_) => println!("show where the journey stands"),
        Completed::Busy => println!("503, try again: the code hasn't been used"),
        Completed::Unknown(error) => println!("waiting on, and asking again: {error}"),
    }
    Ok(())
}
