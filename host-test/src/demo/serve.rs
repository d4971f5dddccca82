//! Logins played by a person's own browser, and printed as they happen.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use super::arguments::Arguments;
use super::documents::{Documents, TENANT};
use super::fleet::Fleet;
use super::local::WORTH;
use super::login::Wish;
use super::offers::Offers;
use super::screen::{Look, Out, Screen};
use super::site::{Site, print_usage};
use super::{Exit, Login};
use crate::check::{self, Policy, Told, checklist};
use crate::cognito::{DEFAULT_PASSWORD, DEFAULT_USERNAME};
use crate::journey::{Bound, Event};
use journey_host::{ClientSecret, Compiled, Egress, OutcomeKind};

/// How often the demo looks for new calls.
const GLANCE: Duration = Duration::from_millis(200);

/// How long the server lets calls end: one and its apply take 75 s at most.
const GRACE: Duration = Duration::from_secs(80);

/// Serves a prepared login until the process is to end.
///
/// # Errors
/// `out` can't be written to.
pub(super) async fn local(login: &Login, out: &mut dyn Out) -> anyhow::Result<()> {
    let mut screen = Screen::new(out);
    screen.verdict(Look::Good, &format!("Open {} in a browser. Ctrl-C ends it.", login.site.start_page()))?;
    login.introduce(&mut screen)?;
    screen.heading("Log in")?;
    screen.row("open", &login.site.start_page())?;
    screen.row("user name", DEFAULT_USERNAME)?;
    screen.row("password", DEFAULT_PASSWORD)?;
    print_operations(&login.site, &mut screen)?;
    let watched = watch(&login.site, &mut screen).await;
    // Nobody need have met what was arranged.
    login.cognito.faults().forget();
    watched
}

/// Serves logins of a fleet until the process is to end: with the user pool of the demo that was started first, or as that one.
///
/// # Errors
/// The store can't be reached, or `out` can't be written to.
pub(super) async fn fleet(
    fleet: &Fleet,
    bound: Bound,
    compiled: Compiled,
    documents: &Documents,
    arguments: &Arguments,
    secret: Option<String>,
    out: &mut dyn Out,
) -> anyhow::Result<()> {
    let Some(pool) = fleet.pool().await? else {
        let wish = Wish { acr: arguments.acr.clone(), secret, mishap: arguments.fail, is_for_people: true };
        let login = Login::prepare(Some(fleet), bound, compiled, documents, wish, Offers::default()).await?;
        say_of(fleet, &mut Screen::new(out))?;
        local(&login, out).await?;
        return Ok(end(login.site, out).await?);
    };
    let bound = bound.at_stand_in(WORTH);
    let site =
        Site::serve(bound, compiled, pool.documents.clone(), pool.secret.clone(), |tenant| pool.egress(tenant), Some(fleet))?;
    let mut screen = Screen::new(out);
    say_of(fleet, &mut screen)?;
    screen.say("Another demo is there already: this one joins it, and shares its user pool and its callback URL.")?;
    screen.heading("Log in")?;
    screen.row("open", &site.start_page())?;
    screen.row("user name", DEFAULT_USERNAME)?;
    screen.row("password", DEFAULT_PASSWORD)?;
    print_operations(&site, &mut screen)?;
    watch(&site, &mut screen).await?;
    Ok(end(site, out).await?)
}

fn say_of(fleet: &Fleet, screen: &mut Screen<'_>) -> std::io::Result<()> {
    screen.heading("A fleet")?;
    for note in &fleet.notes {
        screen.say(note)?;
    }
    Ok(())
}

/// Where its operator looks.
fn print_operations(site: &Site, screen: &mut Screen<'_>) -> std::io::Result<()> {
    let url = site.running.operations_url();
    screen.row("stop", "Ctrl-C")?;
    screen.row("log lines", "on standard error, as JSON: 2>log.jsonl keeps them apart")?;
    screen.row("health", &format!("{url}/healthz and {url}/readyz"))?;
    screen.row("metrics", &format!("{url}/metrics"))
}

/// Ends the server in good order.
///
/// # Errors
/// `out` can't be written to.
pub(super) async fn end(site: Site, out: &mut dyn Out) -> std::io::Result<()> {
    let mut screen = Screen::new(out);
    screen.heading("Stopping")?;
    screen.say("Calls under way are let end; a second Ctrl-C stops at once.")?;
    tokio::select! {
        _ = site.running.end(GRACE) => Ok(()),
        () = told_to_stop() => Ok(()),
    }
}

