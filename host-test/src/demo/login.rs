//! One login against the local Cognito, played from end to end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::documents::Documents;
use super::fleet::Fleet;
use super::hops::Hops;
use super::json::readable;
use super::local;
use super::offers::Offers;
use super::parameters::printable;
use super::screen::{Out, Screen};
use super::site::{Site, print_time, print_usage};
use crate::browser::{Arrival, Browser, Form, Navigation, Page};
use crate::cognito::{DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};
use crate::journey::Bound;
use crate::mishaps::Mishap;
use journey_host::{Compiled, Egress, OutcomeKind, TenantPolicy};

/// A journey server and a local Cognito, ready for a login.
pub struct Login {
    pub(super) cognito: LocalCognito,
    pub(super) site: Site,
    written: Documents,
    browser: Browser,
    /// What it meets.
    about: Option<&'static str>,
    /// Their pools are there as long as this is.
    _offers: Offers,
}

/// How a login is asked for.
pub(super) struct Wish {
    /// What the local Cognito states as `acr`.
    pub(super) acr: Option<String>,
    /// The app client's, if the local Cognito isn't to use one of its own.
    pub(super) secret: Option<String>,
    /// What the login meets.
    pub(super) mishap: Option<&'static Mishap>,
    /// Whether a person's browser plays it.
    pub(super) is_for_people: bool,
}

impl Login {
    /// Starts both. `fleet`: what the first one of a fleet shares with the others; `bound`: where the journey server listens;
    /// `offers`: what a person may choose beside it.
    ///
    /// # Errors
    /// No port is free, the documents aren't JSON objects, or the fleet's store can't be reached.
    pub(super) async fn prepare(
        fleet: Option<&Fleet>,
        bound: Bound,
        compiled: Compiled,
        documents: &Documents,
        wish: Wish,
        mut offers: Offers,
    ) -> anyhow::Result<Self> {
        let Wish { acr, secret, mishap, is_for_people } = wish;
        let editor = offers.editor.take();
        anyhow::ensure!(
            documents.settings().is_object() && documents.connector().is_object(),
            "the documents are no JSON objects"
        );
        let callback_url = bound.callback_url();
        let config = local::config(documents, &callback_url, acr, secret);
        let config = if is_for_people { local::for_people(config, &bound) } else { config };
        let bound = if is_for_people { bound.with_sign_out() } else { bound }.at_stand_in(local::WORTH);
        let cognito = LocalCognito::start(config).await?;
        let mut fitted = local::fitted(documents, &cognito, &callback_url);
        let mut client_secret = cognito.client_secret();
        if let Some(mishap) = mishap {
            local::arrange(mishap, &cognito, &mut fitted, &mut client_secret);
        }
        let origins = [cognito.issuer_origin(), cognito.domain_origin()];
        let all: Vec<[&str; 2]> = offers.origins().chain([origins]).collect();
        let egress = |tenant: &str| {
            let domains: Vec<&str> = all.iter().map(|[_, domain]| *domain).collect();
            let policy = TenantPolicy::permitting(&all.concat())?.with_discovered(&domains)?;
            Ok(Egress::deny_all().with_loopback().with_tenant(tenant, policy))
        };
        if let Some(fleet) = fleet {
            fleet.share(&fitted, client_secret.as_deref(), origins).await?;
        }
        let bound = bound.offering(offers.offers.clone()).editing(editor);
        let site = Site::serve(bound, compiled, fitted, client_secret, egress, fleet)?;
        let about = mishap.map(|mishap| mishap.about);
        Ok(Self { cognito, site, written: documents.clone(), browser: Browser::new(), about, _offers: offers })
    }

    /// The local Cognito, for a look at what it was asked.
    #[must_use]
    pub fn cognito(&self) -> &LocalCognito {
        &self.cognito
    }

    /// The output variable as the journey has it, tokens and all.
    ///
    /// # Errors
    /// The journey's store fails.
    pub async fn output(&self) -> anyhow::Result<Value> {
        self.site.newest_output().await
    }

