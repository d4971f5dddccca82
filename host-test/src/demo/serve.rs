//! Logins played by a person's own browser, and printed as they happen.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write;
use std::time::Duration;

use super::arguments::Arguments;
use super::documents::Documents;
use super::fleet::Fleet;
use super::screen::Screen;
use super::site::{Site, print_usage};
use super::{Exit, Login};
use crate::cognito::{DEFAULT_PASSWORD, DEFAULT_USERNAME};
use crate::journey::{Bound, Event};
use journey_host::{Compiled, Egress, TenantPolicy};

/// How often the demo looks for new calls.
const GLANCE: Duration = Duration::from_millis(200);

/// Serves a prepared login until the process ends.
///
/// # Errors
/// `out` can't be written to.
pub(super) async fn local(login: &Login, out: &mut dyn Write) -> anyhow::Result<Infallible> {
    let mut screen = Screen::new(out);
    login.introduce(&mut screen)?;
    screen.heading("Log in")?;
    screen.row("open", &login.site.start_url())?;
    screen.row("user name", DEFAULT_USERNAME)?;
    screen.row("password", DEFAULT_PASSWORD)?;
    screen.row("stop", "Ctrl-C")?;
    watch(&login.site, &mut screen).await
}

/// Serves logins of a fleet until the process ends: with the user pool of the demo that was started first, or as that one.
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
    out: &mut dyn Write,
) -> anyhow::Result<Infallible> {
    let Some(pool) = fleet.pool().await? else {
        let login =
            Login::prepare_in(Some(fleet), bound, compiled, documents, arguments.acr.clone(), secret, arguments.fail).await?;
        say_of(fleet, &mut Screen::new(out))?;
        return local(&login, out).await;
    };
    let site =
        Site::serve(bound, compiled, pool.documents.clone(), pool.secret.clone(), |tenant| pool.egress(tenant), Some(fleet))?;
    let mut screen = Screen::new(out);
    say_of(fleet, &mut screen)?;
    screen.say("Another demo is there already: this one joins it, and shares its user pool and its callback URL.")?;
    screen.heading("Log in")?;
    screen.row("open", &site.start_url())?;
    screen.row("user name", DEFAULT_USERNAME)?;
    screen.row("password", DEFAULT_PASSWORD)?;
    screen.row("stop", "Ctrl-C")?;
    watch(&site, &mut screen).await
}

fn say_of(fleet: &Fleet, screen: &mut Screen<'_>) -> std::io::Result<()> {
    screen.heading("A fleet")?;
    for note in &fleet.notes {
        screen.say(note)?;
    }
    Ok(())
}

/// Serves the documents as they are, until the process ends. Returns only where they can't be served.
///
/// # Errors
/// The port of the callback URL is taken, or `out` can't be written to.
pub(super) async fn real(
    compiled: Compiled,
    documents: Documents,
    secret: Option<String>,
    origins: &[String],
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let mut screen = Screen::new(out);
    let settings = documents.settings();
    let callback_url = settings["callback_url"].as_str().unwrap_or_default().to_owned();
    let Some(bound) = Bound::at_callback_url(&callback_url).await? else {
        screen.say("/settings/callback_url: --real serves it on this machine, so it must be http://localhost:PORT/PATH, and PATH none of start, journey, cancel. Register it at the app client.")?;
        return Ok(Exit::Refused);
    };
    let secret = secret.filter(|_| documents.wants_secret());
    if secret.is_none() && documents.wants_secret() {
        screen.say("The connector's app client has a secret: set the environment variable COGNITO_CLIENT_SECRET.")?;
        return Ok(Exit::Refused);
    }
    // Where the endpoints are yet to be discovered, the step can't name the domain's origin.
    let pool = documents.connector()["user_pool_id"].as_str().unwrap_or_default().to_owned();
    let domains = format!("https://*.auth.{}.amazoncognito.com", pool.split('_').next().unwrap_or_default());
    let discovered = if documents.connector()["domain"].is_null() { vec![domains.as_str()] } else { Vec::new() };
    let egress = |tenant: &str| {
        let policy = TenantPolicy::trusting_the_step().with_discovered(&discovered)?;
        Ok(Egress::deny_all().with_tenant(tenant, policy))
    };
    let site = Site::serve(bound, compiled, documents, secret, egress, None)?;

    screen.heading("Log in")?;
    screen.row("open", &site.start_url())?;
    screen.row("callback URL", &format!("{callback_url}, which must be registered at the app client"))?;
    for origin in origins.iter().map(String::as_str).chain(discovered.iter().copied()) {
        screen.row("may be contacted", origin)?;
    }
    screen.row("stop", "Ctrl-C")?;
    match watch(&site, &mut screen).await? {}
}

/// Prints each call of the step as it is done.
async fn watch(site: &Site, screen: &mut Screen<'_>) -> anyhow::Result<Infallible> {
    let mut seen = 0;
    let mut logins: HashMap<String, usize> = HashMap::new();
    loop {
        tokio::time::sleep(GLANCE).await;
        for event in site.running.events().iter().skip(seen) {
            seen += 1;
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
    if event.outcome != "redirect" && !event.outcome.starts_with("ignored") {
        site.print_result(event, screen).await?;
    }
    Ok(())
}