/// By Ctrl-C, or by an orchestrator (SIGTERM).
async fn told_to_stop() {
    let interrupted = async {
        // Where there is no such signal, the other one is left.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

/// Serves the documents as they are, until the process is to end.
///
/// # Errors
/// The port of the callback URL is taken, or `out` can't be written to.
pub(super) async fn real(
    compiled: Compiled,
    documents: Documents,
    secret: Option<String>,
    origins: &[String],
    further_origins: &[String],
    out: &mut dyn Out,
) -> anyhow::Result<Exit> {
    let mut screen = Screen::new(out);
    let settings = documents.settings();
    let callback_url = settings["callback_url"].as_str().unwrap_or_default().to_owned();
    let Some(bound) = Bound::at_callback_url(&callback_url).await? else {
        screen.say("/settings/callback_url: --real serves it on this machine, so it must be http://localhost:PORT/PATH, and PATH none of start, journey, cancel, connection, step. Register it at the app client.")?;
        return Ok(Exit::Refused);
    };
    let secret = secret.filter(|_| documents.wants_secret());
    if secret.is_none() && documents.wants_secret() {
        screen.say("The connector's app client has a secret: set the environment variable COGNITO_CLIENT_SECRET.")?;
        return Ok(Exit::Refused);
    }
    // Where the endpoints are yet to be discovered, the step can't name the domain's origin.
    let Policy { policy, beside, is_on_loopback } = match check::policy(&documents.connector, further_origins) {
        Ok(policy) => policy,
        Err(problem) => {
            screen.verdict(Look::Bad, &format!("--allow-origin: {problem}"))?;
            return Ok(Exit::Refused);
        }
    };
    let egress = |tenant: &str| {
        let egress = Egress::deny_all().with_tenant(tenant, policy.clone());
        if is_on_loopback { egress.with_loopback() } else { egress }
    };

    // Before anybody is sent anywhere: what Cognito keeps on its own page, this tells.
    screen.heading("Test the connection")?;
    let (settings, connector) = (Some(documents.settings.as_str()), documents.connector.as_str());
    let entered = secret.clone().map(ClientSecret::new);
    let mut tell = |told: Told| screen.say(&told.to_string());
    let egress_of_test = egress(TENANT);
    let tested = check::test(compiled.clone(), egress_of_test, TENANT, settings, connector, entered.as_ref(), &mut tell).await?;
    checklist::print(&tested, &mut screen)?;
    let site = Site::serve(bound, compiled, documents, secret, |tenant| Ok(egress(tenant)), None)?;

    screen.heading("Log in")?;
    screen.row("open", &site.start_url())?;
    screen.row("callback URL", &format!("{callback_url}, which must be registered at the app client"))?;
    for origin in origins.iter().map(String::as_str).chain(beside.iter().map(String::as_str)) {
        screen.row("may be contacted", origin)?;
    }
    print_operations(&site, &mut screen)?;
    watch(&site, &mut screen).await?;
    end(site, out).await?;
    Ok(Exit::Done)
}

/// Prints each call of the step as it is done, until the process is to end.
async fn watch(site: &Site, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let mut seen = 0;
    let mut logins: HashMap<String, usize> = HashMap::new();
    let mut stopped = pin!(told_to_stop());
    loop {
        tokio::select! {
            () = &mut stopped => return Ok(()),
            () = tokio::time::sleep(GLANCE) => {}
        }
        for event in site.running.events().iter().filter(|event| event.number >= seen).collect::<Vec<_>>() {
            seen = event.number + 1;
            let next = logins.len() + 1;
            let number = *logins.entry(event.journey.clone()).or_insert(next);
            print(site, event, number, screen).await?;
        }
    }
}

async fn print(site: &Site, event: &Event, number: usize, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    screen.heading(&format!("Login {number}: `{}`", event.call))?;
    site.print_call(event, screen)?;
    print_usage("time and memory", &event.usage, screen)?;
    if !matches!(event.outcome.kind, OutcomeKind::Redirect | OutcomeKind::Ignored) {
        site.print_result(event, screen).await?;
    }
    Ok(())
}