    /// Prints who takes part and what it runs with.
    pub(super) fn introduce(&self, screen: &mut Screen<'_>) -> std::io::Result<()> {
        if let Some(about) = self.about {
            screen.heading("What this login meets")?;
            screen.say(&format!("{about}."))?;
        }
        screen.heading("Who takes part")?;
        for (origin, who) in [
            (self.site.running.base_url(), "the journey host, which runs the component, a fresh sandbox for each call"),
            (self.cognito.domain_origin(), "the local Cognito as the user pool's domain: sign-in pages, tokens, user info"),
            (self.cognito.issuer_origin(), "the local Cognito as the issuer: its keys and metadata"),
        ] {
            screen.cells(&[(2, origin), (26, who)])?;
        }
        screen.heading("What the step runs with")?;
        screen.say("The settings:")?;
        screen.block(&readable(&self.site.documents.settings()))?;
        screen.say("The connector:")?;
        screen.block(&readable(&self.site.documents.connector()))?;
        screen.line("")?;
        let written = self.written.settings()["callback_url"].clone();
        screen.say(&format!(
            "callback_url, which was {written}, is the demo's own, and the connector's domain and custom_endpoints are those of the \
             local Cognito."
        ))?;
        match &self.cognito.config().acr {
            Some(acr) => {
                screen.say(&format!("The local Cognito states that a login reached the level {acr}; --acr has it state another."))
            }
            None => Ok(()),
        }
    }

    /// Plays the login and prints it; whether the user is logged in.
    ///
    /// # Errors
    /// A server of the demo's can't be reached, or `out` can't be written to.
    pub async fn play(&self, compile_time: Duration, out: &mut dyn Out) -> anyhow::Result<bool> {
        let mut screen = Screen::new(out);
        let mut hops = Hops::default();
        self.introduce(&mut screen)?;

        screen.heading("1. The journey reaches the step: `begin`")?;
        let start = Navigation::get(&self.site.start_url())?;
        let away = self.walk(start, &self.cognito.authorization_endpoint(), &mut hops, &mut screen).await?;
        let begun = self.site.last("begin").ok_or_else(|| anyhow::anyhow!("the step wasn't called"))?;
        self.site.print_call(&begun, &mut screen)?;

        let mut users_part = Duration::ZERO;
        let mut ended = begun.clone();
        if let Arrival::Stopped { navigation, .. } = away {
            screen.heading("2. The user signs in at Cognito")?;
            let since = Instant::now();
            let back = self.sign_in(navigation, &mut hops, &mut screen).await?;
            users_part = since.elapsed();
            screen.heading("3. Back at the journey: `complete`")?;
            match back {
                Some(response) => drop(self.walk(response, "none:", &mut hops, &mut screen).await?),
                None => self.give_up(&mut hops, &mut screen).await?,
            }
            ended = self.site.last("complete").unwrap_or(begun.clone());
            if ended.call == "complete" {
                self.site.print_call(&ended, &mut screen)?;
            }
        }
        self.site.print_result(&ended, &mut screen).await?;
        let standing = self.standing().await?;
        if ended.outcome.kind != OutcomeKind::Authenticated {
            print_standing(&standing, &mut screen)?;
        }

        screen.heading("Time and memory")?;
        print_time("compile", compile_time, "once for a process, whatever the number of journeys", &mut screen)?;
        print_usage("begin", &begun.usage, &mut screen)?;
        print_time("the user's part", users_part, "the browser and the local Cognito", &mut screen)?;
        if ended.call == "complete" {
            print_usage("complete", &ended.usage, &mut screen)?;
        }
        Ok(ended.outcome.kind == OutcomeKind::Authenticated)
    }

    /// What came of the newest login, in a sentence.
    ///
    /// # Errors
    /// The journey's store fails.
    pub async fn summary(&self) -> anyhow::Result<String> {
        let calls: Vec<_> = self.site.running.events();
        let time: Duration = calls.iter().map(|event| event.usage.wall_clock).sum();
        let fetches: u32 = calls.iter().map(|event| event.usage.fetches).sum();
        let Some(ended) = calls.last() else { anyhow::bail!("the step wasn't called") };
        let took = format!("{} calls, {fetches} fetches, {:.0} ms", calls.len(), time.as_secs_f64() * 1000.0);
        if ended.outcome.kind != OutcomeKind::Authenticated {
            let code = ended.outcome.code.as_deref().unwrap_or(ended.outcome.kind.name());
            return Ok(format!("Not logged in: {code} ({took})"));
        }
        let user = &self.output().await?["user"];
        let text = |name: &str| user[name].as_str().map(printable);
        let name = text("name").or_else(|| text("username")).unwrap_or_default();
        let address = text("email").map(|email| match user["email_verified"] == true {
            true => format!(", {email} (verified)"),
            false => format!(", {email} (not verified)"),
        });
        Ok(format!("Logged in: {name}{} ({took})", address.unwrap_or_default()))
    }

    /// Goes where a navigation leads, unless that is below `stop`, and prints each hop.
    async fn walk(
        &self,
        navigation: Navigation,
        stop: &str,
        hops: &mut Hops,
        screen: &mut Screen<'_>,
    ) -> anyhow::Result<Arrival> {
        let form = if navigation.body.is_some() { navigation.parameters() } else { Vec::new() };
        let arrival = self.browser.follow_until(navigation, stop).await?;
        let made = match &arrival {
            Arrival::Page(page) => &page.hops,
            Arrival::Stopped { hops, .. } => hops,
        };
        for (position, hop) in made.iter().enumerate() {
            hops.print(hop, if position == 0 { &form } else { &[] }, screen)?;
        }
        Ok(arrival)
    }

    /// The user's part; the authorization response, if one comes.
    async fn sign_in(&self, request: Navigation, hops: &mut Hops, screen: &mut Screen<'_>) -> anyhow::Result<Option<Navigation>> {
        let callback_url = self.site.documents.settings()["callback_url"].as_str().unwrap_or_default().to_owned();
        let mut arrival = self.walk(request, &callback_url, hops, screen).await?;
        if let Some(form) = sign_in_form(&arrival) {
            let filled_in = form.filled_in(&[("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)]);
            arrival = self.walk(filled_in, &callback_url, hops, screen).await?;
        }
        match arrival {
            Arrival::Stopped { navigation, .. } => Ok(Some(navigation)),
            Arrival::Page(page) => {
                screen.say(&format!("Cognito ends the login with a page of its own (status {}).", page.status))?;
                Ok(None)
            }
        }
    }

    /// No response will come: the user goes back to the journey and cancels.
    async fn give_up(&self, hops: &mut Hops, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        screen.say("No response will come, so the user goes back to the journey and cancels.")?;
        let waiting = self.browser.open(&format!("{}/journey", self.site.running.base_url())).await?;
        if let Some(form) = waiting.form() {
            self.walk(form.filled_in(&[]), "none:", hops, screen).await?;
        }
        Ok(())
    }

    /// Where the journey stands, as its server tells clients other than browsers.
    async fn standing(&self) -> anyhow::Result<Value> {
        let url = format!("{}/journey", self.site.running.base_url());
        let page: Page = self.browser.follow(Navigation::get(&url)?.header("accept", "application/json")).await?;
        page.json()
    }
}

fn sign_in_form(arrival: &Arrival) -> Option<Form> {
    match arrival {
        Arrival::Page(page) => page.form().filter(|form| form.field("username").is_some()),
        Arrival::Stopped { .. } => None,
    }
}

fn print_standing(standing: &Value, screen: &mut Screen<'_>) -> std::io::Result<()> {
    screen.heading("What becomes of the journey")?;
    screen.say(match standing["status"].as_str() {
        Some("failure_branch") => "It goes on to its failure branch, where the author can branch on the code:",
        Some("aborted") => "It ends here. The client gets the code of an error of the user's, and nothing of any other:",
        _ => "It waits for an answer:",
    })?;
    screen.block(&readable(&json!(standing)))
}
